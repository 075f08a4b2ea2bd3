"""The small networks of each test: copies of networks that were made once. Their warehouses stay open for the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from central.cycle.run import run_cycle
from demo.network.postgres import PostgresServer
from tests.central.clinics import Clinics, make_clinics
from tests.central.copies import Copies, kept_open
from tests.central.lost_warehouse import Lived, live
from tests.central.small_network import NOW, Network

CopyClinics = Callable[..., Clinics]


@pytest.fixture
def network(small_network: Network) -> Iterator[Network]:
    """Three sites, not yet synchronised; `south` is PostgreSQL."""
    with kept_open(small_network.project.warehouse):
        yield small_network


@pytest.fixture
def synced(copies: Copies, tmp_path: Path, make_small_network: Callable[[Path, str], Network]) -> Iterator[Network]:
    """The same after a cycle."""

    def make(folder: Path, url: str) -> Network:
        made = make_small_network(folder, url)
        run_cycle(made.project, now=NOW)
        return made

    with copies.of("synced", make, tmp_path / "network", is_kept_open=True) as made:
        yield made


@pytest.fixture(scope="session")
def lived(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """A network with some history, which nobody changes."""
    return live(tmp_path_factory.mktemp("lived"), postgres_server.create_database("lived"))


@pytest.fixture
def copy_clinics(
    copies: Copies, tmp_path: Path, make_synced_clinics: Callable[[str, Path, str], Clinics]
) -> Iterator[CopyClinics]:
    """A callable that gives the test clinics of its own; it says which of the sites is PostgreSQL, and, by a ``name``,
    what happened there before (``then``): once for all tests."""
    with ExitStack() as until_the_end:

        def copy(
            postgresql: str, name: str = "clinics", then: Callable[[Clinics], None] = lambda made: None
        ) -> Clinics:
            def make(folder: Path, url: str) -> Clinics:
                made = make_synced_clinics(postgresql, folder, url)
                then(made)
                return made

            one = copies.of(f"{name}_{postgresql}", make, tmp_path / "clinics", is_kept_open=True)
            return until_the_end.enter_context(one)

        yield copy


@pytest.fixture(params=["postgresql", pytest.param("sqlite", marks=pytest.mark.long)])
def closed_clinics(
    request: pytest.FixtureRequest, copies: Copies, make_synced_clinics: Callable[[str, Path, str], Clinics],
    tmp_path: Path,
) -> Iterator[Clinics]:  # fmt: skip
    """Clinics of which nobody keeps the warehouse open, as their server is to be lost; `north` has the engine asked
    for."""
    postgresql = "north" if request.param == "postgresql" else "south"

    def make(folder: Path, url: str) -> Clinics:
        return make_synced_clinics(postgresql, folder, url)

    with copies.of(f"clinics_{postgresql}", make, tmp_path / "clinics") as clinics:
        yield clinics


@pytest.fixture
def unheard_clinics(tmp_path: Path, new_warehouse: Callable[[Path], Path]) -> Iterator[Clinics]:
    """Clinics that were never synchronised, all SQLite."""
    clinics = make_clinics(tmp_path / "network", "sqlite:///north.sqlite", "sqlite:///south.sqlite")
    with kept_open(new_warehouse(clinics.project.warehouse)):
        yield clinics


@pytest.fixture
def clinics(copy_clinics: CopyClinics) -> Clinics:
    """Clinics with patients, synchronised once; `south` is PostgreSQL."""
    return copy_clinics("south")


@pytest.fixture(params=["postgresql", pytest.param("sqlite", marks=pytest.mark.long)])
def either_clinics(request: pytest.FixtureRequest, copy_clinics: CopyClinics) -> Clinics:
    """The same; `north` has the engine asked for, `south` the other; the other way round takes as long again."""
    return copy_clinics("north" if request.param == "postgresql" else "south")
