"""Site databases ready to work in, made once on each engine and copied for each network."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from demo.network.postgres import PostgresServer
from sites.capture import triggers
from sites.engines.connection import open_site
from sites.schema import SCHEMA, create
from tests.network.real import RealNetwork
from tests.oracle.topology import Wanted

NewNetwork = Callable[[Wanted, dict[int, str]], RealNetwork]
_NUMBERS = count(1)
_TEMPLATE = "network_template"


def _prepare(url: str, *, new: bool) -> None:
    with open_site(url, Path(), create=new) as db:
        create(db)
        triggers.install(db, SCHEMA)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with every table, captured and empty."""
    path = tmp_path_factory.mktemp("template") / "site.sqlite"
    _prepare(f"sqlite:///{path}", new=True)
    return path


@pytest.fixture(scope="session")
def postgresql_template(postgres_server: PostgresServer) -> str:
    """The name of a PostgreSQL database with every table, captured and empty."""
    _prepare(postgres_server.create_database(_TEMPLATE), new=False)
    return _TEMPLATE


@pytest.fixture
def new_network(
    tmp_path: Path, sqlite_template: Path, new_warehouse: Callable[[Path], Path], request: pytest.FixtureRequest
) -> Iterator[NewNetwork]:
    """A callable that makes the databases of a wanted network, each site on the engine named for its id."""
    made: list[str] = []

    def database(engine: str, place: Path) -> str:
        if engine == "sqlite":
            place.mkdir(parents=True)
            shutil.copyfile(sqlite_template, place / "site.sqlite")
            return f"sqlite:///{place}/site.sqlite"
        server: PostgresServer = request.getfixturevalue("postgres_server")
        template: str = request.getfixturevalue("postgresql_template")
        made.append(f"network_{next(_NUMBERS)}")
        with open_site(server.url("postgres"), Path()) as db:
            db.execute(f"create database {made[-1]} template {template} strategy file_copy")
        return server.url(made[-1])

    def make(wanted: Wanted, engines: dict[int, str]) -> RealNetwork:
        folder = tmp_path / f"network_{next(_NUMBERS)}"
        urls = {site_id: database(engine, folder / "sites" / str(site_id)) for site_id, engine in engines.items()}
        network = RealNetwork(folder, wanted, urls)
        new_warehouse(network.project().warehouse)
        return network

    yield make
    for name in made:
        request.getfixturevalue("postgres_server").drop_database(name)
