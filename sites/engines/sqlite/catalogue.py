"""What tables and columns a SQLite file has."""

from __future__ import annotations

from sites.engines.engine import SiteDatabase

_COLUMNS = """
    SELECT t.name, c.name FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c
    WHERE t.type = 'table'
"""


class SqliteCatalogue(SiteDatabase):
    """The catalogue of a SQLite file."""

    def tables(self) -> set[str]:
        """The names of the tables."""
        return {name for (name,) in self.execute("select name from sqlite_master where type = 'table'")}

    def has_table(self, table: str) -> bool:
        """Whether there is a table of that name."""
        return bool(self.execute("select 1 from sqlite_master where type = 'table' and name = ?", (table,)))

    def columns(self) -> list[tuple[str, str]]:
        """The columns of all tables, as (table, column)."""
        return [(table, column) for table, column in self.execute(_COLUMNS)]
