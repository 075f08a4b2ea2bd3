"""Fresh site databases on each engine; nothing else is shared between the tests' folders."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from demo.network.postgres import PostgresServer
from sites.engines.registry import ENGINES
from sites.schema import SCHEMA
from tests.engines import EMPTY_DATABASES
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
    with ExitStack() as databases:

        def make(engine: str) -> str:
            database = EMPTY_DATABASES[engine](
                tmp_path, f"site_{next(_NUMBERS)}", lambda: request.getfixturevalue("postgres_server")
            )
            return databases.enter_context(database)

        yield make


@pytest.fixture(params=list(ENGINES))
def site_url(request: pytest.FixtureRequest, new_site: NewSite) -> str:
    """The URL of an empty database, once on each engine."""
    return new_site(request.param)
