"""PostgreSQL, put together of its parts."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import URL

from sites.engines.postgresql.bookmark import PostgresqlBookmarks
from sites.engines.postgresql.canonical import PostgresqlCanonical
from sites.engines.postgresql.capture import PostgresqlCapture
from sites.engines.postgresql.catalogue import PostgresqlCatalogue
from sites.engines.postgresql.connection import open_session
from sites.engines.postgresql.surroundings import PostgresqlSurroundings


class PostgresqlDatabase(
    PostgresqlCanonical, PostgresqlCatalogue, PostgresqlBookmarks, PostgresqlCapture, PostgresqlSurroundings
):
    """A database on a PostgreSQL server; its tables are in the session's default schema."""

    engine = "postgresql"
    dialect = postgresql.dialect

    @classmethod
    def connect(cls, url: URL, folder: Path, *, timeout_s: float, create: bool) -> Self:
        """Open a session on the server at ``url``; the database is there already."""
        return cls(open_session(url, timeout_s=timeout_s))
