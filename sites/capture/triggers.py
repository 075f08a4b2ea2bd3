"""The triggers that log every change, on command put in and taken away (P1, B10)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sites.capture import notices
from sites.capture.generations import collected, note, noted
from sites.engines.engine import SiteDatabase
from sites.engines.errors import SiteFailed, Unreachable
from sites.engines.log_tables import CAPTURED_TABLE, CONTROL_TABLE, NOTICE_TABLE
from sync_rules.schema import Schema


@dataclass(frozen=True)
class TableCapture:
    """Whether the changes of a table are logged, and if not, what is wrong."""

    table: str
    is_captured: bool
    problem: str | None


def install(db: SiteDatabase, schema: Schema) -> frozenset[str]:
    """Log the changes of every table of ``schema`` from now on; what is in place and sound stays (P1).

    One transaction, in which nobody else writes to a table whose triggers are made anew: those of ours that were sound
    until then leave no gap. Returns the tables whose changes were not logged for a while; their generation is another
    one, and the next pull reads them whole (B57). Raises SiteFailed, naming it, for a missing table or one whose
    unique keys cannot be watched.
    """
    with db.transaction(write=True):
        absent = sorted(set(schema.tables) - db.tables())
        if absent:
            raise SiteFailed(f"capture cannot start: table `{absent[0]}` is missing; run `schema create` first")
        return _install(db, schema)


def upgrade(db: SiteDatabase, schema: Schema) -> None:
    """Brings a capture along that an older version installed, where it is sound; else leaves it as it is.

    Raises SiteFailed where the account may not; that it may not make the table of notices stops nothing.
    """
    if db.has_table(CAPTURED_TABLE) and not db.has_table(NOTICE_TABLE):
        _add_notices(db)
    if db.has_table(CAPTURED_TABLE) or not db.has_table(CONTROL_TABLE):
        return
    try:
        with db.transaction(write=True):
            if not set(schema.tables) - db.tables():
                watches = db.watches(collected(schema, schema.tables), {}, is_older=True)
                if not any(watch.problem for watch in watches.values()):
                    _install(db, schema)
    except SiteFailed as error:
        raise SiteFailed(
            f"capture of an older version could not be brought along: {error}; run `capture install` with an account "
            "that owns the tables"
        ) from None


def _add_notices(db: SiteDatabase) -> None:
    try:
        with db.transaction(write=True):
            kept, version = noted(db), db.schema_version()
            notices.create_notices(db)
            if kept is not None and kept.schema_version == version:  # nothing else has changed since it was noted
                db.execute(f"update {CONTROL_TABLE} set schema_version = ?", (db.schema_version() or 0,))
    except (SiteFailed, Unreachable):
        return


def _install(db: SiteDatabase, schema: Schema) -> frozenset[str]:
    columns = collected(schema, sorted(schema.tables))
    was_there, kept = db.has_table(CONTROL_TABLE), noted(db)
    definitions = {table: row[1] for table, row in kept.tables.items()} if kept else {}
    before = db.watches(columns, definitions, is_older=kept is None)
    db.create_log()
    for table, name in sorted(db.trigger_keys()):
        if kept is None or table not in schema.tables or before[table].problem:
            db.drop_trigger(table, name)
    there = db.trigger_keys()
    for key, statement in db.capture_triggers(sorted(schema.tables)).items():
        if key not in there:
            db.execute(statement)
    notices.create_notices(db)
    db.guard_log()
    after = db.watches(columns, {})
    if kept is None:
        gaps = frozenset(table for table, watch in before.items() if watch.problem and was_there)
    else:
        gaps = frozenset(one for one in kept.tables if one in before and not kept.is_whole(one, before[one]))
    past = {table: row[0] for table, row in kept.tables.items()} if kept else {}
    note(db, {table: (past.get(table, 0) + (table in gaps), watch) for table, watch in after.items()})
    return gaps


def remove(db: SiteDatabase) -> None:
    """Take the triggers away. The log, identity and the applied change sets stay: they tell that the database is the
    same, and what to read whole, when capture is installed again."""
    with db.transaction(write=True):
        for table, name in sorted(db.trigger_keys()):
            db.drop_trigger(table, name)


def status(db: SiteDatabase, schema: Schema) -> list[TableCapture]:
    """Of each table of ``schema``, in order of name, whether its changes are logged."""
    tables, kept = db.tables(), noted(db)
    there = sorted(schema.tables.keys() & tables)
    definitions = {table: row[1] for table, row in kept.tables.items()} if kept else {}
    watches = db.watches(collected(schema, there), definitions)
    report: list[TableCapture] = []
    for table in sorted(schema.tables):
        problem = watches[table].problem if table in watches else "the table is missing"
        if kept is None:
            problem = "there is no change log"
        elif table not in kept.tables:
            problem = problem or "it was never captured"
        report.append(TableCapture(table, problem is None, problem))
    return report


def require_installed(db: SiteDatabase, schema: Schema) -> None:
    """Raise SiteFailed where a table of ``schema`` is missing or not logged: nothing is written into a database before
    it is known to be a site's of ours."""
    for one in status(db, schema):
        if not one.is_captured:
            raise SiteFailed(
                f"nothing was written into this database: table `{one.table}`: {one.problem}; does `database` in "
                "topology.toml name the right one? If so, run `capture install`"
            )


def require_capture(db: SiteDatabase, tables: Iterable[str]) -> None:
    """Raise SiteFailed where one of ``tables`` has fewer triggers than capture needs. One statement."""
    counts = db.trigger_counts()
    bare = sorted(table for table in tables if counts.get(table, 0) < db.triggers_per_table)
    if bare:
        raise SiteFailed(f"capture missing: the changes of table `{bare[0]}` are not logged; run `capture install`")
