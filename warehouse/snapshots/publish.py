"""Publishing a snapshot: a state of the warehouse that is never written again, and readable at any time (W1, B16)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

import duckdb

from sync_rules.schema import Schema
from warehouse.connection import Connection, query, transaction
from warehouse.ledger.cycles import last_cycle, last_start
from warehouse.questions.answers import QuestionResult, work_out
from warehouse.questions.files import QuestionFile, digest
from warehouse.records import publication
from warehouse.records.publication import Publication
from warehouse.snapshots import database as snapshot_database
from warehouse.snapshots import files, history, predecessor
from warehouse.snapshots.bodies import write_versions
from warehouse.snapshots.contents import STORAGE_VERSION, form, is_published
from warehouse.snapshots.current import NothingPublished, Snapshot
from warehouse.snapshots.files import Writing
from warehouse.snapshots.predecessor import Predecessor
from warehouse.snapshots.questions import put_answers, withheld_columns
from warehouse.snapshots.retention import prune


@dataclass(frozen=True)
class Published:
    """What publishing did. ``why_full`` is empty where only ``changed_rows`` were written; those are the rows written
    or
    deleted since the last publication. ``is_new`` is false where nothing had happened. ``report_seconds``, of
    ``seconds``, went into working out the reports. ``pruned`` are the numbers of snapshots that were removed.
    ``broken`` are the saved questions that are no reports, each with why."""

    snapshot: Snapshot
    is_new: bool
    why_full: str
    changed_rows: int
    table_rows: int
    report_rows: int
    bytes: int
    seconds: float
    report_seconds: float = 0.0
    pruned: tuple[int, ...] = ()
    broken: Mapping[str, str] = field(default_factory=dict)


class PublishingFailed(Exception):
    """A snapshot could not be written: there is no room, the folder is none, or the warehouse is behind its cycles."""


@dataclass(frozen=True)
class _Written:
    """A snapshot's files, whole, not yet under their names."""

    why_full: str
    document: Mapping[str, Any]
    report_seconds: float


def publish(
    con: Connection, folder: Path, schema: Schema, *, now: datetime, full: bool = False,
    questions: Sequence[QuestionFile] = (),
) -> Published:  # fmt: skip
    """Publishes the working warehouse open at ``con`` in ``folder``; call it outside a transaction, of which it sees
    nothing.

    Where nothing happened since the last publication but that sites were heard of, and the same ``questions`` are
    asked, that stays the current one for an hour, unless ``full``. Otherwise the last snapshot is copied and brought
    up to date where that is possible and worth it, else all is written. A question that cannot be answered is told and
    stops nothing. Killed anywhere it leaves the previous snapshot current. Raises NothingPublished before the first
    cycle, PublishingFailed where the files cannot be written.
    """
    try:
        return _publish(con, folder, schema, now, full, questions)
    except (OSError, duckdb.IOException) as error:
        raise PublishingFailed(
            f"no snapshot could be written: {str(error).splitlines()[0]}; the one before stays current. "
            f"Is `{folder}` a folder that can be written to, and is there room?"
        ) from error


def is_cycle_published(con: Connection, folder: Path, schema: Schema) -> bool:
    """Whether the last cycle was published, or there was nothing of it to publish then."""
    ground, began = predecessor.find(con, folder), last_start(con)
    if ground is None or began is None:
        return began is None
    return predecessor.is_up_to_date(con, ground, folder, schema, last_cycle(con), began)


def _publish(
    con: Connection, folder: Path, schema: Schema, now: datetime, full: bool, questions: Sequence[QuestionFile]
) -> Published:
    began = perf_counter()
    cycle = last_cycle(con)
    if not cycle:
        raise NothingPublished("there is nothing to publish before the first cycle: run `supplysync sync`")
    ground = predecessor.find(con, folder)
    asked = digest(questions)
    if ground and not full and predecessor.is_up_to_date(con, ground, folder, schema, cycle, now, asked):
        return _published(ground.snapshot, ground.document, is_new=False, seconds=perf_counter() - began)
    with transaction(con):
        history.take_in(con, folder)
    changed = sum(rows for table, rows in publication.noted(con).items() if is_published(table, schema))
    why_full = "asked for" if full else predecessor.why_full(ground, schema, changed)
    writing = files.begin(folder, _next_number(con, folder))
    try:
        written = _write(con, writing, schema, ground, why_full, now, questions)
        files.announce(writing)
    except BaseException:
        files.remove_leftovers(folder)
        raise
    with transaction(con):
        publication.enter_publication(con, Publication(writing.number, cycle), now)
        history.take_in(con, folder)
    pruned = prune(folder, now)
    said = _published(writing.snapshot, written.document, is_new=True, seconds=perf_counter() - began)
    return replace(
        said, why_full=written.why_full, changed_rows=changed, report_seconds=written.report_seconds, pruned=pruned
    )


