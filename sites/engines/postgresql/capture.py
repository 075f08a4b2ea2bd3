"""The change log of a PostgreSQL database and the triggers that write it (P1, B10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from sites.engines.engine import SiteDatabase, TriggerKey
from sites.engines.errors import SiteFailed
from sites.engines.log_tables import CHANGE_LOG_TABLE, CONTROL_TABLE
from sites.engines.sql import quote, template_statements

_FOLDER = Path(__file__).parent
_TRIGGERS = ("row", "truncate")
_ON = ("O", "A")  # for everybody; for everybody and for replication
_OURS = r"t.tgname like 'supplysync\_%' and c.relnamespace = to_regnamespace(quote_ident(current_schema()))"
_PRESENT = f"""
    select c.relname, t.tgname, t.tgenabled::text
    from pg_trigger as t join pg_class as c on c.oid = t.tgrelid
    where {_OURS}
"""
_COUNTS = f"""
    select c.relname, count(*) from pg_trigger as t join pg_class as c on c.oid = t.tgrelid
    where {_OURS} and t.tgenabled in ('O', 'A')
    group by c.relname
"""


class PostgresqlCapture(SiteDatabase):
    """Capture on a PostgreSQL server: two triggers a table, whose names are the table's, and two functions."""

    triggers_per_table = len(_TRIGGERS)

    def create_log(self) -> None:
        """Make the tables of the change log and the functions that the triggers call; what is there stays."""
        self.script(template_statements(_FOLDER / "log.sql", {"schema": self._default_schema()}))

    def drop_log(self) -> None:
        """Take the functions and the tables of the change log away."""
        self.execute("drop function if exists supplysync_capture()")
        self.execute("drop function if exists supplysync_capture_truncate()")
        self.execute(f"drop table if exists {CHANGE_LOG_TABLE}")
        self.execute(f"drop table if exists {CONTROL_TABLE}")

    def capture_triggers(self, tables: Iterable[str]) -> Mapping[TriggerKey, str]:
        """The triggers of ``tables``."""
        names = {part: f"supplysync_{part}" for part in _TRIGGERS}
        wanted: dict[TriggerKey, str] = {}
        for table in tables:
            values = {part: quote(name) for part, name in names.items()} | {"table": quote(table)}
            statements = template_statements(_FOLDER / "capture.sql", values)
            wanted |= dict(zip(((table, name) for name in names.values()), statements, strict=True))
        return wanted

    def present_triggers(self) -> Mapping[TriggerKey, str]:
        """The triggers of ours that are there, with the letter that says whether they are on."""
        return {(table, name): state for table, name, state in self.execute(_PRESENT)}

    def is_sound(self, state: str, statement: str) -> bool:
        """Whether the trigger is on: what it calls is a function, which ``create_log`` puts right."""
        return state in _ON

    def drop_trigger(self, table: str, name: str) -> None:
        """Take a trigger away."""
        self.execute(f"drop trigger {quote(name)} on {quote(table)}")

    def trigger_counts(self) -> Mapping[str, int]:
        """How many triggers of ours are on, by table."""
        return dict(self.execute(_COUNTS))

    def _default_schema(self) -> str:
        """The schema that the capture function writes to, by name: its search path is fixed."""
        (name,) = self.execute("select current_schema()")[0]
        try:
            return quote(name or "")
        except ValueError:
            raise SiteFailed(f"capture cannot start: the default schema is `{name}`; allowed: a-z, 0-9 and _") from None
