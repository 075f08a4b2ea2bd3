"""Networks of wanted topologies, each site's database ready to work in. Their warehouses stay open for the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from tests.central.copies import kept_open
from tests.network.real import RealNetwork
from tests.oracle.topology import Wanted

NewNetwork = Callable[..., RealNetwork]
_NUMBERS = count(1)


@pytest.fixture
def new_network(
    tmp_path: Path, new_captured_site: Callable[[str], str], new_warehouse: Callable[[Path], Path]
) -> Iterator[NewNetwork]:
    """A callable that makes the databases of a wanted network, each site on the engine named for its id."""
    until_the_end = ExitStack()

    def make(
        wanted: Wanted, engines: dict[int, str], *, is_kept_open: bool = True, kind: type[RealNetwork] = RealNetwork
    ) -> RealNetwork:
        folder = tmp_path / f"network_{next(_NUMBERS)}"
        urls = {site_id: new_captured_site(engine) for site_id, engine in engines.items()}
        network = kind(folder, wanted, urls)
        made = new_warehouse(network.project().warehouse)
        if is_kept_open:
            until_the_end.enter_context(kept_open(made))
        return network

    with until_the_end:
        yield make
