"""One published snapshot of a fabricated network for all these tests, and the server over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.networks.large_network import published_network
from dashboard.app import make_app
from dashboard.reader import Reader, Reading
from dashboard.static_site import write_site
from tests.dashboard.client import TestClient


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory, new_warehouse: Callable[[Path], Path]) -> Path:
    """The folder of snapshots: six stores, eight items, published as a cycle does."""
    folder = tmp_path_factory.mktemp("network")
    new_warehouse(folder / "working.duckdb")
    with published_network(folder, items=8):
        pass
    return folder / "published"


@pytest.fixture(scope="session")
def client(published: Path) -> Iterator[TestClient]:
    """A client of the server, by a name that it answers to; failures of the server become responses."""
    with TestClient(make_app(published), base_url="http://localhost", raise_server_exceptions=False) as made:
        yield made


@pytest.fixture(scope="session")
def pages(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages as files."""
    folder = tmp_path_factory.mktemp("files") / "pages"
    write_site(published, folder)
    return folder


@pytest.fixture(scope="session")
def reading(published: Path) -> Iterator[Reading]:
    """The snapshot itself, to compare pages with."""
    reader = Reader(published)
    with reader.current() as opened:
        yield opened
    reader.close()
