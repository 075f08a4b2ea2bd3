"""The reference tables in a site's database: made, or compared with what is there."""

from __future__ import annotations

from collections.abc import Iterator

from sites.engines.engine import SiteDatabase
from sites.schema.columns import DECLARED


def statements(db: SiteDatabase) -> Iterator[str]:
    """The DDL for the engine of ``db``, a table after those it refers to."""
    # SQLAlchemy is loaded where tables are made: it takes longer than most commands
    from sqlalchemy.schema import CreateIndex, CreateTable

    from sites.schema.metadata import metadata_of

    dialect = db.dialect()
    for table in metadata_of(DECLARED).sorted_tables:
        yield str(CreateTable(table).compile(dialect=dialect)).strip()
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            yield str(CreateIndex(index).compile(dialect=dialect)).strip()


def create(db: SiteDatabase) -> None:
    """Make every reference table in an empty database, in one transaction.

    Raises SiteFailed where a table of that name exists already.
    """
    with db.transaction(write=True):
        db.script(statements(db))
