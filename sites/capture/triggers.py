"""The triggers that log every change, on command put in and taken away (P1, B10)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sites.engines.engine import SiteDatabase
from sites.engines.errors import SiteFailed
from sites.engines.log_tables import CHANGE_LOG_TABLE, CONTROL_TABLE
from sync_rules.schema import Schema


@dataclass(frozen=True)
class TableCapture:
    """Whether the changes of a table are logged, and if not, what is wrong."""

    table: str
    is_captured: bool
    problem: str | None


def install(db: SiteDatabase, schema: Schema) -> None:
    """Log the changes of every table of ``schema`` from now on; what is in place stays (P1).

    One transaction. Raises SiteFailed, naming it, for a missing table or one whose unique keys
    cannot be watched.
    """
    with db.transaction(write=True):
        absent = sorted(set(schema.tables) - db.tables())
        if absent:
            raise SiteFailed(f"capture cannot start: table `{absent[0]}` is missing; run `schema create` first")
        db.create_log()
        wanted, present = db.capture_triggers(sorted(schema.tables)), db.present_triggers()
        for table, name in sorted(present.keys() - wanted.keys()):
            db.drop_trigger(table, name)
        for key, statement in wanted.items():
            if key in present and db.is_sound(present[key], statement):
                continue
            if key in present:
                db.drop_trigger(*key)
            db.execute(statement)


def remove(db: SiteDatabase) -> None:
    """Take the triggers and the log away; identity and the applied change sets stay."""
    with db.transaction(write=True):
        for table, name in sorted(db.present_triggers()):
            db.drop_trigger(table, name)
        db.drop_log()


def status(db: SiteDatabase, schema: Schema) -> list[TableCapture]:
    """Of each table of ``schema``, in order of name, whether its changes are logged."""
    tables, present = db.tables(), db.present_triggers()
    is_logged = {CHANGE_LOG_TABLE, CONTROL_TABLE} <= tables
    wanted: dict[str, dict[str, str]] = {table: {} for table in schema.tables}
    for (table, name), statement in db.capture_triggers(sorted(schema.tables.keys() & tables)).items():
        wanted[table][name] = statement
    report: list[TableCapture] = []
    for table in sorted(schema.tables):
        problem = None if is_logged else "there is no change log"
        if table not in tables:
            problem = "the table is missing"
        for name, statement in wanted[table].items():
            sound = (table, name) in present and db.is_sound(present[table, name], statement)
            problem = problem or (None if sound else f"trigger `{name}` is missing, off or out of date")
        report.append(TableCapture(table, problem is None, problem))
    return report


def require_capture(db: SiteDatabase, tables: Iterable[str]) -> None:
    """Raise SiteFailed where one of ``tables`` has fewer triggers than capture needs. One statement."""
    counts = db.trigger_counts()
    bare = sorted(table for table in tables if counts.get(table, 0) < db.triggers_per_table)
    if bare:
        raise SiteFailed(f"capture missing: the changes of table `{bare[0]}` are not logged; run `capture install`")
