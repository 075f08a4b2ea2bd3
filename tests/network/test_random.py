"""B14: random work on twenty random networks; once they are quiet every site and the warehouse equal the oracle.

To find the cycle in which something went wrong: ``EACH_CYCLE=1 python -m pytest tests/network/test_random.py``.
"""

from __future__ import annotations

import os
from collections import Counter
from random import Random

import pytest

from central.backup.replay import replay_cycles
from tests.network import programs
from tests.network.comparing import play
from tests.network.deck import KINDS, Script
from tests.seeds import seeds

STEPS = 60
FEW = 12  # in `make test`
WEIGHED = range(18)
PLAYED = [
    pytest.param(0, FEW, id="0"),
    *(pytest.param(seed, FEW, id=f"{seed}", marks=pytest.mark.long) for seed in (1, 2)),
    *(pytest.param(seed, STEPS, id=f"{seed}-long", marks=pytest.mark.long) for seed in seeds(20, 20)),
]


@pytest.mark.parametrize(("seed", "steps"), PLAYED)
def test_b14_a_quiet_network_equals_the_oracle(seed, steps, new_network):
    script = Script(seed)
    network = new_network(script.oracle.wanted, {site.id: site.engine for site in script.oracle.sites.values()})
    found = play(script, network, steps, each_cycle=bool(os.environ.get("EACH_CYCLE")))
    assert not found, "\n".join(found)
    assert network.sent == 0  # the last cycle had nothing left to do
    assert set(network.queued().values()) == {0}
    if steps == STEPS:
        replayed = replay_cycles(network.project(), until=None, out=None, place=None)
        assert (replayed.compared_with, replayed.differing) == ("the working warehouse", [])  # W5, B54
    network.forget_rules()
    network.cycle()
    assert network.sent == 0  # what the rules say of records that exist is what it was when they came
    assert network.admitted_in_last_cycle() == []


@pytest.mark.parametrize(
    ("seed", "steps"),
    [
        pytest.param(101, FEW, id="101", marks=pytest.mark.long),
        *(pytest.param(seed, STEPS, id=f"{seed}-long", marks=pytest.mark.long) for seed in seeds(3, 8, since=101)),
    ],
)
def test_b57_b58_programs_and_their_upgrades_change_nothing(seed, steps, new_network):
    """Sites whose programs have triggers, foreign keys, unique keys and columns of their own, and remake tables: the
    end is what it is without, and nothing travels then."""
    script, rng = Script(seed), Random(seed)
    network = new_network(script.oracle.wanted, {site.id: site.engine for site in script.oracle.sites.values()})
    programs.install(network, rng)
    found = play(script, network, steps, each_cycle=bool(os.environ.get("EACH_CYCLE")),
                 before_cycle=lambda one: programs.upgrade(one, rng))  # fmt: skip
    assert not found, "\n".join(found)
    network.cycle()
    assert network.sent == 0
    assert set(network.queued().values()) == {0}


@pytest.mark.parametrize(
    ("seed", "steps"),
    [
        pytest.param(201, FEW, id="201", marks=pytest.mark.long),
        *(pytest.param(seed, STEPS, id=f"{seed}-long", marks=pytest.mark.long) for seed in seeds(3, 6, since=201)),
    ],
)
def test_b8_a_warehouse_that_is_lost_or_put_back_now_and_then_changes_nothing(seed, steps, new_network):
    """The next cycle brings it along from what is kept, among programs too: nothing is lost, or done twice."""
    script, rng = Script(seed), Random(seed)
    engines = {site.id: site.engine for site in script.oracle.sites.values()}
    network = new_network(script.oracle.wanted, engines, is_kept_open=False)
    programs.install(network, rng)
    found = play(script, network, steps, every=6, each_cycle=bool(os.environ.get("EACH_CYCLE")),
                 before_cycle=lambda one: one.risk_warehouse(rng))  # fmt: skip
    assert not found, "\n".join(found)
    network.project().warehouse.unlink()
    network.cycle()
    assert network.sent == 0
    assert set(network.queued().values()) == {0}
    assert network.differs_from_kept() == []


@pytest.mark.long
def test_b14_every_kind_of_step_weighs():
    """Each kind of step happens at least 35 times in these seeds; the oracle alone tells, as it alone draws them."""
    counts: Counter[str] = Counter()
    for seed in WEIGHED:
        script = Script(seed)
        for step in script.steps(STEPS):
            if step.is_cycle:
                script.oracle.cycle(step.only)
        counts += script.counts
    assert {name: counts[name] for name in KINDS if counts[name] < 35} == {}
