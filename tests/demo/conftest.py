"""A demo network on disk, made once: site 8 on PostgreSQL, the rest on SQLite."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree

import pytest

from demo.network.network import network, write_network
from demo.network.project_files import POSTGRES_SITE
from demo.people.simulate import DemoSite
from demo.reference.frames import Tables
from demo.reference.places import SITES, STORES, ReferenceSite

SEED = 7
NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)


def demo_sites(folder: Path, postgres_url: str) -> list[DemoSite]:
    return [
        DemoSite(
            site_code=site.code,
            url=postgres_url if site.code == POSTGRES_SITE else site.database,
            store_codes=tuple(store.code for store in STORES if store.site == site.code),
            folder=folder,
            is_primary=site.code == "central",
        )
        for site in SITES
    ]


@pytest.fixture(scope="session")
def born() -> dict[ReferenceSite, Tables]:
    """What each site holds at the start; working it out takes seconds."""
    return network(seed=SEED, now=NOW)


@pytest.fixture(scope="session")
def tables(born) -> dict[str, Tables]:
    """The same, by site code."""
    return {site.code: tables for site, tables in born.items()}


@pytest.fixture(scope="session")
def demo(tmp_path_factory, postgres_server, born) -> list[DemoSite]:
    """The sites of a fresh demo network; tests that write use `own_demo`."""
    folder = tmp_path_factory.mktemp("demo")
    url = postgres_server.create_database("demo_network")
    write_network(folder, born, postgres_url=url)
    return demo_sites(folder, url)


@pytest.fixture
def new_demo(tmp_path, demo, postgres_server) -> Iterator[Callable[[], list[DemoSite]]]:
    """A callable that makes a network of the test's own, by copying; no site of `demo` is open here (B1)."""
    made: list[str] = []

    def make() -> list[DemoSite]:
        made.append(f"demo_own_{len(made)}")
        url = postgres_server.create_database(made[-1], copy_of="demo_network")
        folder = tmp_path / made[-1]
        copytree(demo[0].folder, folder)
        return demo_sites(folder, url)

    yield make
    for name in made:
        postgres_server.drop_database(name)


@pytest.fixture
def own_demo(new_demo: Callable[[], list[DemoSite]]) -> list[DemoSite]:
    """A network to write in."""
    return new_demo()
