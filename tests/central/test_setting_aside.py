"""M2: what routing sets aside is what nobody lacks: with all of the sequence before it, it sends the same."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
import pytest

from central.cycle import route as routing
from central.cycle import routes as slices
from central.cycle.stages import UP_TO_SITES
from sync_rules.frame import FrameOf
from sync_rules.frames import CHANGE, Position, Route
from sync_rules.route import route
from tests.central.clinics import Clinics, patient, prescription
from tests.central.dealing import invoice
from tests.central.small_network import stock_line
from warehouse.connection import Connection, open_warehouse, query, value
from warehouse.ledger import change_sets
from warehouse.records.sequence import last_seq

THE_SAME = slices.routed_in_slices


@pytest.fixture(autouse=True)
def compared(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Each time that something is routed the whole sequence is routed beside it, and one site at a time at that; how
    many records were set aside."""
    found: list[int] = []

    def both(
        con: Connection, positions: FrameOf[Position], seq: int
    ) -> Iterator[tuple[FrameOf[Position], FrameOf[Route]]]:
        sliced = list(THE_SAME(con, positions, seq))
        assert pl.concat([own for own, _ in sliced]).sort("site_id").equals(positions.sort("site_id"))
        behind = Position.check(positions.filter(pl.col("position") < seq))
        if behind.height:
            with change_sets.setting_aside(con, behind):
                found.append(value(con, "delete from set_aside"))
                entries = change_sets.entries_past(con, behind)
                turned = change_sets.turned_scopes(con, behind)
                records = change_sets.records(con, entries, turned)
            scopes = query(con, "select distinct scope from ledger.site_scope")["scope"]
            whole = route(entries, behind, records, change_sets.subscriptions(con, behind, scopes))
            assert whole.equals(pl.concat([routes for _, routes in sliced]).sort(CHANGE))
        yield from sliced

    monkeypatch.setattr(slices, "SLICE_PAIRS", 1)
    monkeypatch.setattr(slices, "routed_in_slices", both)
    monkeypatch.setattr(routing, "routed_in_slices", both)
    return found


@pytest.mark.long
def test_m2_the_same_is_sent_whatever_is_set_aside(clinics: Clinics, compared: list[int]) -> None:
    """First contacts, edits of what is there, deletes, sites that are away, people who become visible elsewhere, stores
    that turn (a collector comes and goes), records that were set right and sent again."""
    put = clinics.people_put
    put("north", "stock_line", *(stock_line(number, "NTH") for number in range(5)))
    put("south", "stock_line", stock_line(9, "SDS"))
    put("north", "patient", patient("ann", "NDB"))
    put("north", "prescription", prescription("rx", "NDB", "ann"))
    clinics.cycle()
    clinics.cycle()
    put("north", "stock_line", stock_line(0, "NTH", 11), stock_line(6, "NTH"))
    clinics.people_run("north", "delete from stock_line where id = 'stock-NTH-1'")
    clinics.cycle("central", "north")
    put("north", "stock_line", stock_line(0, "NTH", 12), stock_line(1, "NTH"))
    put("north", "invoice", invoice("issue", "NTH", "SDS"))
    put("south", "patient_store_join", {"id": "sees", "patient_id": "ann", "store_id": "SDS"})
    clinics.cycle("central", "north")
    clinics.cycle()
    clinics.configure(NTH={"collector_on": ["south"]})
    clinics.cycle()
    clinics.cycle()
    clinics.people_run("south", "update stock_line set batch = 'not theirs' where id = 'stock-NTH-0'")
    clinics.configure()
    clinics.cycle()
    clinics.cycle()
    with open_warehouse(clinics.project.warehouse, clinics.project.schema) as con:
        slices.routed(con, Position.of([(2, 0), (3, 0)]), last_seq(con))
    assert max(compared) >= 5
    assert 0 in compared


def test_m2_a_makers_record_that_is_its_own_no_more_is_not_set_aside(clinics: Clinics) -> None:
    """What leaves its site by another rule from then on is removed from nobody, and nobody lacks it."""
    clinics.people_put("north", "stock_line", stock_line(1, "NDB"))
    for stage in range(1, len(UP_TO_SITES) + 1):
        clinics.sync_until(stage)
    clinics.configure(NDB={"active_on": "south"})
    clinics.cycle()
    clinics.cycle()
    clinics.cycle()
