"""What stands around tables in a database on a PostgreSQL server."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import groupby

from sites.engines.engine import SiteDatabase
from sites.engines.surroundings import ForeignKey, ProgramKey, Surroundings

_HERE = "c.relnamespace = to_regnamespace(quote_ident(current_schema()))"
_WANTED = f"{_HERE} and c.relname = any(?)"
_TRIGGERED = rf"""
    select c.relname from pg_trigger as t
    join pg_class as c on c.oid = coalesce(pg_partition_root(t.tgrelid), t.tgrelid)
    where {_WANTED} and not t.tgisinternal and t.tgenabled <> 'D' and t.tgname not like 'supplysync\_%'
    union
    select c.relname from pg_rewrite as r join pg_class as c on c.oid = r.ev_class
    where {_WANTED} and r.ev_type <> '1'
"""
_FOREIGN_KEYS = f"""
    select k.oid, c.relname, k.conrelid::regclass::text, h.relname, quote_ident(a.attname), quote_ident(b.attname),
        k.confdeltype not in ('a', 'r') or k.confupdtype not in ('a', 'r')
    from pg_constraint as k join pg_class as c on c.oid = k.confrelid join pg_class as h on h.oid = k.conrelid
    cross join lateral unnest(k.conkey, k.confkey) with ordinality as u (own, parent, n)
    join pg_attribute as a on a.attrelid = k.conrelid and a.attnum = u.own
    join pg_attribute as b on b.attrelid = k.confrelid and b.attnum = u.parent
    where k.contype = 'f' and {_WANTED}
    order by h.relname, k.conname, k.oid, u.n
"""
_UNIQUE_KEYS = f"""
    select c.relname, i.indexrelid, pg_get_indexdef(i.indexrelid, n, true)
    from pg_index as i join pg_class as c on c.oid = i.indrelid
    cross join lateral generate_series(1, i.indnkeyatts) as n
    where {_WANTED} and i.indisunique and i.indislive
    order by c.relname, i.indexrelid, n
"""
_COLUMNS = f"""
    select c.relname, a.attname, a.attnotnull
    from pg_attribute as a join pg_class as c on c.oid = a.attrelid
    where {_WANTED} and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
"""


class PostgresqlSurroundings(SiteDatabase):
    """The surroundings of tables in a PostgreSQL database."""

    def surroundings(self, tables: Collection[str]) -> Surroundings:
        """What the site's program has put around ``tables``."""
        wanted = (sorted(tables),)
        keys: dict[str, list[tuple[str, ...]]] = {}
        for (table, _), rows in groupby(self.execute(_UNIQUE_KEYS, wanted), key=lambda row: (row[0], row[1])):
            parts = tuple(part for _, _, part in rows)
            if parts != ("id",):
                keys.setdefault(table, []).append(parts)
        columns = self.execute(_COLUMNS, wanted) if keys else []
        return Surroundings(
            frozenset(table for (table,) in self.execute(_TRIGGERED, wanted * 2)),
            tuple(self._foreign_keys(wanted)),
            {
                table: tuple(ProgramKey(parts, _columns_in(parts, table, columns)) for parts in found)
                for table, found in keys.items()
            },
            frozenset((table, column) for table, column, is_needed in columns if not is_needed),
        )

    def broken_references(self, tables: Collection[str]) -> frozenset[tuple[object, ...]]:
        """Nothing: the server itself refuses when it is told to look at deferred constraints now."""
        self.execute("set constraints all immediate")
        self.execute("set constraints all deferred")
        return frozenset()

    def _foreign_keys(self, wanted: tuple[list[str]]) -> list[ForeignKey]:
        found = groupby(self.execute(_FOREIGN_KEYS, wanted), key=lambda row: (row[0], row[1], row[2], row[3], row[6]))
        return [
            ForeignKey(table, child, name, tuple((own, parent) for _, _, _, _, own, parent, _ in rows), acts)
            for (_, table, child, name, acts), rows in found
        ]


def _columns_in(parts: tuple[str, ...], table: str, columns: list[tuple[str, str, bool]]) -> tuple[str, ...]:
    words = {word for part in parts for word in re.findall(r"\w+", part)}
    return tuple(column for owner, column, _ in columns if owner == table and column in words)
