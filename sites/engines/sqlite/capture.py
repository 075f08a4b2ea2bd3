"""The change log of a SQLite file and the triggers that write it (P1, B10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from sites.engines.capture import TriggerKey, Watch
from sites.engines.engine import SiteDatabase
from sites.engines.errors import SiteFailed
from sites.engines.log_tables import CAPTURED_TABLE, CHANGE_LOG_TABLE, CONTROL_TABLE
from sites.engines.sql import quote, quote_all, short_hash, template_statements
from sites.engines.sqlite.file_mark import file_mark
from sites.engines.sqlite.unique_keys import UniqueKey, unique_keys

_FOLDER = Path(__file__).parent
_ROW_TRIGGERS = ("insert", "update", "delete")
_KEY_TRIGGERS = ("displaced_by_insert", "displaced_by_update")
_GUARDS = ("supplysync_change_log_delete", "supplysync_change_log_update")
_LATER_COLUMNS = ("generation", "schema_version", "tended")
_OURS = r"type = 'trigger' and name like 'supplysync\_%' escape '\' and tbl_name <> '" + CHANGE_LOG_TABLE + "'"
_GUARD_ROWS = f"select name, sql, rowid from sqlite_master where type = 'trigger' and name in {_GUARDS} order by name"
_MARK, _AFTER_MARK = "supplysync_capture_mark", "supplysync_capture_after_mark"
_MARK_ROWS = f"""
select max(rowid) filter (where type = 'view' and name = '{_MARK}'),
    max(rowid) filter (where type = 'table' and name = '{_AFTER_MARK}'),
    min(rowid) filter (where type = 'index' and sql is not null)
from sqlite_master
"""
_COLUMNS = """
select m.name, x.name, upper(x.type), x.hidden
from sqlite_master as m, pragma_table_xinfo(m.name) as x
where m.type = 'table'
order by m.name, x.name
"""


class SqliteCapture(SiteDatabase):
    """Capture in a SQLite file: five triggers a table, whose names are the database's."""

    unopened_mark = staticmethod(file_mark)
    triggers_per_table = len(_ROW_TRIGGERS) + len(_KEY_TRIGGERS)

    def create_log(self) -> None:
        """Make the tables of the change log; what is there stays."""
        self.script(template_statements(_FOLDER / "log.sql", {}))
        there = self.column_names()[CONTROL_TABLE]
        for column in _LATER_COLUMNS:
            if column not in there:
                self.execute(f"alter table {CONTROL_TABLE} add column {column} integer not null default 0")

    def guard_log(self) -> None:
        """Put the log's own triggers in place, and the mark behind them."""
        for name in _GUARDS:
            self.execute(f"drop trigger if exists {name}")
        self.script(template_statements(_FOLDER / "guard.sql", {}))
        self.mark_end()

    def mark_end(self) -> None:
        """Put the mark in place behind all triggers: a view, as VACUUM keeps the order of triggers and views alone; and
        behind that a table, of which only VACUUM makes one that stands before an index."""
        self.execute(f"drop view if exists {_MARK}")
        self.execute(f"drop table if exists {_AFTER_MARK}")
        self.execute(f"create index if not exists {CAPTURED_TABLE}_generation on {CAPTURED_TABLE} (generation)")
        self.execute(f"create view {_MARK} as select 'triggers behind this view were made again' as note")
        self.execute(f"create table {_AFTER_MARK} (note text)")

    def guard_watch(self, definition: str | None) -> Watch:
        """How the log's own triggers are, compared with what they should be; whether they stand before the mark, and
        whether that is the one that was made.

        One that was made again stands behind its table. So it does after VACUUM, which puts all tables before indexes.
        """
        wanted = dict(zip(_GUARDS, template_statements(_FOLDER / "guard.sql", {}), strict=True))
        present = {name: (sql, row) for name, sql, row in self.execute(_GUARD_ROWS)}
        mark, after, first_index = self.execute(_MARK_ROWS)[0]
        is_first = None not in (mark, after, first_index) and (after > mark or after < first_index)
        late = [row for _, row in present.values() if mark is not None and row > mark]
        definition = short_hash(*(sql.lower() for sql, _ in present.values()))
        return Watch(_problem(wanted, present), definition, short_hash(is_first, *late))

    def tend_log(self, *, is_tended: bool) -> None:
        """Say that entries are taken out of the log by us."""
        self.execute(f"update {CONTROL_TABLE} set tended = ?", (int(is_tended),))

    def capture_triggers(self, tables: Iterable[str]) -> Mapping[TriggerKey, str]:
        """The triggers of ``tables``. Raises SiteFailed for a table whose unique keys cannot be watched."""
        wanted: dict[TriggerKey, str] = {}
        for table, keys in unique_keys(self, tables).items():
            if isinstance(keys, str):
                raise SiteFailed(f"table `{table}` cannot be captured: {keys}")
            wanted |= _triggers(table, keys)
        return wanted

    def unwatchable(self, tables: Iterable[str]) -> Mapping[str, str]:
        """Those of ``tables`` whose unique keys cannot be watched, and why."""
        return {table: keys for table, keys in unique_keys(self, tables).items() if isinstance(keys, str)}

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

        Triggers that were dropped and made again stand behind the mark, which was made last; where an older version
        made none, behind those of the log. VACUUM numbers all of them anew and keeps their order.
        """
        found: dict[str, dict[str, tuple[str, int]]] = {table: {} for table in columns}
        for table, name, sql, row in self._present():
            if table in found:
                found[table][name] = (sql, row)
        keys = unique_keys(self, columns)
        types = self._column_types(columns)
        mark, _, _ = self.execute(_MARK_ROWS)[0]
        end = mark or min((row for _, _, row in self.execute(_GUARD_ROWS)), default=0)
        return {table: _watch(table, found[table], keys[table], types[table], end) for table in columns}

    def _present(self) -> list[tuple[str, str, str, int]]:
        return self.execute(f"select tbl_name, name, sql, rowid from sqlite_master where {_OURS} order by name")

    def _column_types(self, columns: Mapping[str, Sequence[str]]) -> Mapping[str, list[str]]:
        types: dict[str, list[str]] = {table: [] for table in columns}
        for table, column, kind, hidden in self.execute(_COLUMNS):
            if column in columns.get(table, ()):
                types[table].append(f"{column} {kind} {hidden}")
        return types


def _watch(
    table: str,
    present: Mapping[str, tuple[str, int]],
    keys: tuple[UniqueKey, ...] | str,
    types: Iterable[str],
    end: int,
) -> Watch:
    """``present``: SQL and row of the catalogue of each trigger; ``end``: the row of what was made after all."""
    if isinstance(keys, str):
        return Watch(keys, "", "")
    wanted = {name: statement for (_, name), statement in _triggers(table, keys).items()}
    late = [row for _, row in present.values() if row > end]
    return Watch(
        _problem(wanted, present),
        short_hash(*(sql.lower() for sql, _ in present.values())),
        short_hash(*types, *(repr(key) for key in keys), *late),
    )


def _problem(wanted: Mapping[str, str], present: Mapping[str, tuple[str, int]]) -> str | None:
    """The first trigger that is not as ``wanted``, if any: SQL is kept as written, but for the case of its first
    words."""
    for name, statement in wanted.items():
        sql = present.get(name, ("", 0))[0]
        if sql.lower() != statement.lower():
            return f"trigger `{name}` is {'out of date' if sql else 'missing'}"
    return None


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
