"""O6, B56: after any work of people, on random networks, `verify` finds nothing in a network that is quiet, nor in one
in which much is under way; what is planted is found."""

from __future__ import annotations

import pytest

from tests.network.comparing import play
from tests.network.deck import Script
from tests.network.verifying import found, verified

STEPS = 60
FEW = 12
PLAYED = [
    pytest.param(0, FEW, id="0"),
    *(pytest.param(seed, FEW, id=f"{seed}", marks=pytest.mark.long) for seed in range(1, 6)),
    *(pytest.param(seed, STEPS, id=f"{seed}-long", marks=pytest.mark.long) for seed in range(20)),
]


@pytest.mark.parametrize(("seed", "steps"), PLAYED)
def test_o6_nothing_is_found_where_nobody_meddled(seed, steps, new_network):
    script = Script(seed)
    network = new_network(script.oracle.wanted, {site.id: site.engine for site in script.oracle.sites.values()})
    looked: list[str] = []

    def look(one):
        if one.cycles:
            looked.extend(found(one.project()))

    assert not play(script, network, steps, every=4, before_cycle=look)
    assert not looked, "\n".join(looked)
    assert not found(network.project())
    assert sum(one.records for one in verified(network.project())) > 100
