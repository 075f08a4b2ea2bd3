"""The small network, new for each test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.assets.clinics import ENGINES, Clinics, make_clinics
from tests.assets.small_network import Network, make_network


@pytest.fixture
def network(tmp_path: Path, new_site: Callable[[str], str]) -> Network:
    """Three sites, not yet synchronised; `south` is PostgreSQL."""
    return make_network(tmp_path / "network", "sqlite:///north.sqlite", new_site("postgresql"))


@pytest.fixture
def clinics(tmp_path: Path, new_site: Callable[[str], str]) -> Clinics:
    """Clinics with patients, synchronised once; `south` is PostgreSQL."""
    made = make_clinics(tmp_path / "clinics", "sqlite:///north.sqlite", new_site("postgresql"))
    made.cycle()
    return made


@pytest.fixture(params=ENGINES)
def either_clinics(request: pytest.FixtureRequest, tmp_path: Path, new_site: Callable[[str], str]) -> Clinics:
    """The same; `north` has the engine asked for, `south` the other."""
    engines = {"north": request.param, "south": "sqlite" if request.param == "postgresql" else "postgresql"}
    urls = {site: f"sqlite:///{site}.sqlite" if one == "sqlite" else new_site(one) for site, one in engines.items()}
    made = make_clinics(tmp_path / "clinics", urls["north"], urls["south"])
    made.cycle()
    return made
