"""B22, T6: a store whose data stays at its site still sends its halves of transfers, with their lines."""

from __future__ import annotations

import pytest

from sync_rules.egress import NOTHING, Withheld, leaving
from tests.sites.test_local_transfers import add, fresh  # noqa: F401 - a fixture

STAYS = Withheld(everything=frozenset({"s"}), stock=frozenset({"t"}))
LEAVING = dict(leaving(STAYS, STAYS, from_primary=False, here=frozenset("st")))
TABLES = {
    "invoice": "invoice_line", "requisition": "requisition_line", "purchase_order": "purchase_order_line",
    "goods_received": "goods_received_line",
}  # fmt: skip


@pytest.fixture
def place(fresh):  # noqa: F811
    """A pulled site with s, a transfer instance on central (T6), and t, a quiet dispensary (B22)."""
    fresh.pull(LEAVING)
    return fresh


def paper(place, key: str, table: str = "invoice", store: str = "s", party: str | None = "nt", **more) -> None:
    """A document with one line."""
    add(place, table, id=key, store_id=store, other_name_id=party, **more)
    add(place, TABLES[table], **{"id": f"{key}1", f"{table}_id": key, "item_id": "i1"})


def draft(place, key: str, store: str = "s", party: str | None = "nt", kind: str = "customer_invoice") -> None:
    paper(place, key, store=store, party=party, type=kind, status="new")


def finalise(place, key: str) -> None:
    place.db.execute("update invoice set status = 'finalised' where id = ?", (key,))


def seen(place) -> list[tuple[str, str, str]]:
    return sorted(place.changes(LEAVING))


BOTH = ("s", "t")


@pytest.mark.parametrize("store", BOTH)
def test_b22_a_draft_stays_and_leaves_once_it_is_finalised_with_lines_written_earlier(place, store):
    draft(place, "v", store, "nf")
    assert seen(place) == []
    finalise(place, "v")
    pulled = place.pull(LEAVING)
    assert pulled.changes.select("record_id", "op", "is_snapshot").rows() == [
        ("v", "upsert", False), ("v1", "upsert", True),
    ]  # fmt: skip
    assert pulled.changes["position"].n_unique() == 1
    assert pulled.rows["invoice_line"]["invoice_id"].to_list() == ["v"]
    assert seen(place) == []


@pytest.mark.parametrize("store", BOTH)
@pytest.mark.parametrize("party", ["nx", None])
def test_b22_one_to_somebody_who_is_no_store_stays(place, store, party):
    draft(place, "v", store, party)
    finalise(place, "v")
    assert seen(place) == []


@pytest.mark.parametrize("store", BOTH)
def test_b22_halves_that_respond_leave_by_their_link(place, store):
    for key, kind in (("in", "supplier_invoice"), ("credit", "customer_credit")):
        draft(place, key, store, "nf", kind)
    paper(place, "out", store=store, party="nf", type="customer_invoice", status="new", purchase_order_id="theirs")
    assert seen(place) == [("invoice", "out", "upsert"), ("invoice_line", "out1", "upsert")]
    place.db.execute("update invoice set linked_invoice_id = 'theirs' where id <> 'out'")
    assert seen(place) == [
        ("invoice", "credit", "upsert"), ("invoice", "in", "upsert"),
        ("invoice_line", "credit1", "upsert"), ("invoice_line", "in1", "upsert"),
    ]  # fmt: skip


def test_t6_the_other_tables_of_a_store_that_sends_only_its_transfers(place):
    paper(place, "asked", "requisition", party="nf", type="request", status="finalised")
    paper(place, "asking", "requisition", party="nf", type="request", status="new")
    paper(place, "answer", "requisition", party="nf", type="response", linked_requisition_id="theirs")
    paper(place, "counted", "requisition", party="nf", type="stock_history", status="finalised")
    paper(place, "order", "purchase_order", party="nf", status="confirmed")
    paper(place, "bought", "purchase_order", party="nx", status="confirmed")
    paper(place, "goods", "goods_received", party="nf", linked_invoice_id="theirs")
    paper(place, "found", "goods_received", party="nf")
    assert seen(place) == [
        (table, f"{key}{end}", "upsert")
        for table, keys, end in (
            ("goods_received", ["goods"], ""), ("goods_received_line", ["goods"], "1"),
            ("purchase_order", ["order"], ""), ("purchase_order_line", ["order"], "1"),
            ("requisition", ["answer", "asked"], ""), ("requisition_line", ["answer", "asked"], "1"),
        )
        for key in keys
    ]  # fmt: skip


