"""What stands around tables in a SQLite file."""

from __future__ import annotations

import json
from collections.abc import Collection
from itertools import groupby

from sites.engines.engine import SiteDatabase
from sites.engines.sql import quote_found
from sites.engines.surroundings import ForeignKey, ProgramKey, Surroundings

_WANTED = "(select value from json_each(?))"
_TRIGGERED = rf"""
select distinct lower(tbl_name) from sqlite_master
where type = 'trigger' and name not like 'supplysync\_%' escape '\' and lower(tbl_name) in {_WANTED}
"""
_FOREIGN_KEYS = f"""
select m.name, f.id, lower(f."table"), f."from", coalesce(f."to", 'id'),
    f.on_delete not in ('NO ACTION', 'RESTRICT') or f.on_update not in ('NO ACTION', 'RESTRICT')
from sqlite_master as m, pragma_foreign_key_list(m.name) as f
where m.type = 'table' and m.sql like '%references%' and lower(f."table") in {_WANTED}
order by m.name, f.id, f.seq
"""
_UNIQUE_KEYS = f"""
select m.name, l.name, x.name, x.coll
from sqlite_master as m, pragma_index_list(m.name) as l, pragma_index_xinfo(l.name) as x
where m.type = 'table' and m.name in {_WANTED} and l."unique" = 1 and x.key = 1
order by m.name, l.name, x.seqno
"""
_OPTIONAL = f"""
select m.name, x.name
from sqlite_master as m, pragma_table_xinfo(m.name) as x
where m.type = 'table' and m.name in {_WANTED} and x."notnull" = 0 and x.hidden = 0
"""


class SqliteSurroundings(SiteDatabase):
    """The surroundings of tables in a SQLite file."""

    def surroundings(self, tables: Collection[str]) -> Surroundings:
        """What the site's program has put around ``tables``."""
        wanted = (json.dumps(sorted(tables)),)
        unique: dict[str, tuple[ProgramKey, ...]] = {}
        for (table, _), rows in groupby(self.execute(_UNIQUE_KEYS, wanted), key=lambda row: (row[0], row[1])):
            parts = [(column, collation) for _, _, column, collation in rows]
            columns = tuple(column for column, _ in parts)
            if columns != ("id",) and None not in columns:
                texts = tuple(f"{quote_found(column)} collate {collation}" for column, collation in parts)
                unique[table] = (*unique.get(table, ()), ProgramKey(texts, columns))
        return Surroundings(
            frozenset(table for (table,) in self.execute(_TRIGGERED, wanted)),
            tuple(self._foreign_keys(wanted)),
            unique,
            frozenset((table, column) for table, column in self.execute(_OPTIONAL, wanted)) if unique else frozenset(),
        )

    def broken_references(self, tables: Collection[str]) -> frozenset[tuple[object, ...]]:
        """The foreign keys of ``tables`` that are broken by now: nobody looks at deferred ones before the end."""
        sql = (
            f"select m.name, f.rowid, f.parent, f.fkid from sqlite_master as m, pragma_foreign_key_check(m.name) as f \
where m.type = 'table' and m.name in {_WANTED}"
        )
        return frozenset(self.execute(sql, (json.dumps(sorted(tables)),)))

    def _foreign_keys(self, wanted: tuple[str]) -> list[ForeignKey]:
        found = groupby(self.execute(_FOREIGN_KEYS, wanted), key=lambda row: (row[0], row[1], row[2], row[5]))
        return [
            ForeignKey(
                table,
                quote_found(child),
                child,
                tuple((quote_found(own), quote_found(parent)) for _, _, _, own, parent, _ in rows),
                bool(acts),
            )
            for (child, _, table, acts), rows in found
        ]
