"""What tables and columns the default schema of a PostgreSQL session has."""

from __future__ import annotations

from sites.engines.engine import SiteDatabase

_COLUMNS = """
    SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()
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

    def columns(self) -> list[tuple[str, str]]:
        """The columns of all tables, as (table, column)."""
        return [(table, column) for table, column in self.execute(_COLUMNS)]
