"""The triggers that log every change, on command put in and taken away (P1, B10)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from sites.capture import notices
from sites.capture.generations import Noted, collected, note, noted
from sites.engines.engine import SiteDatabase
from sites.engines.errors import SiteFailed, Unreachable
from sites.engines.log_tables import (
    CAPTURED_TABLE,
    CHANGE_LOG_TABLE,
    CONTROL_TABLE,
    NOTICE_TABLE,
    PREFIX,
    SWITCH_TABLE,
)
from sites.engines.sql import quote
from sites.schema.presence import Presence, presence
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

    Tables that the site has not got, or that cannot be watched, are left out (precision 33). One transaction, in which
    nobody else writes to a table whose triggers are made anew: those of ours that were sound until then leave no gap.
    Returns the tables whose changes were not logged for a while; their generation is another one, and the next pull
    reads them whole (B57).
    Raises SiteFailed where there are no stores, or they cannot be watched.
    """
    with db.transaction(write=True):
        here = presence(db, schema)
        if STORE_RECORDS in here.unwatched:
            raise SiteFailed(f"capture cannot start: table `{STORE_RECORDS}`: {here.unwatched[STORE_RECORDS]}")
        if not here.watchable or STORE_RECORDS in schema.tables.keys() - here.watchable:
            raise SiteFailed(f"capture cannot start: table `{STORE_RECORDS}` is missing; run `schema create` first")
        return _install(db, schema, here)


def upgrade(db: SiteDatabase, schema: Schema, *, absent: Collection[str] = ()) -> None:
    """Brings a capture along that an older version installed, or that was installed when the site had fewer tables, or
    when those were away that were ``absent`` until now. One that is not sound otherwise stays as it is.

    Raises SiteFailed where the account may not bring an older version's along; tables that are new are then refused by
    the pull. That it may not make the table of notices stops nothing.
    """
    if db.has_table(CAPTURED_TABLE) and not (db.has_table(NOTICE_TABLE) and db.has_table(SWITCH_TABLE)):
        _add_notices(db)
    kept = noted(db)
    if kept is None and db.has_table(CONTROL_TABLE):
        try:
            with db.transaction(write=True):
                _install_if_sound(db, schema, None)
        except SiteFailed as error:
            raise SiteFailed(
                f"capture of an older version could not be brought along: {error}; run `supplysync capture install` "
                "with an account that owns the tables"
            ) from None
    elif kept is not None and schema.tables.keys() - (kept.tables.keys() - set(absent)):
        known = {table: definition for table, definition in kept.definitions.items() if table not in absent}
        if presence(db, schema).watchable - known.keys():
            with suppress(SiteFailed), db.transaction(write=True):
                _install_if_sound(db, schema, known)


def note_version(db: SiteDatabase, schema: Schema) -> None:
    """Notes SQLite's counter of changes of the schema anew: what reads the log looks at every trigger only where the
    counter is another one, and a program's own tables say nothing of how ours are captured. Triggers that were made
    again give their table another generation, so that the next time can be told from this one. What an older version
    did not note of the log's guard is noted too. Where nothing may be noted it is looked at each time."""
    kept = noted(db)
    if kept is None or (kept.guard and db.schema_version() in (None, kept.schema_version)):
        return
    with suppress(SiteFailed, Unreachable), db.transaction(write=True):
        _note_anew(db, schema, noted(db) or kept)


def _note_anew(db: SiteDatabase, schema: Schema, kept: Noted) -> None:
    columns = collected(schema, sorted(kept.tables.keys() & presence(db, schema).watchable))
    guard, watches = kept.guard_watch(db), db.watches(columns, kept.definitions)
    if guard.problem or any(watch.problem for watch in watches.values()):
        return
    gaps = sorted(kept.gaps(guard, watches))
    db.mark_end()
    after = db.watches(collected(schema, gaps), {})
    again = {one: (kept.tables[one][0] + 1, watch.definition, watch.place) for one, watch in after.items()}
    note(db, {**kept.tables, **again})


def _install_if_sound(db: SiteDatabase, schema: Schema, known: Mapping[str, str] | None) -> None:
    """``known``: what the triggers of the tables were that are captured; None: all are, by an older version."""
    here = presence(db, schema)
    asked = sorted(table for table in here.watchable if known is None or table in known)
    watches = db.watches(collected(schema, asked), known or {}, is_older=known is None)
    if not any(watch.problem for watch in watches.values()):
        _install(db, schema, here)


def _add_notices(db: SiteDatabase) -> None:
    try:
        with db.transaction(write=True):
            notices.create_notices(db)
    except (SiteFailed, Unreachable):
        return


