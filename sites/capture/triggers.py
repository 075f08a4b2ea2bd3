"""The triggers that log every change, on command put in and taken away (P1, B10)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sites.engines.engine import SiteDatabase, SiteFailed, quote, quoted
from sites.engines.sqlite.unique_keys import unique_keys
from sync_rules.schema import Schema

CHANGE_LOG_TABLE = "supplysync_change_log"
CONTROL_TABLE = "supplysync_control"
APPLIED_TABLE = "supplysync_applied"

_ENGINES = Path(__file__).parents[1] / "engines"
_ROW_TRIGGERS = {
    "sqlite": ("insert", "update", "delete"),
    "postgresql": ("row", "truncate"),
}
_DISPLACED = ("displaced_by_insert", "displaced_by_update")
_TRIGGERS_PER_TABLE = {"sqlite": 5, "postgresql": 2}
_TABLES = {
    "sqlite": "select name from sqlite_master where type = 'table'",
    "postgresql": "select tablename from pg_tables where schemaname = current_schema()",
}
_TRIGGERS = {
    "sqlite": r"""
        select tbl_name, name, sql from sqlite_master
        where type = 'trigger' and name like 'supplysync\_%' escape '\'
    """,
    "postgresql": r"""
        select c.relname, t.tgname, t.tgenabled::text
        from pg_trigger as t join pg_class as c on c.oid = t.tgrelid
        where t.tgname like 'supplysync\_%' and c.relnamespace = to_regnamespace(quote_ident(current_schema()))
    """,
}
_COUNTS = {
    "sqlite": r"""
        select tbl_name, count(*) from sqlite_master
        where type = 'trigger' and name like 'supplysync\_%' escape '\' group by tbl_name
    """,
    "postgresql": r"""
        select c.relname, count(*) from pg_trigger as t join pg_class as c on c.oid = t.tgrelid
        where t.tgname like 'supplysync\_%' and t.tgenabled in ('O', 'A')
            and c.relnamespace = to_regnamespace(quote_ident(current_schema()))
        group by c.relname
    """,
}


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
        tables = _tables(db)
        absent = sorted(set(schema.tables) - tables)
        if absent:
            raise SiteFailed(f"capture cannot start: table `{absent[0]}` is missing; run `schema create` first")
        db.script(_statements(f"{db.engine}/log.sql", {"schema": _log_schema(db)}))
        wanted, found = _wanted(db, schema, tables), _found(db)
        for table, name in sorted(found.keys() - wanted.keys()):
            _drop_trigger(db, table, name)
        for key, statement in wanted.items():
            if key in found and _is_sound(db, found[key], statement):
                continue
            if key in found:
                _drop_trigger(db, *key)
            db.execute(statement)


def remove(db: SiteDatabase) -> None:
    """Take the triggers and the log away; identity and the applied change sets stay."""
    with db.transaction(write=True):
        for table, name in sorted(_found(db)):
            _drop_trigger(db, table, name)
        if db.engine == "postgresql":
            db.execute("drop function if exists supplysync_capture()")
            db.execute("drop function if exists supplysync_capture_truncate()")
        db.execute(f"drop table if exists {CHANGE_LOG_TABLE}")
        db.execute(f"drop table if exists {CONTROL_TABLE}")


def status(db: SiteDatabase, schema: Schema) -> list[TableCapture]:
    """Of each table of ``schema``, in order of name, whether its changes are logged."""
    tables, found = _tables(db), _found(db)
    is_logged = {CHANGE_LOG_TABLE, CONTROL_TABLE} <= tables
    wanted: dict[str, dict[str, str]] = {table: {} for table in schema.tables}
    for (table, name), statement in _wanted(db, schema, tables).items():
        wanted[table][name] = statement
    report: list[TableCapture] = []
    for table in sorted(schema.tables):
        problem = None if is_logged else "there is no change log"
        if table not in tables:
            problem = "the table is missing"
        for name, statement in wanted[table].items():
            sound = (table, name) in found and _is_sound(db, found[table, name], statement)
            problem = problem or (None if sound else f"trigger `{name}` is missing, off or out of date")
        report.append(TableCapture(table, problem is None, problem))
    return report


def require_captured(db: SiteDatabase, tables: Iterable[str]) -> None:
    """Raise SiteFailed where one of ``tables`` has fewer triggers than capture needs. One statement."""
    counts = dict(db.execute(_COUNTS[db.engine]))
    bare = sorted(table for table in tables if counts.get(table, 0) < _TRIGGERS_PER_TABLE[db.engine])
    if bare:
        raise SiteFailed(f"capture missing: the changes of table `{bare[0]}` are not logged; run `capture install`")


def _tables(db: SiteDatabase) -> set[str]:
    return {name for (name,) in db.execute(_TABLES[db.engine])}


def _found(db: SiteDatabase) -> dict[tuple[str, str], str]:
    """Our triggers by (table, name): their SQL on SQLite, whether they are on on PostgreSQL."""
    return {(table, name): state for table, name, state in db.execute(_TRIGGERS[db.engine])}


def _is_sound(db: SiteDatabase, state: str, statement: str) -> bool:
    if db.engine == "postgresql":
        return state in ("O", "A")
    # SQLite keeps the statement as written, but for the case of its first words
    return state.lower() == statement.lower()


def _drop_trigger(db: SiteDatabase, table: str, name: str) -> None:
    on = f" on {quote(table)}" if db.engine == "postgresql" else ""
    db.execute(f"drop trigger {quote(name)}{on}")


def _wanted(db: SiteDatabase, schema: Schema, tables: set[str]) -> dict[tuple[str, str], str]:
    """The triggers that should be there, by (table, name), with the statements that make them."""
    wanted: dict[tuple[str, str], str] = {}
    present = sorted(schema.tables.keys() & tables)
    keys = unique_keys(db, present) if db.engine == "sqlite" else {}
    for table in present:
        values = _names(table, _ROW_TRIGGERS[db.engine], per_table=db.engine == "postgresql")
        wanted |= _filled(table, f"{db.engine}/capture.sql", values)
        if db.engine == "sqlite":
            values = _names(table, _DISPLACED) | {
                "same_key": " or ".join(f"({key.same_key()})" for key in keys[table]),
                "columns": quoted(sorted({name for key in keys[table] for name in key.columns()})),
            }
            wanted |= _filled(table, "sqlite/displaced.sql", values)
    return wanted


def _names(table: str, parts: Iterable[str], *, per_table: bool = False) -> dict[str, str]:
    """The trigger names by placeholder; on SQLite they are the database's, so the table's name is in them."""
    middle = "" if per_table else f"{table}_"
    return {part: f"supplysync_{middle}{part}" for part in parts}


def _filled(table: str, template: str, values: dict[str, str]) -> dict[tuple[str, str], str]:
    triggers = [name for name in values.values() if name.startswith("supplysync_")]
    quoted = {part: quote(name) if name in triggers else name for part, name in values.items()}
    quoted |= {"table": quote(table), "name": f"'{table}'"}
    return dict(zip(((table, name) for name in triggers), _statements(template, quoted), strict=True))


def _statements(template: str, values: dict[str, str]) -> list[str]:
    """The statements of a template, which stand apart by an empty line, with its places filled."""
    text = (_ENGINES / template).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    text = "\n".join(lines).strip()
    for place, value in values.items():
        text = text.replace("{{" + place + "}}", value)
    return [statement.strip().rstrip(";") for statement in text.split("\n\n") if statement.strip()]


def _log_schema(db: SiteDatabase) -> str:
    """The schema that the capture function writes to, by name: its search path is fixed."""
    if db.engine == "sqlite":
        return "main"
    (name,) = db.execute("select current_schema()")[0]
    try:
        return quote(name or "")
    except ValueError:
        raise SiteFailed(f"capture cannot start: the default schema is `{name}`; allowed: a-z, 0-9 and _") from None
