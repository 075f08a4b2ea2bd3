"""The reference tables in a site's database: made, or compared with what is there."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.schema import CreateIndex, CreateTable

from sites.engines.engine import SiteDatabase
from sites.schema.columns import METADATA


def statements(db: SiteDatabase) -> Iterator[str]:
    """The DDL for the engine of ``db``, a table after those it refers to."""
    dialect = db.dialect()
    for table in METADATA.sorted_tables:
        yield str(CreateTable(table).compile(dialect=dialect)).strip()
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            yield str(CreateIndex(index).compile(dialect=dialect)).strip()


def create(db: SiteDatabase) -> None:
    """Make every reference table in an empty database, in one transaction.

    Raises SiteFailed where a table of that name exists already.
    """
    with db.transaction(write=True):
        db.script(statements(db))


def drift(db: SiteDatabase) -> list[str]:
    """What the database lacks of the reference tables, in words, sorted; empty where it lacks nothing."""
    found: dict[str, set[str]] = {}
    for owner, column in db.columns():
        found.setdefault(owner, set()).add(column)
    lacks: list[str] = []
    for name, table in sorted(METADATA.tables.items()):
        if name not in found:
            lacks.append(f"table `{name}` is missing")
            continue
        missing = [column.name for column in table.columns if column.name not in found[name]]
        lacks += [f"table `{name}` has no column `{column}`" for column in missing]
    return lacks
