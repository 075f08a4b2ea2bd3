"""Sites are put back from backups of their own while people work, and are let in again (B50).

What people changed after the backup and before the loss is there in the end, where they did not change it again since;
what they changed since is there; nothing else is refused. A number that both lines gave is the one thing that can be
there twice, and is told of (`data_quality`).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.central.copies import kept_open
from tests.network.movers import HOW, make_movers
from tests.network.restorers import RESTORED, Restorers
from tests.network.test_moving import whole
from tests.seeds import seeds

UNDISTURBED = [how for how in HOW if how not in ("some sites", "people go on")]


@pytest.mark.long
@pytest.mark.parametrize("seed", seeds(3, 12))
def test_b50_nothing_of_either_line_is_lost(
    seed: int, tmp_path: Path, new_site: Callable[[str], str], new_warehouse: Callable[[Path], Path]
) -> None:
    urls = {"central": "sqlite:///central.sqlite", "one": "sqlite:///one.sqlite", "two": new_site("postgresql"),
            "three": "sqlite:///three.sqlite" if seed % 2 else new_site("postgresql")}  # fmt: skip
    made = make_movers(tmp_path / "network", urls, Random(seed), ("central", "two")[seed % 3 == 2])
    network = Restorers(made.folder, made.urls, made.rng, made.first_primary)
    rng = network.rng
    with kept_open(new_warehouse(network.project.warehouse)), network.until_the_end:
        network.cycle()
        network.cycle()
        for _ in range(14):
            for _each in range(rng.randint(2, 8)):
                network.work()
            network.office()
            if rng.random() < 0.5:
                network.back_up(rng.choice(RESTORED))
            site = rng.choice(RESTORED)
            if site in network.lines and rng.random() < 0.7:
                network.let_in(site)
                network.cycle(rng.choice(UNDISTURBED))  # nobody works there until it is told what it lacks
                network.cycle()
            elif site in network.kept and site not in network.lines:
                network.cycle()
                network.put_back(site)
            network.cycle(rng.choice(HOW))
        for site in sorted(network.lines):
            network.let_in(site)
        for _ in range(4):
            network.cycle()
        whole(network, listed={"changed_on_both_lines"})
