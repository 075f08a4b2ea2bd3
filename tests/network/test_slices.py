"""B4: sites that are judged in slices, as they sent too much to be judged at once, end as they would together."""

from __future__ import annotations

import re

import pytest

from central.admission import slices
from tests.network.comparing import differences, play
from tests.network.deck import Script
from tests.oracle.tables import TABLES
from tests.seeds import seeds

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


@pytest.mark.long
@pytest.mark.parametrize(("seed", "steps"), [(311, FEW), *((311 + n, STEPS) for n in range(5))])
def test_b4_documents_for_themselves_end_as_all_at_once(seed, steps, new_network, monkeypatch):
    """A part has room for one document or person; the sites are not judged each for itself. What waits is judged again
    with each part, and so may be admitted a cycle sooner."""
    monkeypatch.setattr(slices, "SLICE_ROWS", 1)
    monkeypatch.setattr(slices, "slices_of", lambda groups, cycle: groups)
    script = Script(seed)
    network = new_network(script.oracle.wanted, {site.id: site.engine for site in script.oracle.sites.values()})
    play(script, network, steps)
    script.oracle.cycle()
    network.cycle()
    found = [one for one in differences(script.oracle, network) if not OTHER_REASON.search(one)]
    assert not found, "\n".join(found)
    assert network.sent == 0
    assert set(network.queued().values()) == {0}
