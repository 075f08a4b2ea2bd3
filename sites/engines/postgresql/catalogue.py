"""What tables and columns the default schema of a PostgreSQL session has."""

from __future__ import annotations

from collections.abc import Mapping

from sites.engines.engine import SiteDatabase

_HERE = "c.relnamespace = to_regnamespace(quote_ident(current_schema())) and c.relkind in ('r', 'p')"
_COLUMNS = f"""
    select c.relname::text, array_agg(a.attname::text)
    from pg_attribute as a join pg_class as c on c.oid = a.attrelid
    where {_HERE} and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    group by c.relname
"""
_DEFAULTS = f"""
    select a.attname::text, pg_get_expr(d.adbin, d.adrelid)
    from pg_attrdef as d join pg_class as c on c.oid = d.adrelid
        join pg_attribute as a on a.attrelid = d.adrelid and a.attnum = d.adnum
    where {_HERE} and c.relname = ?
"""


class PostgresqlCatalogue(SiteDatabase):
    """The catalogue of a database on a PostgreSQL server."""

    def tables(self) -> set[str]:
        """The names of the tables."""
        rows = self.execute("select tablename from pg_tables where schemaname = current_schema()")
        return {name for (name,) in rows}

    def has_table(self, table: str) -> bool:
        """Whether there is a table of that name."""
        return bool(self.execute("select 1 where to_regclass(?) is not null", (table,)))

    def column_names(self) -> Mapping[str, frozenset[str]]:
        """The columns of each table that one can write to."""
        return {table: frozenset(names) for table, names in self.execute(_COLUMNS)}

    def column_defaults(self, table: str) -> Mapping[str, str]:
        """What the columns of a table have where nobody says it, as SQL."""
        return dict(self.execute(_DEFAULTS, (table,)))
