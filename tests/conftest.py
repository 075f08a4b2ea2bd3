"""Fresh site databases on both engines; nothing else is shared between the tests' folders."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from demo.network.postgres import PostgresServer
from sites.engines.connection import open_site
from sites.schema import SCHEMA
from warehouse.connection import open_warehouse

NewSite = Callable[[str], str]
_NUMBERS = count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One PostgreSQL server for each process that runs tests."""
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="session")
def new_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """A callable that puts a warehouse without rows at a path: a copy, since making one takes a second."""
    made = tmp_path_factory.mktemp("warehouse") / "working.duckdb"
    with open_warehouse(made, SCHEMA):
        pass

    def copy(path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copyfile(made, path))

    return copy


@pytest.fixture
def new_site(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[NewSite]:
    """A callable that makes an empty database of the engine named and returns its URL."""
    made: list[str] = []

    def make(engine: str) -> str:
        number = next(_NUMBERS)
        if engine == "sqlite":
            url = f"sqlite:///{tmp_path}/site_{number}.sqlite"
            with open_site(url, tmp_path, create=True):
                return url
        made.append(f"site_{number}")
        server: PostgresServer = request.getfixturevalue("postgres_server")
        return server.create_database(made[-1])

    yield make
    for name in made:
        request.getfixturevalue("postgres_server").drop_database(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def site_url(request: pytest.FixtureRequest, new_site: NewSite) -> str:
    """The URL of an empty database, once on SQLite and once on PostgreSQL."""
    return new_site(request.param)
