"""`warehouse`: publishing snapshots, what is in it, what the columns mean, and read-only SQL."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click
import polars as pl

from central.asker import now
from central.cycle.publish import publish_project
from central.lock import end_turn, take_turn
from central.project import Project
from central.working_warehouse import behind_its_cycles, open_to_read
from pipelines.cli.named_things import require_one_of
from pipelines.cli.speech.command import group
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, bold, rows_of, show_json, show_table, talk
from pipelines.cli.speech.reports import open_reports, published_option
from pipelines.cli.speech.warehouse import open_working
from sync_rules.table.rules import is_only_local
from warehouse.connection import quote
from warehouse.exports import views
from warehouse.reports.dictionary import as_markdown
from warehouse.snapshots.current import NothingPublished, Snapshot, current, manifest, snapshots
from warehouse.snapshots.publish import PublishingFailed

_SNAPSHOTS = {
    "number": "snapshot",
    "cycle": "cycle",
    "as_of_at": "as of",
    "bytes": "bytes",
    "is_current": "current",
    "path": "file",
}
_DICTIONARY = {
    "table_name": "table",
    "column_name": "column",
    "type": "type",
    "unit": "in",
    "meaning": "meaning",
    "published_as": "published as",
}


@group()
def warehouse() -> None:
    """The DuckDB warehouse."""


@warehouse.command("publish")
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
            _refuse_behind(loaded)
            published = publish_project(loaded, now=now(), full=full)
        finally:
            end_turn(loaded.folder)
    number, path = published.snapshot.number, published.snapshot.path
    if as_json:
        show_json({"number": number, "path": str(path), "is_new": published.is_new, "bytes": published.bytes,
                   "changed_rows": published.changed_rows, "why_full": published.why_full or None,
                   "seconds": round(published.seconds, 3), "pruned": list(published.pruned),
                   "broken_questions": dict(published.broken)})  # fmt: skip
    elif published.is_new:
        talk.print(bold(str(number), f": {path}", before="published snapshot "))
    else:
        talk.print(f"nothing happened since snapshot {number}; it is the current one: {path}")
    if not as_json:
        for name, error in sorted(published.broken.items()):
            talk.print(f"saved question `{name}` is no report: {error}")


def _refuse_behind(loaded: Project) -> None:
    """Raises PublishingFailed where analysts would be given less than they have."""
    with open_to_read(loaded) as con:
        if behind := behind_its_cycles(loaded, con):
            raise PublishingFailed(f"no snapshot was written: {behind}")


@warehouse.command("snapshots")
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
        for row in rows:
            row["path"] = Path(row["path"]).name
            row["as_of_at"] = datetime.fromisoformat(row["as_of_at"]) if row["as_of_at"] else None
        show_table(f"Snapshots in {loaded.published}", _SNAPSHOTS, rows)


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


@warehouse.command("dictionary")
@click.option("--table", help="Only this report or replica.")
@click.option("--markdown", is_flag=True, help="As the page docs/data_dictionary.md.")
@published_option
@in_folder
@as_json
def dictionary(table: str | None, markdown: bool, published: bool, folder: Path, as_json: bool) -> None:
    """What every column of the reports and replicas means.

    \b
    Example: supplysync warehouse dictionary --table stock_on_hand
             supplysync warehouse dictionary --markdown
    """
    with open_reports(folder, published) as con:
        frame = views.read(con, "dictionary")
    if table is not None:
        require_one_of(table, frame["table_name"].unique(maintain_order=True), "report or replica", "these")
        frame = frame.filter(pl.col("table_name") == table)
    if markdown:
        click.echo(as_markdown(frame), nl=False)
    elif as_json:
        show_json({"dictionary": rows_of(frame)})
    else:
        show_table("Data dictionary", _DICTIONARY, rows_of(frame))


@warehouse.command("tables")
@in_folder
@as_json
def tables(folder: Path, as_json: bool) -> None:
    """How many records central holds of each table, of all stores whose data it collects; of tables that never leave
    their sites, that they are not collected.

    \b
    Example: supplysync warehouse tables
             supplysync warehouse tables --json
    """
    with project(folder) as loaded:
        counts = [
            f"select '{table}' as table_name, null::bigint as records"
            if is_only_local(table)
            else f"select '{table}' as table_name, count(*) as records from replica.{quote(table)}"
            for table in sorted(loaded.schema.tables)
        ]
        with open_working(loaded, read_only=True) as con:
            frame = views.run_query(con, " union all ".join(counts) + " order by 1")
    if as_json:
        show_json({"tables": rows_of(frame)})
    else:
        rows = [
            {**row, "records": "not collected" if row["records"] is None else row["records"]} for row in rows_of(frame)
        ]
        show_table("Tables", {"table_name": "table", "records": "records"}, rows)


@warehouse.command("sql")
@click.argument("query")
@in_folder
@as_json
def sql(query: str, folder: Path, as_json: bool) -> None:
    """Run one read-only QUERY. Replicas are in schema `replica`, reports in `reports`, history in `ledger`.

    \b
    Example: supplysync warehouse sql "select count(*) from replica.stock_line"
    """
    with project(folder) as loaded, open_working(loaded, read_only=True) as con:
        frame = views.run_query(con, query)
    if as_json:
        show_json({"rows": rows_of(frame)})
    else:
        show_table("", {column: column for column in frame.columns}, rows_of(frame))