def _next_number(con: Connection, folder: Path) -> int:
    """Higher than any that somebody may have seen."""
    last = publication.last(con)
    return max(files.last_number(folder), last.number if last else 0) + 1


def _published(snapshot: Snapshot, document: Mapping[str, Any], *, is_new: bool, seconds: float) -> Published:
    """What a manifest says of a publication."""
    tables, reports = document["tables"], document["reports"]
    report_rows = sum(report["rows"] for report in reports.values())
    size, broken = document["database"]["bytes"], document.get("broken_questions", {})
    return Published(snapshot, is_new, "", 0, sum(tables.values()), report_rows, size, seconds, broken=broken)


def _write(
    con: Connection, writing: Writing, schema: Schema, ground: Predecessor | None, why_full: str, now: datetime,
    questions: Sequence[QuestionFile],
) -> _Written:  # fmt: skip
    """Brings a copy of ``ground`` up to date; where that is not to be, or fails, writes everything. Then questions are
    answered by what was written."""
    seconds, full = 0.0, ground.document["full"] if ground is not None else {}
    if ground is not None and not why_full:
        try:
            seconds = _write_changes(con, writing, schema, ground, now)
        except _Unusable as found:
            why_full = str(found)
            files.begin(writing.published, writing.number)
    if ground is None or why_full:
        with snapshot_database.attached(con, writing.database) as own:
            seconds = snapshot_database.write_full(own, schema, writing.number, now)
            full = {"rows": sum(snapshot_database.row_counts(own, schema).values())}
    answers = work_out(writing.database, questions, writing.folder, withheld_columns(schema))
    with snapshot_database.attached(con, writing.database) as own:
        contents = _contents(own, writing, schema, now, answers)
    contents["questions"] = digest(questions)
    full = {"bytes": writing.database.stat().st_size, **full}
    return _Written(why_full, _with_manifest(writing, contents, full), seconds)


class _Unusable(Exception):
    """The last snapshot turned out to be no ground, and why."""


def _write_changes(con: Connection, writing: Writing, schema: Schema, ground: Predecessor, now: datetime) -> float:
    """Brings a copy of ``ground`` up to date; the seconds that reports took. Raises _Unusable."""
    files.copy(ground.snapshot.path, writing.database)
    try:
        with snapshot_database.attached(con, writing.database) as own:
            seconds = snapshot_database.write_changes(own, schema, writing.number, now)
            if not snapshot_database.has_all_rows(own, schema):
                raise _Unusable("rows are missing in the last snapshot")
    except duckdb.Error as error:
        if isinstance(error, duckdb.IOException | duckdb.SerializationException) or "Corrupt" in str(error):
            raise _Unusable(f"the last snapshot cannot be read: {str(error).splitlines()[0]}") from error
        raise
    return seconds


def _contents(
    own: Connection, writing: Writing, schema: Schema, now: datetime, answers: Sequence[QuestionResult]
) -> dict[str, Any]:
    """The manifest but for what the finished file says; makes reports of answers, and writes the Parquet files."""
    saved = put_answers(own, answers, writing.folder)
    rows = snapshot_database.write_parquet(own, writing.folder, saved)
    write_versions(own, writing.folder, schema)
    [about] = query(own, "select * from snap.reports.snapshot").to_dicts()
    [completeness] = query(own, "select * from snap.reports.completeness").to_dicts()
    return {
        **_plain(about),
        "form": form(schema),
        "state": predecessor.state(own, now),
        "completeness": _plain(completeness),
        "tables": snapshot_database.row_counts(own, schema),
        "reports": {
            report: {"rows": count, **files.described(writing.folder / f"{report}.parquet")}
            for report, count in rows.items()
        },
        "broken_questions": {one.question.name: one.error for one in answers if one.error},
    }


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row as JSON has it: dates and times as ISO text."""
    return {key: value.isoformat() if isinstance(value, date) else value for key, value in row.items()}


def _with_manifest(writing: Writing, contents: dict[str, Any], full: Mapping[str, int]) -> dict[str, Any]:
    """Writes the manifest of the finished file; ``full`` says how large it was, with how many rows, when last written
    anew."""
    database = {"bytes": writing.database.stat().st_size, "storage_version": STORAGE_VERSION}
    document = {**contents, "supplysync": version("supplysync"), "database": database, "full": dict(full)}
    files.write_manifest(writing, document)
    return document