def _install(db: SiteDatabase, schema: Schema, here: Presence) -> frozenset[str]:
    """What is noted of a table that was captured and cannot be watched now stays: it is read whole once it can be."""
    columns = collected(schema, sorted(here.watchable))
    was_there, kept = db.has_table(CONTROL_TABLE), noted(db)
    before = db.watches(columns, kept.definitions if kept else {}, is_older=kept is None)
    if kept is None:
        gaps = frozenset(table for table, watch in before.items() if watch.problem and was_there)
    else:
        gaps = kept.gaps(kept.guard_watch(db), before)
    unwatched = kept.tables.keys() & here.unwatched.keys() if kept else ()
    left = {table: (kept.tables[table][0] + 1, *kept.tables[table][1:]) for table in unwatched} if kept else {}
    db.create_log()
    sound = {table for table, watch in before.items() if kept and not watch.problem}
    _make_triggers(db, columns, sound | left.keys())
    notices.create_notices(db)
    db.guard_log()
    after = db.watches(columns, {})
    past = {table: row[0] for table, row in kept.tables.items()} if kept else {}
    made = {one: (past.get(one, 0) + (one in gaps), watch.definition, watch.place) for one, watch in after.items()}
    note(db, {**left, **made})
    return gaps


def _make_triggers(db: SiteDatabase, tables: Iterable[str], kept: Collection[str]) -> None:
    """Makes the triggers of ``tables``; of those that are there, the ones of the tables that are ``kept`` stay."""
    for table, name in sorted(db.trigger_keys()):
        if table not in kept:
            db.drop_trigger(table, name)
    there = db.trigger_keys()
    for key, statement in db.capture_triggers(tables).items():
        if key not in there:
            db.execute(statement)


def remove(db: SiteDatabase) -> None:
    """Take the triggers away. The log, identity and the applied change sets stay: they tell that the database is the
    same, and what to read whole, when capture is installed again."""
    with db.transaction(write=True):
        _drop(db)


def remove_all(db: SiteDatabase) -> None:
    """Takes the triggers and all tables of ours away: the database is no site's any more. Part of the caller's write
    transaction."""
    _drop(db)
    for table in sorted(one for one in db.tables() if one.startswith(PREFIX)):
        db.execute(f"drop table {quote(table)}")


def _drop(db: SiteDatabase) -> None:
    for table, name in sorted(db.trigger_keys()):
        db.drop_trigger(table, name)


def status(db: SiteDatabase, schema: Schema) -> list[TableCapture]:
    """Of each table of ``schema`` that is there, in order of name, whether its changes are logged; last the log, where
    it is not guarded."""
    here, kept = presence(db, schema), noted(db)
    watches = db.watches(collected(schema, sorted(here.watchable)), kept.definitions if kept else {})
    report: list[TableCapture] = []
    for table in sorted(schema.tables.keys() - set(here.absent)):
        problem = watches[table].problem if table in watches else here.unwatched[table]
        if kept is None:
            problem = "there is no change log"
        elif table not in kept.tables:
            problem = problem or "it was never captured"
        report.append(TableCapture(table, problem is None, problem))
    unguarded = kept.guard_watch(db).problem if kept else None
    return [*report, TableCapture(CHANGE_LOG_TABLE, False, unguarded)] if unguarded else report


def require_installed(db: SiteDatabase, schema: Schema) -> None:
    """Raise SiteFailed where there are no stores, or a table that is there and can be logged is not: nothing is written
    into a database before it is known to be a site's of ours."""
    tables, passed = status(db, schema), presence(db, schema).unwatched.keys() - {STORE_RECORDS}
    problems = {one.table: one.problem for one in tables if one.problem and one.table not in passed}
    if STORE_RECORDS not in {one.table for one in tables}:
        problems = {STORE_RECORDS: "the table is missing"}
    for table, problem in problems.items():
        raise SiteFailed(
            f"nothing was written into this database: table `{table}`: {problem}; does `database` in "
            "topology.toml name the right one? If so, run `supplysync capture install`"
        )


def require_capture(db: SiteDatabase, tables: Iterable[str]) -> None:
    """Raise SiteFailed where one of ``tables`` has fewer triggers than capture needs. One statement."""
    counts = db.trigger_counts()
    bare = sorted(table for table in tables if counts.get(table, 0) < db.triggers_per_table)
    if bare:
        raise SiteFailed(
            f"capture missing: the changes of table `{bare[0]}` are not logged; run `supplysync capture install`"
        )
