"""Databases of each engine, for tests: a new engine is one more line of ``EMPTY_DATABASES``."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url

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


@contextmanager
def copied_file(original: str, folder: Path, name: str, _: Server) -> Iterator[str]:
    """The URL of a copy of a SQLite file that nobody has open."""
    shutil.copyfile(str(make_url(original).database), folder / f"{name}.sqlite")
    yield f"sqlite:///{folder}/{name}.sqlite"


@contextmanager
def copied_database(original: str, _: Path, name: str, server: Server) -> Iterator[str]:
    """The URL of a copy of a database that nobody is connected to, dropped at the end."""
    yield server().create_database(name, copy_of=make_url(original).database)
    server().drop_database(name)


COPIES: Mapping[str, Callable[[str, Path, str, Server], AbstractContextManager[str]]] = {
    "sqlite": copied_file,
    "postgresql": copied_database,
}
"""How a database is copied, for the engines where that is quicker than to make it anew."""
