"""O6: a part of the network is compared with each cycle, in turn; the whole of a site that meets a restored server."""

from __future__ import annotations

import pytest

from central import decisions
from central.cycle.run import run_cycle
from central.cycle.stages import Asked
from central.server_line import begin_line, required_line
from central.verification.rota import PartVerified, verify_in_turn
from sync_rules import egress
from tests.central.small_network import NOW, Network, stock_line
from tests.pipelines.test_verify import meddle
from warehouse.connection import open_warehouse
from wire.line import Line


def turn(network: Network) -> PartVerified:
    """One turn."""
    return verify_in_turn(Asked(network.project, NOW, "ana"))


def test_o6_each_table_of_each_site_has_its_turn(synced: Network) -> None:
    meddle(synced, "south", "update item set name = 'Other' where id = 'paracetamol'")
    parts = [turn(synced)]
    assert [parts[0].site, len(parts[0].tables), parts[0].repaired] == ["central", 12, 0]
    rounds = 3 * -(-len(egress.signatures()) // 12)
    parts += [turn(synced) for _ in range(1, rounds)]
    looked = {(part.site, table) for part in parts for table in part.tables}
    assert len(looked) == 3 * len(egress.signatures())
    differing = [part.found.differences["record_id"].to_list() for part in parts if part.found]
    assert [ids for ids in differing if ids] == [["paracetamol"]]


def test_o6_a_site_that_was_not_reached_is_no_finding(synced: Network) -> None:
    file = synced.folder / "data" / "verified.json"
    assert turn(synced).site == "central"
    file.write_text("{", encoding="utf-8")  # what was looked at may be lost
    (synced.folder / "central.sqlite").rename(synced.folder / "away.sqlite")
    part = turn(synced)
    assert part.found is not None
    assert (part.site, part.found.outcome) == ("central", "unreachable")
    assert turn(synced).site == "north"


@pytest.mark.long
def test_precision_8_what_a_site_has_from_elsewhere_is_put_right_after_the_server_was_restored(synced: Network) -> None:
    synced.people_put("north", "stock_line", stock_line(1, "NTH"))
    run_cycle(synced.project, now=NOW)
    with open_warehouse(synced.project.warehouse, synced.project.schema) as con:
        before = required_line(con, synced.project)
    begin_line(synced.project, Line("restored", (before.id,)))
    run_cycle(synced.project, now=NOW)
    run_cycle(synced.project, now=NOW)
    meddle(synced, "south", "update stock_line set batch = 'of the lost time'")
    for _ in range(3):
        turn(synced)
    [decision] = decisions.after(synced.project.pulls, 0)
    assert (decision.kind, decision.site_code, decision.records) == (
        "repair", "south", ("correct stock_line stock-NTH-1",),
    )  # fmt: skip
    run_cycle(synced.project, now=NOW)
    assert synced.rows("south", "stock_line", "batch") == [(None,)]
    assert len(turn(synced).tables) == 12  # and from then on in turn
