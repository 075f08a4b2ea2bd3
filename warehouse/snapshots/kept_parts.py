"""What is kept in a snapshot for the next one: parts of reports by store and item, so that only those pairs are worked
out again that changed (decision 63).

Schema ``kept`` of the snapshot's file has them, as they were when its reports were written: whatever a publication that
was killed left, a ground is whole. Networks with few rows keep nothing: all is worked out sooner than that.
"""

from __future__ import annotations

from sync_rules.schema import Schema
from warehouse.connection import Connection, first, quote, value
from warehouse.records.pair_tables import DOCUMENTS
from warehouse.reports import evaluation
from warehouse.reports.evaluation import by_pair, in_memory, inputs_of_pairs, kept_parts
from warehouse.reports.files import PARTS, UNPUBLISHED, ReportFile, report_files
from warehouse.snapshots import touched_pairs

FEW_LINES = 50_000
"""Lines of documents up to which nothing is kept."""

KEPT = kept_parts() | {file.name for file in inputs_of_pairs()} | {"moment"}
"""The tables of schema ``kept``."""

_PAIRS_SHOWN = tuple(file.name for file in by_pair() if file.name not in PARTS)
_MOMENT = "select today() as as_of_date, time_zone() as time_zone"


def place_of(name: str) -> str:
    """Where a report of a snapshot is written; a part is in no snapshot but where it is kept."""
    return in_memory(name) if name in PARTS else f"snap.reports.{quote(name)}"


def is_ground(own: Connection) -> bool:
    """Whether ``snap`` has what is kept, of the same day in the same place: figures of another day are others."""
    there = "select 1 from duckdb_tables() where database_name = 'snap' and schema_name = 'kept'"
    if first(own, f"{there} and table_name = 'moment'") is None:
        return False
    return own.execute("from snap.kept.moment").fetchall() == own.execute(_MOMENT).fetchall()


def drop_reports(own: Connection, *, is_ground: bool) -> None:
    """Drops the reports of ``snap`` that are written anew; all, and what is kept, where it is no ground."""
    if not is_ground:
        own.execute("drop schema snap.reports cascade")
        own.execute("drop schema if exists snap.kept cascade")
        return
    found = own.execute(
        "select table_name from duckdb_tables() where database_name = 'snap' and schema_name = 'reports'"
    ).fetchall()
    for (name,) in found:
        if name not in _PAIRS_SHOWN:
            own.execute(f"drop table snap.reports.{quote(name)}")


def write_all(own: Connection) -> None:
    """Works out all reports of ``snap``, and keeps what the next one needs where there is much."""
    own.execute("create schema snap.reports")
    is_kept = _has_much(own)
    place = _place_kept if is_kept else place_of
    if is_kept:
        own.execute("create schema snap.kept")
    evaluation.evaluate(own, place, without=UNPUBLISHED)
    _finish(own, is_kept=is_kept)


def write_touched(own: Connection, schema: Schema) -> None:
    """Works out again what can be other than in the ``snap`` that is a ground: whole what is not by pair, else of
    touched pairs alone."""
    for file in evaluation.before_pairs():
        evaluation.write_report(own, file, place_of)
    done = UNPUBLISHED | {file.name for file in evaluation.before_pairs()}
    if not touched_pairs.find_touched(own, schema):
        for name in _PAIRS_SHOWN:
            own.execute(f"drop table snap.reports.{quote(name)}")
        own.execute("drop schema snap.kept cascade")
        own.execute("create schema snap.kept")
        evaluation.evaluate(own, _place_kept, without=done)
    else:
        for file in report_files():
            if file.is_by_pair:
                _replace_touched(own, file)
            elif file.name not in done:
                evaluation.write_report(own, file, _place_kept)
    _finish(own, is_kept=True)


def _place_kept(name: str) -> str:
    return f"snap.kept.{quote(name)}" if name in kept_parts() else place_of(name)


def _has_much(own: Connection) -> bool:
    lines = " + ".join(f"(select count(*) from replica.{one.lines})" for one in DOCUMENTS)
    return value(own, f"select {lines}") > FEW_LINES


def _touched(name: str) -> str:
    return in_memory(f"touched_{name}")


def _replace_touched(own: Connection, file: ReportFile) -> None:
    """Works out a report by pair for what is touched, and puts that in the place of what it was, where it is kept or
    shown."""
    pairs = {one.name for one in by_pair()}
    text = evaluation.text_of(file, lambda name: _touched(name) if name in pairs else place_of(name),
                   touched_pairs.touched_rows(file))  # fmt: skip
    if file.name in _PAIRS_SHOWN:
        own.execute(f"create temp table touched_{file.name} as {text}")
        _merge_shown(own, file)
        return
    condition = touched_pairs.is_touched("store_id", "item_id")
    own.execute(f"create temp table touched_{file.name} as select * from (\n{text}\n) where {condition}")
    if file.name in kept_parts():
        kept = _place_kept(file.name)
        own.execute(f"delete from {kept} where {condition}")
        own.execute(f"insert into {kept} by name from {_touched(file.name)}")


def _merge_shown(own: Connection, file: ReportFile) -> None:
    """The table anew, in its order: what is not touched as it was but for when stores were pulled, and what is."""
    shown, before = place_of(file.name), quote(f"{file.name}_before")
    own.execute(f"alter table {shown} rename to {before}")
    columns = ", ".join(quote(name) for name in file.columns)
    moved = f"store.data_as_of_at from {in_memory('reporting_store')} as store where store.store_code = one.store_code"
    kept = columns.replace(quote("data_as_of_at"), f"(select {moved}) as data_as_of_at")
    own.execute(
        f"create table {shown} as select {columns} from ("
        f"select {kept}, rowid as place from snap.reports.{before} as one where not {touched_pairs.has_touched_code()} "
        f"union all select {columns}, rowid from {_touched(file.name)}) order by store_code, item_code, place"
    )
    own.execute(f"drop table snap.reports.{before}")


def _finish(own: Connection, *, is_kept: bool) -> None:
    """Keeps the inputs of pairs as they are now, and drops what is in memory."""
    if is_kept:
        for file in inputs_of_pairs():
            own.execute(f"create or replace table snap.kept.{quote(file.name)} as from {in_memory(file.name)}")
        own.execute(f"create or replace table snap.kept.moment as {_MOMENT}")
    for (name,) in own.execute("select table_name from duckdb_tables() where database_name = 'temp'").fetchall():
        own.execute(f"drop table {in_memory(name)}")
