"""What an operator does to a network whose stores move: a site is lost and found, removed, added; patients get other
homes. Each leaves the network at rest, with what people did, and what of it is listed, noted."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from central.decisions import write_decision
from sync_rules.words import DecisionKind
from tests.central.moving import lost
from tests.network.movers import DISPENSARIES, PLACES, Movers, place_of

Done = dict[str, dict[str, Any]]
_KINDS = ("stock", "patients", "homes", "sent")
_LISTED_AS = {"stock": "stock_line", "patients": "patient"}


@dataclass(frozen=True)
class _Gone:
    """Somebody deleted it."""


def settle(movers: Movers) -> None:
    """Everybody is pulled and told, and no store is on its way."""
    movers.resume()
    for _ in range(12):
        movers.cycle()
        if not movers.open_moves():
            break
    movers.cycle()


def lose(movers: Movers) -> None:
    """A site is lost, while its people work on; its stores go elsewhere and people work there. Then it is found, its
    people work until they are told, and what they wrote is taken in, but for what was changed elsewhere too
    (precision 21)."""
    settle(movers)
    topology = movers.project.topology
    full = sorted({store.active_on for store in topology.stores} - {"central", topology.primary})
    if not full:
        return
    site = movers.rng.choice(full)
    movers.were_lost |= {one.id for one in topology.sites if one.code == site}
    others = [one for one in movers.sites if one != site]
    before = _done(movers)
    _work(movers, [site])
    theirs = _done(movers)
    _put(movers, before)
    taken = {store.code: movers.rng.choice(others) for store in topology.stores if store.active_on == site}
    with lost(movers, site):
        assert movers.apply(movers.placing(taken), lost=[site])
        for _ in range(4):
            movers.cycle(only=others)
            for _each in range(2):
                movers.work(others)
    ours = _done(movers)
    _put(movers, theirs)
    _work(movers, [site])
    theirs = _done(movers)
    _put(movers, ours)
    movers.cycle()
    write_decision(movers.project.pulls, DecisionKind.ADMIT, site, reason="found", now=movers.later(),
                   decided_by="operator", record_id="moved_away")  # fmt: skip
    for _ in range(3):
        movers.cycle()
    _put(movers, _together(movers, before, ours, theirs))


def remove(movers: Movers) -> None:
    """A site goes, its stores first (O3)."""
    settle(movers)
    topology = movers.project.topology
    others = sorted({*movers.sites} - {"central", topology.primary})
    site = movers.rng.choice(others)
    left = [one for one in movers.sites if one != site]
    movers.apply(movers.placing({s.code: movers.rng.choice(left) for s in topology.stores if s.active_on == site}))
    settle(movers)
    topology = movers.project.topology
    assert movers.apply(replace(topology, sites=tuple(one for one in topology.sites if one.code != site)))


def add(movers: Movers) -> None:
    """A site is there from now on, and gets a store (O1)."""
    settle(movers)
    topology = movers.project.topology
    assert movers.apply(replace(topology, sites=(*topology.sites, place_of(5, "four", movers.urls))))
    movers.apply(movers.placing({movers.rng.choice(sorted(PLACES)): "four"}))


def rehome(movers: Movers) -> None:
    """Patients get another home store (O8), while nobody works: what is done at the old home between a pull and its
    delivery is refused."""
    settle(movers)
    if not movers.patients:
        return
    who = movers.rng.sample(sorted(movers.patients), min(2, len(movers.patients)))
    home = movers.rng.choice(sorted(DISPENSARIES))
    write_decision(movers.project.pulls, DecisionKind.REHOME, "", reason="moved", now=movers.later(),
                   decided_by="operator", record_id=f"patient:{home}", records=who)  # fmt: skip
    movers.homes.update(dict.fromkeys(who, home))
    movers.cycle()
    movers.cycle()


STEPS = (lose, rehome, add, remove)
"""All of them."""


def _work(movers: Movers, sites: list[str]) -> None:
    for _ in range(movers.rng.randint(2, 5)):
        movers.work(sites)


def _done(movers: Movers) -> Done:
    return {kind: deepcopy(getattr(movers, kind)) for kind in _KINDS}


def _put(movers: Movers, done: Done) -> None:
    for kind in _KINDS:
        setattr(movers, kind, deepcopy(done[kind]))


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What is other than before, by id."""
    keys = sorted(before.keys() | after.keys())
    found = {key: after.get(key, _Gone()) for key in keys}
    return {key: value for key, value in found.items() if value != before.get(key, _Gone())}


def _together(movers: Movers, before: Done, ours: Done, theirs: Done) -> Done:
    """What there is once what a lost site did is taken in; what both changed is as the others have it, and listed."""
    found = deepcopy(ours)
    for kind in _KINDS:
        own, other = (_changes(before[kind], done[kind]) for done in (ours, theirs))
        for key, value in other.items():
            if key not in own and isinstance(value, _Gone):
                del found[kind][key]
            elif key not in own:
                found[kind][key] = value
            elif own[key] != value:
                movers.listed.add((_LISTED_AS[kind], key))
    return found
