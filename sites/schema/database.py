"""The reference tables in a site's database: made, or compared with what is there."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from sites.engines.connection import SiteDatabase
from sites.schema.columns import METADATA

_DIALECTS = {"sqlite": sqlite.dialect, "postgresql": postgresql.dialect}

_COLUMNS = {
    "sqlite": """
        SELECT t.name, c.name FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c
        WHERE t.type = 'table'
    """,
    "postgresql": """
        SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()
    """,
}


def statements(engine: str) -> Iterator[str]:
    """The DDL for ``engine`` (sqlite or postgresql), a table after those it refers to."""
    dialect = _DIALECTS[engine]()
    for table in METADATA.sorted_tables:
        yield str(CreateTable(table).compile(dialect=dialect)).strip()
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            yield str(CreateIndex(index).compile(dialect=dialect)).strip()


def create(db: SiteDatabase) -> None:
    """Make every reference table in an empty database, in one transaction.

    Raises SiteFailed where a table of that name exists already.
    """
    with db.transaction(write=True):
        db.script(statements(db.engine))


def drift(db: SiteDatabase) -> list[str]:
    """What the database lacks of the reference tables, in words, sorted; empty where it lacks nothing."""
    found: dict[str, set[str]] = {}
    for table, column in db.execute(_COLUMNS[db.engine]):
        found.setdefault(table, set()).add(column)
    lacks: list[str] = []
    for name, table in sorted(METADATA.tables.items()):
        if name not in found:
            lacks.append(f"table `{name}` is missing")
            continue
        missing = [column.name for column in table.columns if column.name not in found[name]]
        lacks += [f"table `{name}` has no column `{column}`" for column in missing]
    return lacks
