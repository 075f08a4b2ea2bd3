"""B24, B25, X3: what is done at a site because of what is delivered there."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from threading import Event, Thread

import polars as pl
import pytest

from sites.engines.connection import SiteFailed, Unreachable, open_site
from sites.own_edits.rights import StoreRights
from sites.schema import SCHEMA
from sync_rules.words import Skipped
from tests.sites.conftest import NOW, REFERENCE_LEAVING, made_reference_site
from tests.sites.failing import fail_at_every_write

HERE = StoreRights(frozenset({"s", "t"}))
PRIMARY = StoreRights(frozenset({"s", "t"}), is_primary=True)


def fill(db) -> None:
    db.script(
        [
            "insert into name (id, code) values ('ns', 's'), ('nt', 't'), ('nf', 'far')",
            "insert into store (id, name_id) values ('s', 'ns'), ('t', 'nt'), ('far', 'nf')",
            "insert into item (id) values ('i1'), ('i2')",
        ]
    )


@pytest.fixture
def place(reference_site):
    """A pulled site where stores s and t are active."""
    fill(reference_site.db)
    reference_site.pull(REFERENCE_LEAVING)
    return reference_site


def rows(table: str, *given: dict) -> pl.DataFrame:
    return pl.DataFrame(list(given), schema=SCHEMA.frame_schema(table))


def half(key: str, store: str = "s", **more) -> dict:
    made = {"id": key, "store_id": store, "other_name_id": "nf", "type": "supplier_invoice", "status": "new"}
    return made | {"number": -1, "linked_invoice_id": f"of-{key}", "created_at": NOW} | more


def deliver(place, tmp_path, upserts=None, deletes=None, rights=HERE, **changed):
    sent = place.sending(tmp_path, upserts, deletes)
    return sent, place.deliver(sent, rights=rights, **changed)


def numbers(place, table: str = "invoice"):
    return place.db.execute(f"select id, number from {table} order by id")


def messages(place):
    return place.db.execute("select store_id, other_name_id, invoice_id, message from transfer_log order by message")


def test_b24_b25_halves_get_their_numbers_by_time_and_id(place, tmp_path):
    place.db.execute("insert into invoice (id, store_id, type, number) values ('old', 's', 'supplier_invoice', 40)")
    place.pull(REFERENCE_LEAVING)
    sent = rows(
        "invoice",
        half("a"), half("b", created_at=NOW - timedelta(days=1)), half("c"), half("d", "t"), half("e", "far"),
        half("f", number=7),
    )  # fmt: skip
    deliver(place, tmp_path, {"invoice": sent})
    assert numbers(place) == [("a", 42), ("b", 41), ("c", 43), ("d", 1), ("e", -1), ("f", 7), ("old", 40)]


def test_b24_a_message_about_the_initiating_half_is_written_once(place, tmp_path):
    deliver(place, tmp_path, {"invoice": rows("invoice", half("a"), half("free", linked_invoice_id=None))})
    assert messages(place) == [("s", "nf", "of-a", "invoice arrived; here it is supplier invoice 1")]
    assert numbers(place) == [("a", 1), ("free", 2)]


def test_b24_each_kind_of_half_is_numbered_and_spoken_of(place, tmp_path):
    order = {"id": "o", "store_id": "far", "number": 5}
    sent = {
        "invoice": rows(
            "invoice",
            half("credit", type="customer_credit"),
            half("issue", type="customer_invoice", linked_invoice_id=None, purchase_order_id="o"),
        ),
        "requisition": rows(
            "requisition",
            {"id": "r", "store_id": "t", "other_name_id": "nf", "type": "response", "number": -1,
             "linked_requisition_id": "q"},
        ),
        "goods_received": rows(
            "goods_received",
            {"id": "g", "store_id": "s", "other_name_id": "nf", "number": -1, "linked_invoice_id": "v"},
        ),
        "purchase_order": rows("purchase_order", order),
    }  # fmt: skip
    deliver(place, tmp_path, sent)
    found = place.db.execute(
        "select invoice_id, requisition_id, purchase_order_id, message from transfer_log order by message"
    )
    assert found == [
        ("v", None, None, "invoice arrived; here it is goods received 1"),
        (None, None, "o", "purchase order arrived; here it is customer invoice 1"),
        (None, "q", None, "requisition arrived; here it is response 1"),
        ("of-credit", None, None, "return arrived; here it is customer credit 1"),
    ]


def test_b24_the_steps_are_the_sites_own_edits_and_pulled_next_time(place, tmp_path):
    deliver(place, tmp_path, {"invoice": rows("invoice", half("a"))})
    pulled = place.pull(REFERENCE_LEAVING)
    assert pulled.rows["invoice"].select("id", "number").rows() == [("a", 1)]
    assert sorted(pulled.rows) == ["document_number", "invoice", "transfer_log"]
    assert pulled.rows["transfer_log"]["logged_at"].to_list() == [NOW]


def test_b24_delivering_twice_does_them_once(place, tmp_path):
    sent, answer = deliver(place, tmp_path, {"invoice": rows("invoice", half("a"))})
    before = place.log()
    assert place.deliver(sent, rights=HERE) == answer
    assert place.log() == before
    assert numbers(place) == [("a", 1)]


def test_b24_a_half_that_comes_again_keeps_its_number(place, tmp_path):
    deliver(place, tmp_path, {"invoice": rows("invoice", half("a"), half("b"))})
    place.pull(REFERENCE_LEAVING)
    deliver(place, tmp_path, {"invoice": rows("invoice", half("b", comment="again"), half("c"))})
    assert numbers(place) == [("a", 1), ("b", 2), ("c", 3)]
    assert len(messages(place)) == 3


def test_b24_what_people_edited_since_the_pull_is_left_for_the_next_time(place, tmp_path):
    deliver(place, tmp_path, {"invoice": rows("invoice", half("a"))}, rights=StoreRights())
    place.db.execute("update invoice set comment = 'mine'")
    sent = {"invoice": rows("invoice", half("a"), half("b"))}
    _, answer = deliver(place, tmp_path, sent)
    assert answer.skipped == (Skipped("invoice", "a", "edited_since_pull"),)
    assert numbers(place) == [("a", -1), ("b", 1)]
    place.pull(REFERENCE_LEAVING)
    deliver(place, tmp_path, {"invoice": rows("invoice", half("a"))})
    assert numbers(place) == [("a", 2), ("b", 1)]


def test_b24_nothing_is_done_where_nothing_is_active(place, tmp_path):
    before = place.log()
    deliver(place, tmp_path, {"invoice": rows("invoice", half("a"))}, rights=StoreRights())
    assert numbers(place) == [("a", -1)]
    assert place.log() == before


def test_b24_a_change_set_of_other_tables_costs_no_statement(place, tmp_path, monkeypatch):
    counted: list[str] = []
    for name in ("execute", "read"):
        original = getattr(type(place.db), name)

        def count(db, sql, *rest, original=original, **more):
            counted.append(sql)
            return original(db, sql, *rest, **more)

        monkeypatch.setattr(type(place.db), name, count)
    spent = []
    for rights in (StoreRights(), StoreRights(), PRIMARY):
        counted.clear()
        deliver(place, tmp_path, {"item": rows("item", {"id": "i9"})}, rights=rights)
        spent.append(len(counted))
    assert spent[1] == spent[2]


def test_p1_no_step_is_taken_that_would_not_be_logged(place, tmp_path):
    on = " on transfer_log" if place.db.engine == "postgresql" else ""
    name = "supplysync_row" if place.db.engine == "postgresql" else "supplysync_transfer_log_insert"
    place.db.execute(f"drop trigger {name}{on}")
    with pytest.raises(SiteFailed, match="capture missing"):
        deliver(place, tmp_path, {"invoice": rows("invoice", half("a"))})
    assert numbers(place) == []


def test_b25_a_delivery_waits_for_whoever_is_numbering(new_site, tmp_path):
    url = new_site("postgresql")
    with made_reference_site(url) as place, open_site(url, Path()) as clerk:
        fill(place.db)
        place.pull(REFERENCE_LEAVING)
        sent = place.sending(tmp_path, {"invoice": rows("invoice", half("a"))})
        done = Event()

        def run() -> None:
            place.deliver(sent, rights=HERE)
            done.set()

        with clerk.transaction(write=True):
            clerk.execute("insert into document_number values ('s:supplier_invoice', 's', 'supplier_invoice', 1)")
            clerk.execute("insert into invoice (id, store_id, type, number) values ('own', 's', 'supplier_invoice', 1)")
            thread = Thread(target=run)
            thread.start()
            assert not done.wait(0.3)
        thread.join()
        assert numbers(place) == [("a", 2), ("own", 1)]


def test_b12_a_deadlock_with_somebody_who_numbers_undoes_all_and_is_worth_another_try(new_site, tmp_path):
    """Delivery has the counter and waits for the half; a clerk has the half and waits for the counter."""
    url = new_site("postgresql")
    with made_reference_site(url) as place, open_site(url, Path()) as clerk:
        fill(place.db)
        place.db.execute("insert into document_number values ('s:supplier_invoice', 's', 'supplier_invoice', 0)")
        place.pull(REFERENCE_LEAVING)
        deliver(place, tmp_path, {"invoice": rows("invoice", half("a"))}, rights=StoreRights())
        sent = place.sending(tmp_path, {"invoice": rows("invoice", half("a", comment="again"))})
        failures: list[Exception] = []

        def run() -> None:
            try:
                place.deliver(sent, rights=HERE)
            except Unreachable as error:
                failures.append(error)

        with clerk.transaction(write=True):
            clerk.execute("set local deadlock_timeout = '60s'")  # it is the delivery that finds out and gives way
            clerk.execute("update invoice set on_hold = true where id = 'a'")
            thread = Thread(target=run)
            thread.start()
            waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
            while not clerk.execute(waiting)[0][0]:
                thread.join(0.01)
            clerk.execute("update document_number set last_number = 1")
        thread.join()
        assert len(failures) == 1
        assert numbers(place) == [("a", -1)]
        place.pull(REFERENCE_LEAVING)
        place.deliver(sent, rights=HERE)
        assert numbers(place) == [("a", 2)]


def goods(*lines: tuple[str, str | None, str, str]) -> dict[str, pl.DataFrame]:
    """Goods received with lines: id, order line, pack size, packs."""
    made = [
        {"id": key, "goods_received_id": "g", "purchase_order_line_id": line, "item_id": "i1",
         "pack_size": Decimal(size), "packs": Decimal(packs)}
        for key, line, size, packs in lines
    ]  # fmt: skip
    header = {"id": "g", "store_id": "far", "number": 1}
    return {"goods_received": rows("goods_received", header), "goods_received_line": rows("goods_received_line", *made)}


@pytest.fixture
def ordering(place):
    """Orders: o of store s, c a centralised one of store far, x of store far; two lines each, of 10 units a pack."""
    is_true = "true" if place.db.engine == "postgresql" else "1"
    place.db.script(
        [
            "insert into purchase_order (id, store_id) values ('o', 's'), ('x', 'far')",
            f"insert into purchase_order (id, store_id, is_centralised) values ('c', 'far', {is_true})",
            *(
                "insert into purchase_order_line (id, purchase_order_id, item_id, pack_size, ordered_packs) "
                f"values ('{order}{line}', '{order}', 'i{line}', 10, 5)"
                for order in "ocx" for line in (1, 2)
            ),
        ]
    )  # fmt: skip
    place.pull(REFERENCE_LEAVING)
    return place


def received(place) -> dict[str, float | None]:
    found = place.db.execute("select id, received_packs from purchase_order_line order by id")
    return {key: None if packs is None else float(packs) for key, packs in found if packs is not None}


def test_x3_the_ordering_site_counts_what_arrives_for_its_own_orders(ordering, tmp_path):
    lines = goods(("1", "o1", "10", "2"), ("2", "o1", "5", "1"), ("3", "c1", "10", "1"), ("4", "x1", "10", "1"))
    deliver(ordering, tmp_path, lines)
    assert received(ordering) == {"o1": 2.5}
    assert ordering.changes(REFERENCE_LEAVING) == [("purchase_order_line", "o1", "upsert")]


def test_x3_primary_counts_for_centralised_orders_and_its_own_stores(ordering, tmp_path):
    lines = goods(("1", "o1", "10", "2"), ("3", "c1", "10", "1"), ("4", "x1", "10", "1"), ("5", None, "1", "1"))
    deliver(ordering, tmp_path, lines, rights=PRIMARY)
    assert received(ordering) == {"c1": 1, "o1": 2}
    is_true = "true" if ordering.db.engine == "postgresql" else "1"
    ordering.db.execute(f"update purchase_order set is_centralised = {is_true} where id = 'o'")
    ordering.pull(REFERENCE_LEAVING)
    deliver(ordering, tmp_path, goods(("9", "o1", "10", "1")))
    assert received(ordering) == {"c1": 1, "o1": 2}  # a satellite leaves a centralised order of its own store alone


def test_x3_lines_that_change_their_order_line_or_go_away_count_no_more(ordering, tmp_path):
    deliver(ordering, tmp_path, goods(("1", "o1", "10", "2"), ("2", "o1", "10", "1"), ("3", "o2", "10", "4")))
    assert received(ordering) == {"o1": 3, "o2": 4}
    ordering.pull(REFERENCE_LEAVING)
    deliver(ordering, tmp_path, goods(("1", "o2", "10", "2")), [("goods_received_line", "2")])
    assert received(ordering) == {"o1": 0, "o2": 6}


def test_x3_what_is_right_already_is_not_written(ordering, tmp_path):
    deliver(ordering, tmp_path, goods(("1", "o1", "10", "2")))
    ordering.pull(REFERENCE_LEAVING)
    deliver(ordering, tmp_path, goods(("1", "o1", "10", "2")))
    assert ordering.changes(REFERENCE_LEAVING) == []


def test_x3_the_sites_own_lines_count_too_and_only_the_quantity_is_written(ordering, tmp_path):
    ordering.db.script(
        [
            "insert into goods_received (id, store_id) values ('h', 's')",
            "insert into goods_received_line (id, goods_received_id, purchase_order_line_id, pack_size, packs) "
            "values ('own', 'h', 'o1', 10, 1)",
        ]
    )
    deliver(ordering, tmp_path, goods(("1", "o1", "10", "2")))
    row = ordering.db.execute("select purchase_order_id, ordered_packs, received_packs from purchase_order_line "
                              "where id = 'o1'")[0]  # fmt: skip
    assert (row[0], float(row[1]), float(row[2])) == ("o", 5, 3)


def test_b9_more_than_a_site_can_hold_is_not_written_and_stops_nothing(ordering, tmp_path):
    deliver(ordering, tmp_path, goods(("1", "o1", "999999999", "999999999"), ("2", "o2", "10", "1")))
    assert received(ordering) == {"o2": 1}


def test_b19_a_failed_delivery_takes_no_step(ordering, tmp_path):
    sent = {**goods(("1", "o1", "10", "2")), "invoice": rows("invoice", half("a"))}
    fail_at_every_write(ordering.db, "goods_received_line")
    with pytest.raises(SiteFailed):
        deliver(ordering, tmp_path, sent)
    assert (received(ordering), numbers(ordering)) == ({}, [])
