"""The engines that a site may have, by the scheme of their URLs: a new one is a line here and its folder."""

from __future__ import annotations

from collections.abc import Mapping

from sites.engines.engine import SiteDatabase
from sites.engines.postgresql.engine import PostgresqlDatabase
from sites.engines.sqlite.engine import SqliteDatabase

ENGINES: Mapping[str, type[SiteDatabase]] = {
    "sqlite": SqliteDatabase,
    "postgresql": PostgresqlDatabase,
}
