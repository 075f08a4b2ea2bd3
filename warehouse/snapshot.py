"""Publishing a snapshot: a state of the warehouse that is never written again, and readable at any time (W1, B16)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import duckdb

from sync_rules.words import Schema
from warehouse import publication, snapshot_database, snapshot_files
from warehouse.connection import Connection, query, transaction
from warehouse.ledger import last_cycle
from warehouse.publication import Publication
from warehouse.publishable import STORAGE_VERSION, form, is_published
from warehouse.published import NothingPublished, Snapshot, current, manifest
from warehouse.retention import prune
from warehouse.snapshot_files import Writing


@dataclass(frozen=True)
class Published:
    """What publishing did. ``why_full`` is empty where the last snapshot was brought up to date; ``changed_rows`` are
    those written or deleted since. ``is_new`` is false where nothing had happened."""

    snapshot: Snapshot
    is_new: bool
    why_full: str
    changed_rows: int
    table_rows: int
    report_rows: int
    bytes: int
    seconds: float
    pruned: tuple[int, ...] = ()


def publish(con: Connection, folder: Path, schema: Schema, *, now: datetime, full: bool = False) -> Published:
    """Publishes the working warehouse open at ``con`` in ``folder``; outside a transaction, as nothing uncommitted is in it.

    Where no cycle ran and no row was written since the last publication, that stays the current one (unless ``full``).
    Otherwise the last snapshot is copied and brought up to date where that is possible and worth it, else all is
    written anew. Killed anywhere it leaves the previous snapshot current. Raises NothingPublished before the first cycle.
    """
    began = perf_counter()
    cycle = last_cycle(con)
    if not cycle:
        raise NothingPublished("there is nothing to publish before the first cycle: run `supplysync sync`")
    base = _base(con, folder)
    noted = publication.noted(con)
    is_same_form = base is not None and base.document["form"] == form(schema)
    if (
        base
        and is_same_form
        and not full
        and not noted
        and base.document["cycle"] == cycle
        and _is_current(folder, base)
    ):
        return _unchanged(base, perf_counter() - began)
    changed = sum(rows for table, rows in noted.items() if is_published(table, schema))
    why_full = _why_full(base, is_same_form, full, changed)
    last = publication.last(con)
    number = max(snapshot_files.last_number(folder), last.number if last else 0) + 1
    writing = snapshot_files.begin(folder, number)
    try:
        why_full, document = _write(con, writing, schema, base, why_full, now)
        snapshot_files.announce(writing)
    except BaseException:
        snapshot_files.remove_leftovers(folder)
        raise
    with transaction(con):
        publication.record(con, Publication(number, cycle), now)
    return Published(
        writing.snapshot,
        True,
        why_full,
        changed,
        sum(document["tables"].values()),
        sum(report["rows"] for report in document["reports"].values()),
        document["database"]["bytes"],
        perf_counter() - began,
        prune(folder, now),
    )


@dataclass(frozen=True)
class _Base:
    """The snapshot that the ledger published last, whole, with its manifest."""

    snapshot: Snapshot
    document: dict[str, Any]


def _base(con: Connection, folder: Path) -> _Base | None:
    last = publication.last(con)
    if last is None:
        return None
    snapshot = Snapshot(last.number, folder / f"{last.number:08d}.duckdb")
    document = manifest(snapshot)
    return _Base(snapshot, dict(document)) if document and snapshot_files.is_whole(snapshot) else None


def _is_current(folder: Path, base: _Base) -> bool:
    try:
        return current(folder).number == base.snapshot.number
    except NothingPublished:
        return False


def _unchanged(base: _Base, seconds: float) -> Published:
    document = base.document
    rows = sum(report["rows"] for report in document["reports"].values())
    size = document["database"]["bytes"]
    return Published(base.snapshot, False, "", 0, sum(document["tables"].values()), rows, size, seconds)


_MUCH_CHANGED = 0.3
_MUCH_LARGER = 1.5
_SMALL = 64 * 1024 * 1024


def _why_full(base: _Base | None, is_same_form: bool, asked: bool, changed: int) -> str:
    """Why everything is written anew; empty where the last snapshot is brought up to date."""
    if asked:
        return "asked for"
    if base is None:
        return "no last snapshot"
    if not is_same_form:
        return "this version publishes in another form"
    rows, full = sum(base.document["tables"].values()), base.document["full"]
    if changed > max(rows, 1) * _MUCH_CHANGED and base.document["database"]["bytes"] > _SMALL:
        return "much changed"
    would_be = full["bytes"] * max(rows, 1) / max(full["rows"], 1)
    if base.document["database"]["bytes"] > max(would_be * _MUCH_LARGER, _SMALL):
        return "the file grew"
    return ""


def _write(
    con: Connection, writing: Writing, schema: Schema, base: _Base | None, why_full: str, now: datetime
) -> tuple[str, dict[str, Any]]:
    """Writes the database, the Parquet files and the manifest; why all was written anew, and the manifest."""
    document: dict[str, Any] | None = None
    if base is not None and not why_full:
        document, why_full = _try_changes(con, writing, schema, base, now)
    if document is None:
        with snapshot_database.attached(con, writing.database) as own:
            snapshot_database.write_full(own, schema, writing.number, now)
            document = _contents(own, writing, schema)
    size = writing.database.stat().st_size
    document["database"] = {"bytes": size, "storage_version": STORAGE_VERSION}
    rows = {"bytes": size, "rows": sum(document["tables"].values())}
    document["full"] = rows if why_full or base is None else base.document["full"]
    snapshot_files.write_manifest(writing, document)
    return why_full, document


def _try_changes(
    con: Connection, writing: Writing, schema: Schema, base: _Base, now: datetime
) -> tuple[dict[str, Any] | None, str]:
    """The contents of the last snapshot brought up to date; or None, and why it could not be."""
    snapshot_files.copy(base.snapshot.path, writing.database)
    problem = "rows are missing in the last snapshot"
    try:
        with snapshot_database.attached(con, writing.database) as own:
            snapshot_database.write_changes(own, schema, writing.number, now)
            if snapshot_database.has_all_rows(own, schema):
                return _contents(own, writing, schema), ""
    except duckdb.Error as error:
        if not _is_unreadable(error):
            raise
        problem = f"the last snapshot cannot be read: {str(error).splitlines()[0]}"
    snapshot_files.begin(writing.published, writing.number)
    return None, problem


def _is_unreadable(error: duckdb.Error) -> bool:
    """Whether DuckDB says that a file is not as it was written."""
    return isinstance(error, duckdb.IOException | duckdb.SerializationException) or "Corrupt" in str(error)


def _contents(own: Connection, writing: Writing, schema: Schema) -> dict[str, Any]:
    """The manifest but for what the finished file says; writes the Parquet files."""
    rows = snapshot_database.write_parquet(own, writing.folder)
    reports = {
        report: {"rows": count, **snapshot_files.described(writing.folder / f"{report}.parquet")}
        for report, count in rows.items()
    }
    [about] = query(own, "select * from snap.reports.snapshot").to_dicts()
    [completeness] = query(own, "select * from snap.reports.completeness").to_dicts()
    return {
        **_plain(about),
        "form": form(schema),
        "completeness": _plain(completeness),
        "tables": snapshot_database.counts(own, schema),
        "reports": reports,
    }


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row as JSON has it: dates and times as ISO text."""
    return {key: value.isoformat() if isinstance(value, date) else value for key, value in row.items()}
