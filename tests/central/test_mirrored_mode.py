"""The rules of people, repeats, switches and local transfers where a satellite is primary and central only keeps what
goes through it (T1, mirrored mode); on both engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.central.clinics import Clinics, make_clinics, patient, prescription, seen
from tests.central.copies import Copies
from tests.central.dealing import order, order_line
from tests.central.test_switches import ON
from tests.central.test_switches import order as own_order

pytestmark = pytest.mark.long


class Mirrored(Clinics):
    """Clinics whose primary is `south`."""

    def configure(self, options: Mapping[str, Any] | None = None, **tables: Mapping[str, Any]) -> None:
        super().configure(options, **{"network": {"primary": "south"}, **tables})


@pytest.fixture(params=["north", "south"])
def mirrored(
    request: pytest.FixtureRequest, copies: Copies, tmp_path: Path, new_warehouse: Callable[[Path], Path]
) -> Iterator[Mirrored]:
    """Synchronised once; the site named is PostgreSQL."""

    def make(folder: Path, url: str) -> Mirrored:
        urls = {site: f"sqlite:///{site}.sqlite" for site in ("north", "south")} | {request.param: url}
        made = make_clinics(folder, urls["north"], urls["south"], primary="south")
        new_warehouse(made.project.warehouse)
        network = Mirrored(made.folder, made.urls)
        network.cycle()
        return network

    with copies.of(f"mirrored_{request.param}", make, tmp_path / "mirrored", is_kept_open=True) as made:
        yield made


def test_x1_an_order_that_will_be_refused_is_answered_by_nobody(mirrored: Mirrored) -> None:
    """The site reads its own switch, and makes no half of an order between two of its stores."""
    mirrored.configure(ON)
    mirrored.cycle()
    mirrored.people_put("north", "purchase_order", order("buy", "NDS", "NDB"))
    mirrored.people_put("north", "purchase_order_line", order_line("buy-1", "buy"))
    mirrored.cycle()
    mirrored.cycle()
    assert mirrored.reasons("purchase_order") == {"buy": "centralised_procurement"}
    assert mirrored.rows("north", "invoice", "id") == []
    assert mirrored.warehouse("select * from ledger.transfer") == []


def test_b33_a_repeat_that_is_dispensed_elsewhere_is_counted_off_at_home_and_listed(mirrored: Mirrored) -> None:
    mirrored.people_put("north", "patient", patient("ana", "NDS"))
    repeat = {"id": "rep", "patient_id": "ana", "store_id": "NDS", "item_id": "amoxicillin", "remaining": 5}
    mirrored.people_put("north", "repeat", repeat)
    mirrored.cycle()
    mirrored.people_put("south", "patient_store_join", seen("ana", "SDS"))
    mirrored.people_put("south", "prescription", {**prescription("rx", "SDS", "ana"), "status": "finalised"})
    line = {"id": "rx-1", "prescription_id": "rx", "item_id": "amoxicillin", "pack_size": 1, "packs": 2}
    mirrored.people_put("south", "prescription_line", {**line, "repeat_id": "rep"})
    mirrored.people_run("south", "update repeat set remaining = 4")
    mirrored.cycle()
    assert mirrored.reasons("repeat") == {"rep": "not_home_site"}
    for _ in range(3):
        mirrored.cycle()
    for site in ("north", "south"):
        assert mirrored.rows(site, "repeat", "remaining") == [(4,)]
    assert mirrored.warehouse("select remaining from replica.repeat") == [(4,)]
    assert mirrored.warehouse("select record_id from reports.data_quality where issue = 'repeat_away_from_home'") == [
        ("rx",)
    ]


def test_b37_a_switch_holds_from_where_it_was_delivered(mirrored: Mirrored) -> None:
    mirrored.configure(ON)
    mirrored.people_put("north", "purchase_order", own_order("unsent"))
    mirrored.people_put("north", "payment", own_order("unsent"))
    mirrored.cycle()
    mirrored.people_put("north", "purchase_order", own_order("after"))
    mirrored.people_put("south", "purchase_order", own_order("central", centralised=True))
    mirrored.cycle()
    assert mirrored.reasons("purchase_order") == {"after": "centralised_procurement"}
    assert mirrored.reasons("payment") == {}
    assert mirrored.where("purchase_order", "unsent") == {"north", "south", "warehouse"}
    assert mirrored.where("purchase_order", "central") == {"north", "south", "warehouse"}


def test_t5_a_collector_has_visibility_and_what_primary_orders_for_its_store(mirrored: Mirrored) -> None:
    """`north` collects SDS here, which is active on primary."""
    mirrored.configure(ON, SDS={"collector_on": ["north"]})
    mirrored.cycle()
    mirrored.people_put("south", "purchase_order", own_order("buy", "SDS", centralised=True))
    mirrored.people_put("south", "payment", own_order("pay", "SDS", centralised=True))
    mirrored.people_put("south", "patient", patient("sue", "SDS"))
    mirrored.people_put("south", "patient_store_join", seen("sue", "SDS"))
    mirrored.cycle()
    mirrored.cycle()
    assert (
        mirrored.where("purchase_order", "buy") == mirrored.where("payment", "pay") == {"north", "south", "warehouse"}
    )
    joins = mirrored.rows("south", "patient_store_join", "store_id")
    assert joins == mirrored.rows("north", "patient_store_join", "store_id") != []


def test_b22_a_saved_store_gets_its_patients_again(mirrored: Mirrored) -> None:
    mirrored.configure(NDS={"resync_patients_on_save": True})
    mirrored.people_put("north", "patient", patient("ana", "NDS"))
    mirrored.people_put("north", "repeat", {"id": "rep", "patient_id": "ana"})
    mirrored.cycle()
    mirrored.cycle()
    mirrored.people_put("central", "store", {"id": "NDS", "is_disabled": False})
    mirrored.cycle()
    sent = dict(mirrored.warehouse("select site_id, upserts from ledger.change_set "
                                   "where cycle = (select max(cycle) from ledger.cycle)"))  # fmt: skip
    assert sent[2] >= 3  # the store, the patient and her repeat


def test_what_is_dispensed_outside_a_dispensary_happened_and_is_listed(mirrored: Mirrored) -> None:
    mirrored.people_put("north", "patient", patient("ana", "NDB"))
    mirrored.people_put("north", "prescription", {**prescription("odd", "NTH", "ana"), "status": "finalised"})
    line = {"id": "l", "prescription_id": "odd", "item_id": "amoxicillin", "pack_size": 10, "packs": 3}
    mirrored.people_put("north", "prescription_line", line)
    mirrored.cycle()
    assert mirrored.reasons("prescription") == {}
    issues = mirrored.warehouse("select issue from reports.data_quality where store_code = 'NTH' order by 1")
    assert issues == [("dispensed_outside_dispensary",), ("patient_not_visible",)]


def test_b33_who_is_new_at_a_dispensary_that_keeps_its_prescriptions_is_at_home_there(mirrored: Mirrored) -> None:
    mirrored.configure(NDS={"include_transactions": False})
    mirrored.cycle()
    mirrored.people_put("north", "patient", patient("ana", None))
    mirrored.people_put("north", "prescription", prescription("rx", "NDS", "ana"))
    mirrored.cycle()
    mirrored.cycle()
    assert mirrored.warehouse("select table_name, reason from ledger.quarantine where state = 'open'") == []
    assert mirrored.where("patient", "ana", "home_store_id = 'NDS'") >= {"north", "south", "warehouse"}
    assert mirrored.where("prescription", "rx") == {"north"}


def test_p3_reasons_name_the_site_that_may(mirrored: Mirrored) -> None:
    mirrored.configure({"store_records_on": "primary"})
    mirrored.people_run("central", "update store set is_disabled = true where id = 'NTH'")
    mirrored.people_run("north", "update item set name = 'Mine' where id = 'amoxicillin'")
    mirrored.cycle()
    told = mirrored.warehouse(
        "select table_name, reason.code, explanation from ledger.quarantine "
        "join ledger.reason as reason on reason.code = quarantine.reason where state = 'open' order by 1"
    )
    assert [(table, code) for table, code, _ in told] == [("item", "not_primary"), ("store", "not_primary")]
    assert all("primary" in words for *_, words in told)


def test_m6_queues_count_what_leaves(mirrored: Mirrored) -> None:
    mirrored.configure(NDB={"include_transactions": False})
    mirrored.cycle()
    mirrored.people_put("north", "stock_line", {"id": "s", "store_id": "NDB", "item_id": "amoxicillin"})
    mirrored.cycle()
    assert mirrored.warehouse("select pulled from ledger.visit where site_id = 2 order by cycle desc limit 1") == [(0,)]
