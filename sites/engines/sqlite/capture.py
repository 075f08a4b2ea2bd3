"""The change log of a SQLite file and the triggers that write it (P1, B10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from sites.engines.capture import Watch
from sites.engines.engine import SiteDatabase, TriggerKey
from sites.engines.log_tables import CHANGE_LOG_TABLE, CONTROL_TABLE
from sites.engines.sql import quote, quote_all, short_hash, template_statements
from sites.engines.sqlite.unique_keys import UniqueKey, unique_keys

_FOLDER = Path(__file__).parent
_ROW_TRIGGERS = ("insert", "update", "delete")
_KEY_TRIGGERS = ("displaced_by_insert", "displaced_by_update")
_GUARDS = ("supplysync_change_log_delete", "supplysync_change_log_update")
_LATER_COLUMNS = ("generation", "schema_version", "tended")
_OURS = r"type = 'trigger' and name like 'supplysync\_%' escape '\' and tbl_name <> '" + CHANGE_LOG_TABLE + "'"
_GUARD_ROWS = f"select name, rowid from sqlite_master where name in {_GUARDS}"
_COLUMNS = """
select m.name, x.name, upper(x.type), x.hidden
from sqlite_master as m, pragma_table_xinfo(m.name) as x
where m.type = 'table'
order by m.name, x.name
"""


class SqliteCapture(SiteDatabase):
    """Capture in a SQLite file: five triggers a table, whose names are the database's."""

    triggers_per_table = len(_ROW_TRIGGERS) + len(_KEY_TRIGGERS)

    def create_log(self) -> None:
        """Make the tables of the change log; what is there stays."""
        self.script(template_statements(_FOLDER / "log.sql", {}))
        there = self.column_names()[CONTROL_TABLE]
        for column in _LATER_COLUMNS:
            if column not in there:
                self.execute(f"alter table {CONTROL_TABLE} add column {column} integer not null default 0")

    def guard_log(self) -> None:
        """Put the log's own triggers in place after all others, whose place tells whether they were made again."""
        for name in _GUARDS:
            self.execute(f"drop trigger if exists {name}")
        self.script(template_statements(_FOLDER / "guard.sql", {}))

    def tend_log(self, *, is_tended: bool) -> None:
        """Say that entries are taken out of the log by us."""
        self.execute(f"update {CONTROL_TABLE} set tended = ?", (int(is_tended),))

    def capture_triggers(self, tables: Iterable[str]) -> Mapping[TriggerKey, str]:
        """The triggers of ``tables``. Raises SiteFailed for a table whose unique keys cannot be watched."""
        wanted: dict[TriggerKey, str] = {}
        for table, keys in unique_keys(self, tables).items():
            wanted |= _triggers(table, keys)
        return wanted

    def trigger_keys(self) -> set[TriggerKey]:
        """The triggers of ours that are there, but for those of the log."""
        return {(table, name) for table, name, _, _ in self._present()}

    def drop_trigger(self, table: str, name: str) -> None:
        """Take a trigger away."""
        self.execute(f"drop trigger if exists {quote(name)}")

    def trigger_counts(self) -> Mapping[str, int]:
        """How many triggers of ours there are, by table; SQLite has no way to switch one off."""
        return dict(self.execute(f"select tbl_name, count(*) from sqlite_master where {_OURS} group by tbl_name"))

    def schema_version(self) -> int | None:
        """SQLite's own counter of changes of the schema."""
        (version,) = self.execute("pragma schema_version")[0]
        return int(version)

    def watches(
        self, columns: Mapping[str, Sequence[str]], definitions: Mapping[str, str], *, is_older: bool = False
    ) -> Mapping[str, Watch]:
        """How each table is watched: the triggers are kept as written, so they are compared with what they should be.

        Triggers that were dropped and made again stand after those of the log, which were made last. VACUUM numbers
        all of them anew and keeps their order.
        """
        found: dict[str, dict[str, tuple[str, int]]] = {table: {} for table in columns}
        for table, name, sql, row in self._present():
            if table in found:
                found[table][name] = (sql, row)
        keys = unique_keys(self, columns)
        types = self._column_types(columns)
        guard = min((row for _, row in self.execute(_GUARD_ROWS)), default=0)
        return {table: _watch(table, found[table], keys[table], types[table], guard) for table in columns}

    def _present(self) -> list[tuple[str, str, str, int]]:
        return self.execute(f"select tbl_name, name, sql, rowid from sqlite_master where {_OURS} order by name")

    def _column_types(self, columns: Mapping[str, Sequence[str]]) -> Mapping[str, list[str]]:
        types: dict[str, list[str]] = {table: [] for table in columns}
        for table, column, kind, hidden in self.execute(_COLUMNS):
            if column in columns.get(table, ()):
                types[table].append(f"{column} {kind} {hidden}")
        return types


def _watch(
    table: str, present: Mapping[str, tuple[str, int]], keys: tuple[UniqueKey, ...], types: Iterable[str], guard: int
) -> Watch:
    """``present``: SQL and row of the catalogue of each trigger; ``guard``: the row of the first that came after."""
    problem = None
    for (_, name), statement in _triggers(table, keys).items():
        sql = present.get(name, ("", 0))[0]
        if sql.lower() != statement.lower():  # kept as written, but for the case of its first words
            problem = problem or f"trigger `{name}` is {'out of date' if sql else 'missing'}"
    late = [row for _, row in present.values() if row > guard]
    return Watch(
        problem,
        short_hash(*(sql.lower() for sql, _ in present.values())),
        short_hash(*types, *(repr(key) for key in keys), *late),
    )


@cache
def _triggers(table: str, keys: tuple[UniqueKey, ...]) -> Mapping[TriggerKey, str]:
    """The triggers of one table, those of rows before those of rows that are displaced."""
    names = {part: f"supplysync_{table}_{part}" for part in (*_ROW_TRIGGERS, *_KEY_TRIGGERS)}
    values = {part: quote(name) for part, name in names.items()} | {
        "table": quote(table),
        "name": f"'{table}'",
        "same_key": " or ".join(f"({key.same_key()})" for key in keys),
        "of_columns": "" if any(key.is_generated for key in keys) else f" of {_columns_of(keys)}",
    }
    files = (_FOLDER / "capture.sql", _FOLDER / "displaced.sql")
    statements = [statement for file in files for statement in template_statements(file, values)]
    return dict(zip(((table, name) for name in names.values()), statements, strict=True))


def _columns_of(keys: Iterable[UniqueKey]) -> str:
    return quote_all(sorted({name for key in keys for name in key.columns()}))
