"""The change log of a PostgreSQL database and the triggers that write it (P1, B10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL

from sites.engines.capture import TriggerKey, Watch
from sites.engines.engine import SiteDatabase
from sites.engines.errors import SiteFailed
from sites.engines.log_tables import CHANGE_LOG_TABLE
from sites.engines.sql import quote, short_hash, template_statements

_FOLDER = Path(__file__).parent
_TRIGGERS = ("row", "truncate")
_GUARD = "supplysync_log_guard"
_FUNCTIONS = ("supplysync_capture", "supplysync_capture_truncate", _GUARD)
_HERE = "c.relnamespace = to_regnamespace(quote_ident(current_schema()))"
_OURS = rf"t.tgname like 'supplysync\_%' and t.tgname <> '{_GUARD}' and {_HERE}"
_KEYS = f"""
    select c.relname, t.tgname from pg_trigger as t join pg_class as c on c.oid = t.tgrelid
    where {_OURS} and t.tgparentid = 0
"""
_COUNTS = f"""
    select c.relname, count(*) from pg_trigger as t join pg_class as c on c.oid = t.tgrelid
    where {_OURS} and t.tgenabled = 'A'
    group by c.relname
"""
_GUARD_TRIGGER = f"t.tgname = '{_GUARD}' and c.relname = '{CHANGE_LOG_TABLE}' and {_HERE}"
_COLUMNS = f"""
    select c.relname, a.attname, format_type(a.atttypid, a.atttypmod) || ' ' || a.attgenerated::text
    from pg_attribute as a join pg_class as c on c.oid = a.attrelid
    where {_HERE} and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
    order by c.relname, a.attname
"""
_HEIRS = f"""
    select c.relname, i.inhrelid::regclass::text
    from pg_inherits as i join pg_class as c on c.oid = i.inhparent
    where {_HERE} and c.relkind = 'r'
    order by 1, 2
"""
_SOURCE = """
    select prosrc from pg_proc
    where proname = ? and pronamespace = to_regnamespace(quote_ident(current_schema()))
