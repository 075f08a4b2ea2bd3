"""One published snapshot of a fabricated network for all these tests, and the server over it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.fabricated import make
from dashboard.app import make_app
from dashboard.reading import Reader, Reading
from dashboard.static_site import write_site
from sites.schema import SCHEMA
from tests.dashboard.client import TestClient
from warehouse.connection import open_warehouse
from warehouse.snapshot import publish


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of snapshots: six stores, eight items, published as a cycle does."""
    folder = tmp_path_factory.mktemp("network")
    with open_warehouse(folder / "working.duckdb", SCHEMA) as con:
        make(con, items=8)
        publish(con, folder / "published", SCHEMA, now=datetime.now(UTC))
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
