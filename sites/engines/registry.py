"""The engines that a site may have, by the scheme of their URLs: a new one is a line here and its folder.

Each is loaded when a database of it is opened: drivers take longer to load than most commands to answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sites.engines.engine import SiteDatabase


def _sqlite() -> type[SiteDatabase]:
    from sites.engines.sqlite.engine import SqliteDatabase

    return SqliteDatabase


def _postgresql() -> type[SiteDatabase]:
    from sites.engines.postgresql.engine import PostgresqlDatabase

    return PostgresqlDatabase


ENGINES: Mapping[str, Callable[[], type[SiteDatabase]]] = {"sqlite": _sqlite, "postgresql": _postgresql}