"""


def _watches_of(triggers: str) -> str:
    """The query for how ``triggers`` are, by table: `enable trigger` leaves O, ours are A; whoever switched one off and
    on again left another xmin. A partition has copies of its table's triggers: all have to be on, and one that was off,
    or came with its partition, is another row; one of which somebody truncated the partition has another file."""
    own, is_off = "t.tgparentid = 0", "t.tgparentid <> 0 and t.tgenabled <> 'A'"
    return f"""
        select r.relname,
            count(*) filter (where {own} and t.tgenabled = 'A') - count(*) filter (where {is_off}),
            count(*) filter (where {own} and t.tgenabled in ('A', 'O')),
            string_agg(
                concat_ws(' ', t.tgname, t.tgtype, t.tgqual, p.proname, md5(p.prosrc), p.prosecdef), ','
                order by t.tgname
            ) filter (where {own}),
            string_agg(
                concat_ws(' ', t.oid, t.xmin, p.oid, p.xmin, case when t.tgparentid <> 0 then c.relfilenode end), ','
                order by t.tgname, t.oid
            )
        from pg_trigger as t join pg_class as c on c.oid = t.tgrelid join pg_proc as p on p.oid = t.tgfoid
        join pg_class as r on r.oid = coalesce(pg_partition_root(c.oid), c.oid)
        where {triggers}
        group by r.relname
    """


class PostgresqlCapture(SiteDatabase):
    """Capture on a PostgreSQL server: two triggers a table, whose names are the table's, and two functions."""

    triggers_per_table = len(_TRIGGERS)

    @staticmethod
    def unopened_mark(_url: URL, _folder: Path, /) -> str | None:
        """A server tells nothing to who does not connect."""
        return None

    def create_log(self) -> None:
        """Make the tables of the change log and the functions that the triggers call; what is there stays."""
        self.script(template_statements(_FOLDER / "log.sql", {}))
        functions = template_statements(_FOLDER / "functions.sql", {"schema": self._default_schema()})
        for name, statement in zip(_FUNCTIONS, functions, strict=True):
            body = statement.split(" as\n'", 1)[1].removesuffix("'").replace("''", "'")
            if self.execute(_SOURCE, (name,)) != [(body,)]:
                self.execute(statement)

    def guard_log(self) -> None:
        """Put the log's own trigger in place."""
        self.drop_trigger(CHANGE_LOG_TABLE, _GUARD)
        self.script(template_statements(_FOLDER / "guard.sql", {}))

    def mark_end(self) -> None:
        """Nothing: each row of the catalogue tells which transaction wrote it."""

    def guard_watch(self, definition: str | None) -> Watch:
        """How the log's own trigger is, compared with what it was when it was put in place."""
        found = [(on, *rest) for _, on, _, *rest in self.execute(_watches_of(_GUARD_TRIGGER))]
        return _watch(found[0] if found else None, definition, (), wanted_count=1)

    def tend_log(self, *, is_tended: bool) -> None:
        """Say that entries are taken out of the log by us."""
        self.execute("select set_config('supplysync.tended', ?, true)", ("1" if is_tended else "",))

    def unwatchable(self, tables: Iterable[str]) -> Mapping[str, str]:
        """Those that other tables inherit from: their rows are read as the table's, and none of its triggers sees them.
        Partitions have copies of the triggers."""
        found: dict[str, str] = {}
        for table, heir in self.execute(_HEIRS):
            if table in tables and table not in found:
                found[table] = (
                    f"the table `{heir}` inherits from it, whose rows its triggers do not see: `alter table {heir} no "
                    f"inherit {table}`, then `supplysync capture install`"
                )
        return found

    def capture_triggers(self, tables: Iterable[str]) -> Mapping[TriggerKey, str]:
        """The triggers of ``tables``."""
        names = {part: f"supplysync_{part}" for part in _TRIGGERS}
        wanted: dict[TriggerKey, str] = {}
        for table in tables:
            values = {part: quote(name) for part, name in names.items()}
            values |= {"table": quote(table), "name": f"'{table}'"}
            statements = template_statements(_FOLDER / "capture.sql", values)
            wanted |= dict(zip(((table, name) for name in names.values()), statements, strict=True))
        return wanted

    def trigger_keys(self) -> set[TriggerKey]:
        """The triggers of ours that are there, but for those of the log."""
        return {(table, name) for table, name in self.execute(_KEYS)}

    def drop_trigger(self, table: str, name: str) -> None:
        """Take a trigger away."""
        self.execute(f"drop trigger if exists {quote(name)} on {quote(table)}")

    def trigger_counts(self) -> Mapping[str, int]:
        """How many triggers of ours are on, by table."""
        return dict(self.execute(_COUNTS))

    def schema_version(self) -> int | None:
        """There is none: the catalogue is asked."""
        return None

    def watches(
        self, columns: Mapping[str, Sequence[str]], definitions: Mapping[str, str], *, is_older: bool = False
    ) -> Mapping[str, Watch]:
        """How each table is watched: the catalogue keeps triggers in a form of its own, so they are compared with what
        they were when they were put in place."""
        found = {
            table: (older if is_older else on, *rest) for table, on, older, *rest in self.execute(_watches_of(_OURS))
        }
        types: dict[str, list[str]] = {table: [] for table in columns}
        for table, column, kind in self.execute(_COLUMNS):
            if column in columns.get(table, ()):
                types[table].append(f"{column} {kind}")
        return {table: _watch(found.get(table), definitions.get(table), types[table]) for table in columns}

    def _default_schema(self) -> str:
        """The schema that the capture function writes to, by name: its search path is fixed."""
        (name,) = self.execute("select current_schema()")[0]
        try:
            return quote(name or "")
        except ValueError:
            raise SiteFailed(f"capture cannot start: the default schema is `{name}`; allowed: a-z, 0-9 and _") from None


def _watch(
    found: Sequence[Any] | None, wanted: str | None, types: Iterable[str], *, wanted_count: int = len(_TRIGGERS)
) -> Watch:
    """``found``: how many triggers are on, what they are, and their rows of the catalogue."""
    count, definition, rows = found or (0, "", "")
    definition = short_hash(definition)
    problem = None
    if count < wanted_count:
        problem = "a trigger is missing, off, or off for replication"
    elif wanted not in (None, definition):
        problem = "a trigger or what it calls was changed"
    return Watch(problem, definition, short_hash(rows, *types))
