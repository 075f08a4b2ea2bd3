"""Empty databases of each engine, for tests: a new engine is one more line of ``EMPTY_DATABASES``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from demo.network.postgres import PostgresServer
from sites.engines.connection import open_site

Server = Callable[[], PostgresServer]
"""Gives the tests' PostgreSQL server, which is started when somebody asks for it first."""


@contextmanager
def sqlite_file(folder: Path, name: str, _: Server) -> Iterator[str]:
    """The URL of an empty SQLite file in the folder, which is removed with it."""
    url = f"sqlite:///{folder}/{name}.sqlite"
    with open_site(url, folder, create=True):
        pass
    yield url


@contextmanager
def postgresql_database(_: Path, name: str, server: Server) -> Iterator[str]:
    """The URL of an empty database on the tests' server, dropped at the end."""
    yield server().create_database(name)
    server().drop_database(name)


EMPTY_DATABASES: Mapping[str, Callable[[Path, str, Server], AbstractContextManager[str]]] = {
    "sqlite": sqlite_file,
    "postgresql": postgresql_database,
}
