"""The change log of a SQLite file and the triggers that write it (P1, B10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from sites.engines.engine import SiteDatabase, TriggerKey
from sites.engines.log_tables import CHANGE_LOG_TABLE, CONTROL_TABLE
from sites.engines.sql import quote, quote_all, template_statements
from sites.engines.sqlite.unique_keys import UniqueKey, unique_keys

_FOLDER = Path(__file__).parent
_ROW_TRIGGERS = ("insert", "update", "delete")
_KEY_TRIGGERS = ("displaced_by_insert", "displaced_by_update")
_OURS = r"type = 'trigger' and name like 'supplysync\_%' escape '\'"


class SqliteCapture(SiteDatabase):
    """Capture in a SQLite file: five triggers a table, whose names are the database's."""

    triggers_per_table = len(_ROW_TRIGGERS) + len(_KEY_TRIGGERS)

    def create_log(self) -> None:
        """Make the tables of the change log; what is there stays."""
        self.script(template_statements(_FOLDER / "log.sql", {}))

    def drop_log(self) -> None:
        """Take the tables of the change log away."""
        self.execute(f"drop table if exists {CHANGE_LOG_TABLE}")
        self.execute(f"drop table if exists {CONTROL_TABLE}")

    def capture_triggers(self, tables: Iterable[str]) -> Mapping[TriggerKey, str]:
        """The triggers of ``tables``. Raises SiteFailed for a table whose unique keys cannot be watched."""
        wanted: dict[TriggerKey, str] = {}
        for table, keys in unique_keys(self, tables).items():
            wanted |= _triggers(table, keys)
        return wanted

    def present_triggers(self) -> Mapping[TriggerKey, str]:
        """The triggers of ours that are there, with their SQL."""
        rows = self.execute(f"select tbl_name, name, sql from sqlite_master where {_OURS}")
        return {(table, name): sql for table, name, sql in rows}

    def is_sound(self, state: str, statement: str) -> bool:
        """Whether the SQL is that of ``statement``: it is kept as written, but for the case of its first words."""
        return state.lower() == statement.lower()

    def drop_trigger(self, table: str, name: str) -> None:
        """Take a trigger away."""
        self.execute(f"drop trigger {quote(name)}")

    def trigger_counts(self) -> Mapping[str, int]:
        """How many triggers of ours there are, by table; SQLite has no way to switch one off."""
        return dict(self.execute(f"select tbl_name, count(*) from sqlite_master where {_OURS} group by tbl_name"))


def _triggers(table: str, keys: tuple[UniqueKey, ...]) -> dict[TriggerKey, str]:
    """The triggers of one table, those of rows before those of rows that are displaced."""
    names = {part: f"supplysync_{table}_{part}" for part in (*_ROW_TRIGGERS, *_KEY_TRIGGERS)}
    values = {part: quote(name) for part, name in names.items()} | {
        "table": quote(table),
        "name": f"'{table}'",
        "same_key": " or ".join(f"({key.same_key()})" for key in keys),
        "columns": quote_all(sorted({name for key in keys for name in key.columns()})),
    }
    files = (_FOLDER / "capture.sql", _FOLDER / "displaced.sql")
    statements = [statement for file in files for statement in template_statements(file, values)]
    return dict(zip(((table, name) for name in names.values()), statements, strict=True))
