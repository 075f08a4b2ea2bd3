"""The triggers that log every change, on command put in and taken away (P1, B10)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from sites.capture import notices
from sites.capture.generations import collected, note, noted
from sites.engines.engine import SiteDatabase
from sites.engines.errors import SiteFailed, Unreachable
from sites.engines.log_tables import CAPTURED_TABLE, CONTROL_TABLE, NOTICE_TABLE
from sites.schema.presence import presence
from sync_rules.schema import Schema
from sync_rules.table.ownership import STORE_RECORDS


@dataclass(frozen=True)
class TableCapture:
    """Whether the changes of a table are logged, and if not, what is wrong."""

    table: str
    is_captured: bool
    problem: str | None


def install(db: SiteDatabase, schema: Schema) -> frozenset[str]:
    """Log the changes of every table of ``schema`` from now on; what is in place and sound stays (P1).

    Tables that the site has not got are left out (precision 33). One transaction, in which nobody else writes to a
    table whose triggers are made anew: those of ours that were sound until then leave no gap. Returns the tables whose
    changes were not logged for a while; their generation is another one, and the next pull reads them whole (B57).
    Raises SiteFailed where there are no stores, and naming it for a table whose unique keys cannot be watched.
    """
    with db.transaction(write=True):
        here = presence(db, schema).watchable
        if not here or STORE_RECORDS in schema.tables.keys() - here:
            raise SiteFailed(f"capture cannot start: table `{STORE_RECORDS}` is missing; run `schema create` first")
        return _install(db, schema.only(here))


def upgrade(db: SiteDatabase, schema: Schema, *, absent: Collection[str] = ()) -> None:
    """Brings a capture along that an older version installed, or that was installed when the site had fewer tables, or
    when those were away that were ``absent`` until now. One that is not sound otherwise stays as it is.

    Raises SiteFailed where the account may not bring an older version's along; tables that are new are then refused by
    the pull. That it may not make the table of notices stops nothing.
    """
    if db.has_table(CAPTURED_TABLE) and not db.has_table(NOTICE_TABLE):
        _add_notices(db)
    kept = noted(db)
    if kept is None and db.has_table(CONTROL_TABLE):
        try:
            with db.transaction(write=True):
                _install_if_sound(db, schema, None)
        except SiteFailed as error:
            raise SiteFailed(
                f"capture of an older version could not be brought along: {error}; run `capture install` with an "
                "account that owns the tables"
            ) from None
    elif kept is not None and schema.tables.keys() - (kept.tables.keys() - set(absent)):
        known = {table: row[1] for table, row in kept.tables.items() if table not in absent}
        if presence(db, schema).watchable - known.keys():
            with suppress(SiteFailed), db.transaction(write=True):
                _install_if_sound(db, schema, known)


def note_version(db: SiteDatabase, schema: Schema) -> None:
    """Notes SQLite's counter of changes of the schema anew where these, a program's own tables say, changed nothing in
    how tables are captured: what reads the log looks at every trigger only where the counter is another one. Where it
    may not be noted it is looked at each time."""
    kept = noted(db)
    if kept is None or db.schema_version() in (None, kept.schema_version):
        return
    tables = sorted(kept.tables.keys() & schema.tables.keys())
    with suppress(SiteFailed, Unreachable), db.transaction(write=True):
        watches = db.watches(collected(schema, tables), {table: row[1] for table, row in kept.tables.items()})
        if all(watch.problem is None and kept.is_whole(table, watch) for table, watch in watches.items()):
            db.execute(f"update {CONTROL_TABLE} set schema_version = ?", (db.schema_version(),))


def _install_if_sound(db: SiteDatabase, schema: Schema, known: Mapping[str, str] | None) -> None:
    """``known``: what the triggers of the tables were that are captured; None: all are, by an older version."""
    here = schema.only(presence(db, schema).watchable)
    asked = [table for table in here.tables if known is None or table in known]
    watches = db.watches(collected(here, asked), known or {}, is_older=known is None)
    if not any(watch.problem for watch in watches.values()):
        _install(db, here)


def _add_notices(db: SiteDatabase) -> None:
    try:
        with db.transaction(write=True):
            notices.create_notices(db)
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
    """Of each table of ``schema`` that is there, in order of name, whether its changes are logged."""
    here, kept = presence(db, schema), noted(db)
    definitions = {table: row[1] for table, row in kept.tables.items()} if kept else {}
    watches = db.watches(collected(schema, sorted(here.watchable)), definitions)
    report: list[TableCapture] = []
    for table in sorted(schema.tables.keys() - set(here.absent)):
        problem = watches[table].problem if table in watches else "it has no column `id`"
        if kept is None:
            problem = "there is no change log"
        elif table not in kept.tables:
            problem = problem or "it was never captured"
        report.append(TableCapture(table, problem is None, problem))
    return report


def require_installed(db: SiteDatabase, schema: Schema) -> None:
    """Raise SiteFailed where there are no stores, or a table that is there is not logged: nothing is written into a
    database before it is known to be a site's of ours."""
    tables = status(db, schema)
    problems = {one.table: one.problem for one in tables if one.problem}
    if STORE_RECORDS not in {one.table for one in tables}:
        problems = {STORE_RECORDS: "the table is missing"}
    for table, problem in problems.items():
        raise SiteFailed(
            f"nothing was written into this database: table `{table}`: {problem}; does `database` in "
            "topology.toml name the right one? If so, run `capture install`"
        )


def require_capture(db: SiteDatabase, tables: Iterable[str]) -> None:
    """Raise SiteFailed where one of ``tables`` has fewer triggers than capture needs. One statement."""
    counts = db.trigger_counts()
    bare = sorted(table for table in tables if counts.get(table, 0) < db.triggers_per_table)
    if bare:
        raise SiteFailed(f"capture missing: the changes of table `{bare[0]}` are not logged; run `capture install`")
