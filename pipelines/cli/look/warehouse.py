"""`warehouse publish`, `warehouse snapshots`: copies of the warehouse that can be read at any time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from central.cycle.publish import publish_project
from central.cycle.run import now
from central.lock import end_turn, take_turn
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, show_json, show_table, talk
from warehouse.snapshots.current import NothingPublished, Snapshot, current, manifest, snapshots

_COLUMNS = {
    "number": "snapshot",
    "cycle": "cycle",
    "as_of_at": "as of",
    "bytes": "bytes",
    "is_current": "current",
    "path": "file",
}


@click.command("publish")
@click.option("--full", is_flag=True, help="Write everything anew, also where nothing happened since the last one.")
@in_folder
@as_json
def publish(full: bool, folder: Path, as_json: bool) -> None:
    """Publish a snapshot of the warehouse, as each cycle does at its end.

    \b
    Example: supplysync warehouse publish
             supplysync warehouse publish --full
    """
    with project(folder) as loaded:
        take_turn(loaded.folder)
        try:
            published = publish_project(loaded, now=now(), full=full)
        finally:
            end_turn(loaded.folder)
    number, path = published.snapshot.number, published.snapshot.path
    if as_json:
        show_json({"number": number, "path": str(path), "is_new": published.is_new, "bytes": published.bytes,
                   "changed_rows": published.changed_rows, "why_full": published.why_full or None,
                   "seconds": round(published.seconds, 3), "pruned": list(published.pruned)})  # fmt: skip
    elif published.is_new:
        talk.print(f"published snapshot [bold]{number}[/]: {path}")
    else:
        talk.print(f"nothing happened since snapshot {number}; it is the current one: {path}")


@click.command("snapshots")
@in_folder
@as_json
def list_snapshots(folder: Path, as_json: bool) -> None:
    """List the published snapshots, the newest first.

    \b
    Example: supplysync warehouse snapshots
    """
    with project(folder) as loaded:
        found = snapshots(loaded.published)
        announced = _current_number(loaded.published)
    rows = [_row(snapshot, announced) for snapshot in found]
    if as_json:
        show_json({"snapshots": rows})
    else:
        show_table("Snapshots", _COLUMNS, rows)


def _current_number(published: Path) -> int | None:
    try:
        return current(published).number
    except NothingPublished:
        return None


def _row(snapshot: Snapshot, announced: int | None) -> dict[str, Any]:
    about = manifest(snapshot) or {}
    return {
        "number": snapshot.number,
        "cycle": about.get("cycle"),
        "as_of_at": about.get("as_of_at"),
        "bytes": snapshot.path.stat().st_size,
        "is_current": snapshot.number == announced,
        "path": str(snapshot.path),
    }


COMMANDS = [publish, list_snapshots]
