"""B4: sites that are judged in slices, as they sent too much to be judged at once, end as they would together."""

from __future__ import annotations

import re

import pytest

from central.admission import slices
from sync_rules.mentions import MERGE_TABLES
from tests.network.comparing import differences, play, write_all
from tests.network.deck import Script
from tests.oracle.tables import TABLES
from tests.seeds import seeds
from warehouse.batch.parts import parts_of

STEPS, FEW = 40, 12  # few in `make test`
OTHER_REASON = re.compile(r"^quarantine .*: \('(\w+)', '\w+'\), expected \('\1', '\w+'\)$")
"""The same verdict for another reason: two sites made or merged a record at once, or the first did first."""
NOT_LISTED = re.compile(r"^quarantine \(\d+, '(\w+)', '(\w+)'\): None, expected \('rejected', '\w+'\)$")
"""A site withdrew what the owner had deleted in an earlier slice: there is nothing to refuse any more."""


@pytest.mark.long
@pytest.mark.parametrize(("seed", "steps"), [(301, FEW), *((seed, STEPS) for seed in seeds(3, 7, since=301))])
def test_b4_each_site_for_itself_ends_as_all_at_once(seed, steps, new_network, monkeypatch):
    """A slice has room for one record: every site that sent something is judged by itself."""
    monkeypatch.setattr(slices, "SLICE_ROWS", 1)
    script = Script(seed)
    network = new_network(script.oracle.wanted, {site.id: site.engine for site in script.oracle.sites.values()})
    play(script, network, steps)
    held = network.warehouse_rows(TABLES)
    found = [
        one
        for one in differences(script.oracle, network)
        if not OTHER_REASON.search(one) and not ((gone := NOT_LISTED.search(one)) and gone[2] not in held[gone[1]])
    ]
    assert not found, "\n".join(found)
    assert network.sent == 0
    assert set(network.queued().values()) == {0}


FIRST = [(331, 5, 4), *(pytest.param(seed, 6, 1, marks=pytest.mark.long) for seed in seeds(8, 30, since=331))]


@pytest.mark.parametrize(("seed", "steps", "rows"), FIRST)
def test_b4_a_first_contact_in_parts_ends_as_all_at_once(seed, steps, rows, new_network, monkeypatch):
    """A part has room for one document or person, or a few; the sites are not judged each for itself. People wrote much
    before the first cycle: documents, halves of transfers, people without a home store; but merged nothing: where
    something was merged nothing is cut."""
    cut = []
    monkeypatch.setattr(slices, "slices_of", lambda groups, cycle: groups)

    def seen(*given, **named):
        cut.append(parts_of(*given, **named))
        return cut[-1]

    monkeypatch.setattr(slices, "parts_of", seen)
    at_once = _first_cycles(seed, steps, new_network)
    assert set(map(len, cut)) == {1}
    monkeypatch.setattr(slices, "SLICE_ROWS", rows)
    in_parts = _first_cycles(seed, steps, new_network)
    assert max(map(len, cut)) > 20
    assert {one: row for one, row in at_once.items() if in_parts.get(one) != row} == {}
    assert in_parts.keys() == at_once.keys()


def _first_cycles(seed, steps, new_network):
    """What a network came to after each of two cycles: the rows of its sites and of central, and what is held back."""
    script = Script(seed)
    network = new_network(script.oracle.wanted, {site.id: site.engine for site in script.oracle.sites.values()})
    for site in script.oracle.sites.values():
        network.change_version(site.id, site.lacking)
    edits = [edit for step in script.steps(steps) for edit in step.edits if edit.table not in MERGE_TABLES]
    write_all(edits, script.oracle, network)
    found: dict[tuple[object, ...], object] = {}
    for cycle in (1, 2):
        network.cycle()
        rows = {"central": network.warehouse_rows(TABLES)}
        rows |= {f"site {site}": network.site_rows(site, TABLES) for site in script.oracle.sites}
        found |= {(cycle, where, table, key): row for where, tables in rows.items()
                  for table, kept in tables.items() for key, row in kept.items()}  # fmt: skip
        found |= {(cycle, "held back", *key): verdict for key, (verdict, _) in network.held_back().items()}
    return found
