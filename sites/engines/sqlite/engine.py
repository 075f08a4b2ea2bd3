"""SQLite, put together of its parts."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from sqlalchemy.engine import URL

from sites.engines.sqlite.bookmark import SqliteBookmarks
from sites.engines.sqlite.canonical import SqliteCanonical
from sites.engines.sqlite.capture import SqliteCapture
from sites.engines.sqlite.catalogue import SqliteCatalogue
from sites.engines.sqlite.connection import first_statements, open_file
from sites.engines.sqlite.surroundings import SqliteSurroundings
from sites.engines.sqlite.values import FileDialect


class SqliteDatabase(SqliteCanonical, SqliteCatalogue, SqliteBookmarks, SqliteCapture, SqliteSurroundings):
    """A SQLite file."""

    engine = "sqlite"
    dialect = FileDialect

    @classmethod
    def connect(cls, url: URL, folder: Path, *, timeout_s: float, create: bool) -> Self:
        """Open the file at ``url``, a relative path from ``folder``; ``create`` makes a missing one."""
        database = cls(open_file(url, folder, create=create))
        try:
            database.script(first_statements(timeout_s, create=create))
        except BaseException:
            database.close()
            raise
        return database