def test_b22_messages_about_transfers_always_leave(place):
    add(place, "transfer_log", id="m1", store_id="s", message="arrived")
    add(place, "transfer_log", id="m2", store_id="t", message="arrived")
    assert seen(place) == [("transfer_log", "m1", "upsert"), ("transfer_log", "m2", "upsert")]


@pytest.mark.parametrize("store", BOTH)
def test_b22_nothing_else_of_the_store_leaves(place, store):
    add(place, "stock_line", id="stock", store_id=store, item_id="i1")
    add(place, "stocktake", id="count", store_id=store)
    assert seen(place) == []


@pytest.mark.parametrize("store", BOTH)
def test_t6_at_first_contact_halves_and_their_lines_are_among_the_rows(fresh, store):  # noqa: F811
    draft(fresh, "stays", store, "nf")
    draft(fresh, "leaves", store, "nf")
    finalise(fresh, "leaves")
    pulled = fresh.pull(LEAVING)
    assert pulled.rows["invoice"]["id"].to_list() == ["leaves"]
    assert pulled.rows["invoice_line"]["id"].to_list() == ["leaves1"]


@pytest.mark.parametrize("store", BOTH)
def test_b59_lines_that_exist_and_do_not_leave_are_withdrawn_not_deleted(place, store):
    draft(place, "v", store, "nf")
    finalise(place, "v")
    seen(place)
    place.db.execute("update invoice set status = 'new'")
    place.db.execute("update invoice_line set packs = 2")
    withdrawn = [("invoice", "v", "withdraw"), ("invoice_line", "v1", "withdraw")]
    assert seen(place) == withdrawn
    place.db.execute("update invoice set other_name_id = 'nx', status = 'finalised'")
    assert seen(place) == withdrawn


@pytest.mark.parametrize("store", BOTH)
def test_t6_deletes_of_halves_travel(place, store):
    draft(place, "v", store, "nf")
    finalise(place, "v")
    seen(place)
    place.db.execute("delete from invoice_line")
    assert seen(place) == [("invoice_line", "v1", "delete")]
    place.db.execute("delete from invoice")
    assert seen(place) == [("invoice", "v", "delete")]


def test_b22_lines_that_the_log_names_come_once_with_those_that_it_does_not(place):
    draft(place, "v", "t", "nf")
    seen(place)
    add(place, "invoice_line", id="v0", invoice_id="v", item_id="i2")
    finalise(place, "v")
    place.db.execute("update invoice_line set packs = 3 where id = 'v0'")
    pulled = place.pull(LEAVING)
    assert pulled.changes.select("record_id").to_series().to_list() == ["v", "v1", "v0"]
    assert pulled.rows["invoice_line"]["id"].to_list() == ["v0", "v1"]


def test_p2_lines_are_not_read_again_where_all_data_leaves(place):
    everything = dict(leaving(NOTHING, NOTHING, from_primary=False, here=frozenset("s")))
    paper(place, "v", party="nt", type="customer_invoice", status="new")
    paper(place, "o", "purchase_order", party="nx", status="new", is_centralised=place.db.engine == "postgresql" or 1)
    assert len(place.changes(everything)) == 4
    finalise(place, "v")
    place.db.execute("update purchase_order set status = 'confirmed'")
    assert sorted(place.changes(everything)) == [("invoice", "v", "upsert"), ("purchase_order", "o", "upsert")]


def test_b59_lines_come_with_each_edit_of_a_document_that_may_have_stayed_before(place):
    """Nothing says which store it belonged to, or whether it was centralised: a copy of what is known is no edit."""
    paper(place, "v", store="far", party="nt", type="customer_invoice", status="new")
    paper(place, "o", "purchase_order", party="nx", status="new", is_centralised=place.db.engine == "postgresql" or 1)
    assert len(seen(place)) == 4
    finalise(place, "v")
    place.db.execute("update purchase_order set status = 'confirmed'")
    assert [(table, op) for table, _, op in seen(place)] == [
        ("invoice", "upsert"),
        ("invoice_line", "upsert"),
        ("purchase_order", "upsert"),
        ("purchase_order_line", "upsert"),
    ]
