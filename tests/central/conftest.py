"""The small networks, new for each test: a network of clinics is made once and copied."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from demo.network.postgres import PostgresServer
from sites.capture.bookmark import Bookmark, bookmark_now
from sites.engines.connection import open_site
from sites.schema import SCHEMA
from tests.central.clinics import ENGINES, Clinics, make_clinics
from tests.central.small_network import Network, make_network
from warehouse.connection import open_warehouse

_NUMBERS = count(1)
CopyClinics = Callable[[str], Clinics]


@pytest.fixture
def network(tmp_path: Path, new_site: Callable[[str], str], new_warehouse: Callable[[Path], Path]) -> Network:
    """Three sites, not yet synchronised; `south` is PostgreSQL."""
    made = make_network(tmp_path / "network", "sqlite:///north.sqlite", new_site("postgresql"))
    new_warehouse(made.project.warehouse)
    return made


@pytest.fixture(scope="session")
def made_clinics(tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer) -> Callable[[str], Clinics]:
    """Clinics synchronised once, by which of its sites is PostgreSQL: made when first asked for, never changed."""
    made: dict[str, Clinics] = {}

    def make(postgresql: str) -> Clinics:
        if postgresql not in made:
            urls = {site: f"sqlite:///{site}.sqlite" for site in ("north", "south")}
            urls[postgresql] = postgres_server.create_database(f"clinics_{postgresql}")
            made[postgresql] = make_clinics(tmp_path_factory.mktemp("clinics") / "n", urls["north"], urls["south"])
            made[postgresql].cycle()
        return made[postgresql]

    return make


@pytest.fixture
def copy_clinics(
    made_clinics: Callable[[str], Clinics], tmp_path: Path, postgres_server: PostgresServer
) -> Iterator[CopyClinics]:
    """A callable that gives the test clinics of its own; it says which of the sites is PostgreSQL."""
    names: list[str] = []

    def copy(postgresql: str) -> Clinics:
        original = made_clinics(postgresql)
        names.append(f"clinics_{next(_NUMBERS)}")
        url = postgres_server.create_database(names[-1], copy_of=f"clinics_{postgresql}")
        shutil.copytree(original.folder, tmp_path / "clinics")
        clinics = Clinics(tmp_path / "clinics", {**original.urls, postgresql: url})
        clinics.configure()
        _at_home(clinics, postgresql)
        return clinics

    yield copy
    for name in names:
        postgres_server.drop_database(name)


def _at_home(clinics: Clinics, site: str) -> None:
    """Central takes the copy of a PostgreSQL database for the one that it pulled, and not for a restored one (P6)."""
    with open_site(clinics.urls[site], clinics.folder) as db, db.transaction(write=False):
        here = bookmark_now(db).cluster
    with open_warehouse(clinics.project.warehouse, SCHEMA) as con:
        (held,) = con.execute("select bookmark from ledger.site where site_code = ?", [site]).fetchall()[0]
        moved = replace(Bookmark.of_text(held), cluster=here).to_text()
        con.execute("update ledger.site set bookmark = ?, cluster = ? where site_code = ?", [moved, here, site])


@pytest.fixture
def clinics(copy_clinics: CopyClinics) -> Clinics:
    """Clinics with patients, synchronised once; `south` is PostgreSQL."""
    return copy_clinics("south")


@pytest.fixture(params=ENGINES)
def either_clinics(request: pytest.FixtureRequest, copy_clinics: CopyClinics) -> Clinics:
    """The same; `north` has the engine asked for, `south` the other."""
    return copy_clinics("north" if request.param == "postgresql" else "south")
