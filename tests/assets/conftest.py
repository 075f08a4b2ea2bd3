"""The small network, new for each test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.assets.small_network import Network, make_network


@pytest.fixture
def network(tmp_path: Path, new_site: Callable[[str], str]) -> Network:
    """Three sites, not yet synchronised; `south` is PostgreSQL."""
    return make_network(tmp_path / "network", "sqlite:///north.sqlite", new_site("postgresql"))
