"""Fresh site databases on each engine, and copies of small networks; tests share what is never changed, no more."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from demo.network.postgres import PostgresServer
from sites.capture import triggers
from sites.engines.connection import open_site
from sites.engines.registry import ENGINES
from sites.schema import SCHEMA, create
from tests.central.clinics import Clinics, make_clinics
from tests.central.copies import Copies
from tests.central.small_network import Network, make_network
from tests.engines import COPIES, EMPTY_DATABASES
from warehouse.connection import open_warehouse

os.environ.pop("COLUMNS", None)  # whoever runs the tests has a window, and its width is nobody's business here

NewSite = Callable[[str], str]
_NUMBERS = count(1)
_LONGEST = ("network", "central", "pipelines", "demo", "warehouse", "dashboard")
"""Folders whose tests run cycles, publish or open pages: they begin first, that no worker is left alone with them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole files by their folder; nothing hangs on the order."""
    places = {folder: place for place, folder in enumerate(_LONGEST)}
    items.sort(key=lambda item: places.get(item.path.parent.name, len(places)))


def pytest_collection_finish() -> None:
    """What is loaded by now stays: Python need not look through it again each time that it collects garbage."""
    gc.collect()
    gc.freeze()


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


@pytest.fixture(scope="session")
def captured_original(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Callable[[str], str]:
    """A callable that gives the URL of a database of an engine with every table, captured and empty, to be copied."""
    made: dict[str, str] = {}
    databases = ExitStack()  # never closed: they go with their folder and their server

    def original(engine: str) -> str:
        if engine not in made:
            database = EMPTY_DATABASES[engine](
                tmp_path_factory.mktemp("captured"), "captured", lambda: request.getfixturevalue("postgres_server")
            )
            made[engine] = _captured(databases.enter_context(database))
        return made[engine]

    return original


def _captured(url: str) -> str:
    with open_site(url, Path()) as db:
        create(db)
        triggers.install(db, SCHEMA)
    return url


@pytest.fixture
def new_captured_site(
    tmp_path: Path, captured_original: Callable[[str], str], request: pytest.FixtureRequest
) -> Iterator[NewSite]:
    """A callable that makes a database with every table, captured and empty, and returns its URL."""

    def server() -> PostgresServer:
        found: PostgresServer = request.getfixturevalue("postgres_server")
        return found

    with ExitStack() as databases:

        def make(engine: str) -> str:
            name = f"captured_{next(_NUMBERS)}"
            if engine not in COPIES:
                return _captured(databases.enter_context(EMPTY_DATABASES[engine](tmp_path, name, server)))
            return databases.enter_context(COPIES[engine](captured_original(engine), tmp_path, name, server))

        yield make


@pytest.fixture(params=list(ENGINES))
def captured_url(request: pytest.FixtureRequest, new_captured_site: NewSite) -> str:
    """The URL of a database with every table, captured and empty, once on each engine."""
    return new_captured_site(request.param)


@pytest.fixture(scope="session")
def copies(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Copies:
    """Networks made once for each process that runs tests, to be copied."""
    return Copies(postgres_server, tmp_path_factory.mktemp("originals"))


@pytest.fixture(scope="session")
def make_small_network(new_warehouse: Callable[[Path], Path]) -> Callable[[Path, str], Network]:
    """A callable that makes the small network in a folder, `south` at a PostgreSQL URL."""

    def make(folder: Path, url: str) -> Network:
        made = make_network(folder, "sqlite:///north.sqlite", url)
        new_warehouse(made.project.warehouse)
        return made

    return make


@pytest.fixture(scope="session")
def make_synced_clinics(new_warehouse: Callable[[Path], Path]) -> Callable[[str, Path, str], Clinics]:
    """A callable that makes clinics in a folder and runs a cycle; the site that it names is at a PostgreSQL URL."""

    def make(postgresql: str, folder: Path, url: str) -> Clinics:
        urls = {site: f"sqlite:///{site}.sqlite" for site in ("north", "south")} | {postgresql: url}
        made = make_clinics(folder, urls["north"], urls["south"])
        new_warehouse(made.project.warehouse)
        made.cycle()
        return made

    return make


@pytest.fixture
def small_network(
    copies: Copies, tmp_path: Path, make_small_network: Callable[[Path, str], Network]
) -> Iterator[Network]:
    """The small network of three sites, not yet synchronised; `south` is PostgreSQL."""
    with copies.of("network", make_small_network, tmp_path / "network") as made:
        yield made
