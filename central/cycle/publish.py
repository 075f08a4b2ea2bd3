"""Publishing what the warehouse holds, with nobody else at it."""

from __future__ import annotations

from datetime import datetime

from central.progress import tell
from central.project import Project
from warehouse.connection import open_warehouse
from warehouse.questions.files import read_questions
from warehouse.snapshots.publish import Published, publish


def publish_project(project: Project, *, now: datetime, full: bool = False) -> Published:
    """Publishes the project's warehouse (W1). The caller has the project's turn: between two stages of a cycle the
    warehouse is not what a cycle leaves. Raises NothingPublished before the first cycle."""
    with open_warehouse(project.warehouse, project.schema) as con:
        questions = read_questions(project.questions)
        published = publish(con, project.published, project.schema, now=now, full=full, questions=questions)
    if published.is_new:
        rows = published.table_rows if published.why_full else published.changed_rows
        what = f"all {rows:,} rows" if published.why_full else f"{rows:,} rows changed"
        tell(f"published: snapshot {published.snapshot.number}, {what}")
        for name, error in sorted(published.broken.items()):
            tell(f"saved question {name} is no report: {error}")
    return published
