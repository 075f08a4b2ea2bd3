"""What tables and columns a SQLite file has."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sites.engines.engine import SiteDatabase

_COLUMNS = """
    select t.name, json_group_array(lower(c.name))
    from sqlite_schema as t join pragma_table_info(t.name) as c
    where t.type = 'table'
    group by t.name
"""
_DEFINITIONS = """
    select group_concat(coalesce(sql, name || ' of ' || tbl_name), ';')
    from (select sql, name, tbl_name from sqlite_schema where type in ('table', 'index') order by type, name)
"""


class SqliteCatalogue(SiteDatabase):
    """The catalogue of a SQLite file."""

    _there: set[str]

    def tables(self) -> set[str]:
        """The names of the tables."""
        return {name for (name,) in self.execute("select name from sqlite_master where type = 'table'")}

    def has_table(self, table: str) -> bool:
        """Whether there is a table of that name."""
        if table not in self._there:
            self._there |= self.tables()
        return table in self._there

    def definitions(self) -> str | None:
        """The statements that made tables and indexes: the file keeps them as they were written."""
        return str(self.execute(_DEFINITIONS)[0][0])

    def column_names(self) -> Mapping[str, frozenset[str]]:
        """The columns of each table that one can write to."""
        return {table: frozenset(json.loads(names)) for table, names in self.execute(_COLUMNS)}

    def column_defaults(self, table: str) -> Mapping[str, str]:
        """What the columns of a table have where nobody says it, as SQL."""
        sql = "select lower(name), dflt_value from pragma_table_info(?) where dflt_value is not null"
        return dict(self.execute(sql, (table,)))
