"""B44, B46, B47: operators change the network among people's work; once it is quiet, every site, the warehouse and what
was not admitted equal the oracle, and a plan counts what is then sent.

Stores move, are called back, sent on and taken from lost sites, another site becomes primary, sites come, go and are
paused, options and collectors change, people get other homes. To find the cycle in which something went wrong:
``EACH_CYCLE=1 python -m pytest ...``.
"""

from __future__ import annotations

import os
from random import Random

import pytest

from central.backup.replay import replay_cycles
from tests.network.deck import Script
from tests.network.operators import AppliedNetwork, Operators
from tests.seeds import seeds

STEPS = 24
FEW = 1
PLAYED = [
    pytest.param(0, FEW, 1, id="0", marks=pytest.mark.long),
    *(pytest.param(seed, STEPS, 3, id=f"{seed}-long", marks=pytest.mark.long) for seed in seeds(3, 12)),
]


@pytest.mark.parametrize(("seed", "steps", "every"), PLAYED)
def test_b47_a_network_whose_operators_change_it_ends_as_the_oracle(seed, steps, every, new_network):
    script = Script(seed)
    engines = {site.id: site.engine for site in script.oracle.sites.values()}
    spare = {max(engines) + more: ("sqlite", "postgresql")[(seed + more) % 2] for more in (1, 2)}
    network = new_network(script.oracle.wanted, engines | spare, kind=AppliedNetwork)
    operators = Operators(script, network, Random(seed), spare=[*spare])
    found = operators.play(steps, every=every, each_cycle=bool(os.environ.get("EACH_CYCLE")))
    assert not found, "\n".join(found)
    assert network.sent == 0
    assert operators.done["planned rows"] > 0
    if steps == STEPS:
        replayed = replay_cycles(network.project(), until=None, out=None, place=None)
        assert (replayed.compared_with, replayed.differing) == ("the working warehouse", [])  # W5, B54
