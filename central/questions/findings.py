"""What is wrong with the project's saved questions, before they are worked out."""

from __future__ import annotations

from collections.abc import Sequence

from central.own_place import Finding
from central.project import Project
from warehouse.connection import Connection
from warehouse.exports.report_words import saved_questions
from warehouse.questions.answers import problem_of
from warehouse.questions.files import QuestionFile, read_questions
from warehouse.snapshots.current import NothingPublished, current, open_snapshot
from warehouse.snapshots.questions import withheld_columns
from wire.file_errors import FileUnusable

QUESTIONS = "reports"
"""The part of central's own place that they are."""


def question_findings(project: Project) -> list[Finding]:
    """A finding for each question that is no report: by its file, by what the current snapshot has, and by what became
    of it when that was published. Nothing of them keeps a cycle from running."""
    questions = read_questions(project.questions)
    if not questions:
        return []
    try:
        with open_snapshot(current(project.published)) as con:
            found = _problems(con, questions, project)
    except (NothingPublished, FileUnusable):  # of the second, who looks at snapshots tells
        found = {one.name: one.problem for one in questions}
    return [Finding(QUESTIONS, f"saved question `{name}`: {text}") for name, text in found.items() if text]


def _problems(con: Connection, questions: Sequence[QuestionFile], project: Project) -> dict[str, str]:
    withheld, said = withheld_columns(project.schema), saved_questions(con)
    published = {name: f"when last published, {error}" if error else "" for name, error in said.items()}
    return {one.name: problem_of(con, one, withheld) or published.get(one.name, "") for one in questions}
