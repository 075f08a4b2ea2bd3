"""The real network held against the oracle."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from tests.network.people import Edit, write
from tests.network.real import RealNetwork
from tests.network.script import Script, Step
from tests.oracle.batch import verdict
from tests.oracle.oracle import Oracle
from tests.oracle.tables import TABLES
from tests.oracle.topology import Row

Rows = Mapping[str, Mapping[str, Row]]
SHOWN = 12


def play(
    script: Script,
    network: RealNetwork,
    steps: int,
    *,
    every: int = 20,
    each_cycle: bool = False,
    before_cycle: Callable[[RealNetwork], None] = lambda network: None,
) -> list[str]:
    """Does a script's steps to the oracle and to the network; the differences at the end, with the way there.

    There is a cycle after ``every`` few steps. ``each_cycle`` looks after every cycle instead, to find the first
    that went wrong. ``before_cycle`` does something to the network that the oracle knows nothing of.
    """
    way: list[str] = []
    waiting: list[Edit] = []
    for site in script.oracle.sites.values():
        network.change_version(site.id, site.lacking)
    for step in script.steps(steps, every=every):
        way.append(told(step))
        waiting += step.edits
        if step.is_cycle:
            write_all(waiting, script.oracle, network)
            waiting.clear()
            before_cycle(network)
            way += _cycle(step, script.oracle, network)
            if each_cycle and (found := differences(script.oracle, network)):
                return [*way, *found]
    found = differences(script.oracle, network)
    return [*way, *found] if found else []


def write_all(edits: list[Edit], oracle: Oracle, network: RealNetwork) -> None:
    """People's edits, each site's in their order and each a transaction of its own."""
    for site_id in sorted({edit.site_id for edit in edits}):
        with network.person(site_id) as db:
            for edit in edits:
                if edit.site_id == site_id:
                    write(db, edit, oracle.sites[site_id])


def _cycle(step: Step, oracle: Oracle, network: RealNetwork) -> list[str]:
    """A cycle of both; what sites answered that is not well."""
    away = [site.id for site in oracle.sites.values() if not site.is_up]
    oracle.cycle(step.only)
    answers = network.cycle(step.only, away)
    bad = {site_id: answer for site_id, answer in answers.items() if answer != "ok"}
    return [f"   answers: {bad}"] if bad else []


def told(step: Step) -> str:
    """A step in words."""
    edits = "; ".join(f"site {one.site_id} {one.what} {one.table} {one.record_id} {one.row}" for one in step.edits)
    return f"{step.kind}: {edits or step.only or ''}"


def differences(oracle: Oracle, network: RealNetwork) -> list[str]:
    """The first records that differ, in words: at the sites, in the warehouse, in quarantine."""
    found: list[str] = []
    for site in oracle.sites.values():
        found += _differing(f"site {site.id}", site.rows, network.site_rows(site.id, TABLES))
    held = {table: oracle.rows(table) for table in TABLES}
    found += _differing("warehouse", held, network.warehouse_rows(TABLES))
    expected = {(site, *key): (verdict(one.reason), one.reason) for (site, key), one in oracle.held_back.items()}
    actual = network.held_back()
    found += [
        f"quarantine {key}: {actual.get(key)}, expected {expected.get(key)}"
        for key in sorted(expected.keys() | actual.keys())
        if expected.get(key) != actual.get(key)
    ]
    return found[:SHOWN]


def _differing(where: str, expected: Rows, actual: Rows) -> Iterator[str]:
    for table, facts in TABLES.items():
        for record_id in sorted(expected[table].keys() | actual[table].keys()):
            wanted, there = expected[table].get(record_id), actual[table].get(record_id)
            if wanted is None or there is None:
                yield f"{where}: {table} {record_id} {'should not be there' if there else 'is missing'}"
                continue
            columns = [name for name in facts.columns if wanted[name] != there.get(name)]
            said = ", ".join(f"{name} is {there.get(name)!r}, expected {wanted[name]!r}" for name in columns)
            if columns:
                yield f"{where}: {table} {record_id}: {said}"
