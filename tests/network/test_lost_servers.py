"""O5, B53, B54: central is lost and made again from backups while people work, in random networks: no site is refused,
nobody loses anything, nothing is done twice."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from central.backup.backup import back_up
from central.backup.server_plan import chosen_backup, plan_server
from central.backup.server_restoration import restore_server
from central.server_line import required_line
from sites.schema import SCHEMA
from tests.network.movers import HOW, Movers, make_movers
from tests.network.test_moving import whole
from tests.seeds import seeds
from warehouse.connection import open_warehouse

pytestmark = pytest.mark.long


def lose_server(movers: Movers, place: Path) -> None:
    """All that central has is gone, or what it wrote last; it is made again from the last backup. Where that is of
    before another loss, the server that went on then is lost with it (precision 24)."""
    data = movers.folder / "data"
    with open_warehouse(movers.project.warehouse, SCHEMA) as con:
        line = required_line(con, movers.project)
    match movers.rng.choice(("all", "the warehouse", "the warehouse and the last cycle")):
        case "all":
            shutil.rmtree(data)
        case "the warehouse":
            movers.project.warehouse.unlink()
        case _:
            movers.project.warehouse.unlink()
            last = max((data / "pulls" / "cycles").glob("[0-9]*.json"))
            for file in (data / "pulls" / "cycles").glob(f"{last.name[:8]}*"):
                file.unlink()
    superseded = [one for one in (line.id, *line.ancestors) if one]
    plan = plan_server(movers.folder, chosen_backup(place, None), superseded=superseded)
    restore_server(plan, now=movers.later())


@pytest.mark.parametrize("seed", seeds(4, 8))
def test_b53_nothing_is_lost_or_done_twice_though_the_server_is(
    seed: int, tmp_path: Path, new_site: Callable[[str], str], new_warehouse: Callable[[Path], Path]
) -> None:
    urls = {"central": "sqlite:///central.sqlite", "one": "sqlite:///one.sqlite", "two": new_site("postgresql"),
            "three": "sqlite:///three.sqlite"}  # fmt: skip
    movers = make_movers(tmp_path / "network", urls, Random(seed), ("central", "two")[seed % 2])
    new_warehouse(movers.project.warehouse)
    movers.cycle()
    movers.cycle()
    place, losses = tmp_path / "backups", 0
    back_up(movers.project, place, note=None, now=movers.later())
    for turn in range(10):
        for _ in range(movers.rng.randint(2, 8)):
            movers.work()
        if movers.rng.random() < 0.3:
            movers.office()
        movers.cycle(movers.rng.choice(HOW))
        for _ in range(movers.rng.randint(0, 3)):
            movers.work()
        if movers.rng.random() < 0.4 or (turn == 9 and not losses):
            lose_server(movers, place)
            losses += 1
        elif movers.rng.random() < 0.4:
            back_up(movers.project, place, note=None, now=movers.later())
    for _ in range(4):
        movers.cycle()
    whole(movers)
