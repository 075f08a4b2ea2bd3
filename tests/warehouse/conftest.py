"""A warehouse of its own for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sites.schema import SCHEMA
from warehouse.connection import Connection, open_warehouse


@pytest.fixture
def con(tmp_path: Path, new_warehouse: Callable[[Path], Path]) -> Iterator[Connection]:
    """An empty warehouse, open for writing."""
    with open_warehouse(new_warehouse(tmp_path / "working.duckdb"), SCHEMA) as opened:
        yield opened
