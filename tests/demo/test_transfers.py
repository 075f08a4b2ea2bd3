"""Clerks work with transfers (section 8): their own half each, never the other store's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from decimal import Decimal

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from demo.people.arrivals import receive_goods, take_back, take_in
from demo.people.clerks import TRANSFERRING
from demo.people.desk import Desk
from demo.people.requests import ask, order
from demo.people.second_thoughts import call_off, clear, refuse, remark, send_back
from demo.people.simulate import DemoSite, simulate
from demo.people.supplies import answer, fill
from demo.people.work import cancel, finish, issue
from demo.reference.dice import Dice
from demo.reference.frames import Tables
from demo.reference.places import STORES
from demo.stock.balances import unbalanced
from sites.engines.connection import SiteDatabase, open_site
from sync_rules.transfers import begins, kinds
from tests.demo.conftest import NOW
from tests.demo.courier import PARTIES, Courier, read

STORE = {store.code: store for store in STORES}
# two stores of one site, the supplying one first: on SQLite, and on PostgreSQL
PAIRS = {"sqlite": (3, "G", "H"), "postgresql": (7, "M", "N")}


def linked(papers: Tables) -> pl.DataFrame:
    """The documents that begin a transfer, with `answers`: how many responding halves name them, or they name."""
    begun = begins.initiating_halves(papers, PARTIES)
    found = []
    for kind in kinds.KINDS:
        halves = papers[kind.responding_table]
        if kind.responding_type:
            halves = halves.filter(pl.col("type") == kind.responding_type)
        names = halves.select("id", to_store="store_id", record_id=kind.back)
        own = begun.filter(pl.col("kind") == kind.name)
        named = own.join(names, on=["record_id", "to_store"], how="left")
        by_id = named.join(
            names.select("id", "to_store"), left_on=["linked_id", "to_store"], right_on=["id", "to_store"], how="semi"
        )
        found.append(named.filter(pl.col("id").is_not_null() | pl.col("record_id").is_in(by_id["record_id"].implode())))
    return pl.concat(found)


def test_x2_what_the_demo_is_born_with_has_both_halves(tables):
    """Nothing of the past year would begin a transfer: each document that could has its answer, linked both ways."""
    papers = {
        table: pl.concat([each[table] for each in tables.values()])
        for header in kinds.HEADERS
        for table in (header, f"{header}_line")
    }
    begun = begins.initiating_halves(papers, PARTIES)
    assert begun.group_by("kind").len().sort("kind")["kind"].to_list() == ["requisition", "stock_transfer"]
    assert begun.height > 400
    answered = linked(papers)
    assert answered["record_id"].sort().to_list() == begun["record_id"].sort().to_list()
    assert answered.filter(pl.col("linked_id") != pl.col("id")).is_empty()


@pytest.fixture(params=sorted(PAIRS))
def pair(request, own_demo, tables) -> Iterator[tuple[Desk, Desk, Callable[[], int]]]:
    """Desks of a supplying and a receiving store on one site, and a courier to call when papers are to go."""
    place, supplying, receiving = PAIRS[request.param]
    site = own_demo[place]
    courier = Courier([site], tables["central"])
    with open_site(site.url, site.folder) as db:
        dice, stores = Dice("clerks"), (STORE[supplying].id, STORE[receiving].id)
        desks = [Desk(db, store, dice, NOW, stores) for store in stores]
        yield desks[0], desks[1], lambda: courier.carry(NOW)
        assert unbalanced(db) == []


def until(wanted: Callable[[], bool], do: Callable[[], object]) -> None:
    """Do something until a condition holds, fifty times at most."""
    for _ in range(50):
        if wanted():
            return
        do()
    raise AssertionError("it never came to that")


def count(db: SiteDatabase, table: str, where: str, *parameters: object) -> int:
    return int(db.execute(f"SELECT COUNT(*) FROM {table} WHERE {where}", parameters)[0][0])


def stock_of(db: SiteDatabase, store: str) -> Decimal:
    return sum(read(db, "stock_line", "store_id = ?", store)["total_packs"], Decimal(0))


def test_a_request_is_answered_and_the_goods_arrive_for_it(pair):
    supplier, receiver, carry = pair
    db = supplier.db
    until(lambda: carry() > 0, lambda: ask(receiver))
    assert answer(supplier)
    assert not answer(supplier)
    responses = read(db, "requisition").filter(pl.col("type") == "response", pl.col("created_at") == NOW)
    response, request = responses.select("id", "linked_requisition_id").row(0)
    assert count(db, "requisition_line", "requisition_id = ? AND supplied_units > requested_units", response) == 0
    invoice = read(db, "invoice").filter(pl.col("requisition_id") == response).row(0, named=True)
    assert (invoice["type"], invoice["status"], invoice["store_id"]) == (
        "customer_invoice",
        "finalised",
        supplier.store_id,
    )
    assert carry() == 1
    arrived = read(db, "invoice").filter(pl.col("linked_invoice_id") == invoice["id"]).row(0, named=True)
    assert arrived["requisition_id"] == request
    before = stock_of(db, receiver.store_id)
    until(lambda: stock_of(db, receiver.store_id) > before, lambda: take_in(receiver))
    sent = read(db, "invoice_line").filter(pl.col("invoice_id") == invoice["id"])["packs"].sum()
    assert stock_of(db, receiver.store_id) - before == sent


def test_an_order_is_filled_and_received_line_by_line(pair):
    """B42: goods received move nothing; the supplier invoice made for them does, with their batches and costs."""
    supplier, receiver, carry = pair
    db = supplier.db
    until(lambda: carry() > 0, lambda: order(receiver))
    before = stock_of(db, supplier.store_id), stock_of(db, receiver.store_id)
    assert fill(supplier)
    invoice = read(db, "invoice").filter(
        pl.col("purchase_order_id").is_not_null(), pl.col("type") == "customer_invoice"
    )
    sent = read(db, "invoice_line").filter(pl.col("invoice_id") == invoice["id"][0])
    assert invoice["status"].to_list() == ["finalised"]
    assert sent["stock_line_id"].null_count() == 0
    assert before[0] - stock_of(db, supplier.store_id) == sent["packs"].sum() > 0
    assert carry() == 1
    assert stock_of(db, receiver.store_id) == before[1]
    assert receive_goods(receiver)
    goods = read(db, "goods_received").filter(pl.col("linked_invoice_id") == invoice["id"][0]).row(0, named=True)
    assert (goods["status"], goods["store_id"]) == ("finalised", receiver.store_id)
    made = read(db, "invoice").filter(pl.col("goods_received_id") == goods["id"], pl.col("type") == "supplier_invoice")
    assert made.select("store_id", "status", "linked_invoice_id").row(0) == (receiver.store_id, "finalised", None)
    lines = read(db, "invoice_line").filter(pl.col("invoice_id") == made["id"][0])
    facts = ["item_id", "batch", "expiry_date", "pack_size", "packs"]
    given = sent.select(*facts, cost_price_per_pack="sell_price_per_pack")
    assert_frame_equal(lines.select(given.columns), given, check_row_order=False)
    shelf = read(db, "stock_line").join(lines.select(id="stock_line_id"), on="id", how="semi")
    put = lines.select(*facts[:4], total_packs="packs")
    assert_frame_equal(shelf.select(put.columns), put, check_row_order=False)
    assert db.execute("SELECT status FROM purchase_order WHERE id = ?", (goods["purchase_order_id"],)) == [
        ("finalised",)
    ]
    assert carry() == 0


def test_orders_are_split_over_batches_struck_out_and_added_to(pair):
    supplier, receiver, carry = pair
    db = supplier.db
    for _ in range(25):
        order(receiver)
    filled = carry()
    assert filled > 5
    for _ in range(40):
        fill(supplier)
    sent = read(db, "invoice_line").join(
        read(db, "invoice")
        .filter(
            pl.col("purchase_order_id").is_not_null(),
            pl.col("type") == "customer_invoice",
            pl.col("status") == "finalised",
        )
        .select(invoice_id="id"),
        on="invoice_id",
        how="semi",
    )
    tied = sent.drop_nulls("purchase_order_line_id")
    assert 0 < sent.height - tied.height < tied.height, "lines were added"
    assert tied["purchase_order_line_id"].is_duplicated().any(), "lines were split"
    assert sent["stock_line_id"].null_count() == 0


def test_a_return_goes_back_and_is_taken_in(pair):
    supplier, receiver, carry = pair
    db = supplier.db
    before = stock_of(db, supplier.store_id), stock_of(db, receiver.store_id)
    until(lambda: carry() > 0, lambda: send_back(receiver))
    back = before[1] - stock_of(db, receiver.store_id)
    assert back > 0
    assert count(db, "invoice", "store_id = ? AND type = 'customer_credit' AND on_hold", supplier.store_id) == 1
    until(lambda: stock_of(db, supplier.store_id) > before[0], lambda: take_back(supplier))
    assert stock_of(db, supplier.store_id) - before[0] == back


def test_b30_either_half_is_deleted_now_and_then(pair):
    """What was sent is on the shelf again; what arrived and was deleted had moved nothing."""
    supplier, receiver, carry = pair
    db = supplier.db
    for _ in range(40):
        issue(supplier)
    assert carry() > 2
    before = stock_of(db, supplier.store_id)
    sent = "type = 'customer_invoice' AND status = 'finalised' AND store_id = ?"
    arrived = "type = 'supplier_invoice' AND status = 'new' AND store_id = ?"
    begun = count(db, "invoice", sent, supplier.store_id)
    waiting = count(db, "invoice", arrived, receiver.store_id)
    until(lambda: count(db, "invoice", sent, supplier.store_id) < begun, lambda: call_off(supplier))
    assert count(db, "invoice", arrived, receiver.store_id) == waiting
    until(lambda: count(db, "invoice", arrived, receiver.store_id) < waiting, lambda: refuse(receiver))
    assert carry() == 0
    assert stock_of(db, supplier.store_id) > before
    for table in ("invoice", "requisition", "purchase_order"):
        assert count(db, f"{table}_line", f"{table}_id NOT IN (SELECT id FROM {table})") == 0
    assert remark(supplier)


def test_b30_what_was_called_off_is_cleared_and_never_finished(pair):
    """What responds to a deleted paper is unlinked; nobody takes it for the store's own."""
    supplier, receiver, carry = pair
    db = supplier.db
    for _ in range(20):
        issue(supplier)
        order(receiver)
        ask(receiver)
    assert carry() > 10
    for kind in kinds.KINDS:
        db.execute(f"UPDATE {kind.responding_table} SET {kind.back} = NULL WHERE {kind.reference} LIKE 'from %'")
    arrived = [
        (table, f"{words} LIKE 'from %'")
        for table, words in (("invoice", "their_reference"), ("requisition", "comment"))
    ]
    before = {table: count(db, table, where) for table, where in arrived}
    assert all(before.values())
    for desk in (supplier, receiver):
        for _ in range(30):
            finish(desk)
            cancel(desk)
        assert not any(do(desk) for do in (take_in, take_back, answer, fill, receive_goods, refuse))
    assert {table: count(db, table, f"{where} AND status = 'new'") for table, where in arrived} == before
    for desk in (supplier, receiver):
        while clear(desk):
            pass
    assert [count(db, table, where) for table, where in arrived] == [0, 0]


@pytest.mark.long
def test_clerks_finish_every_kind_of_transfer_and_touch_no_other_stores_papers(own_demo, tables):
    """Stock agrees with its movements, numbers are the counters' own (B25), copies of other stores' papers stay."""
    some = [*own_demo[:4], own_demo[7]]
    courier, done = Courier(some, tables["central"]), Counter[str]()
    for day in range(1, 7):
        now = NOW + timedelta(days=day)
        copies = _copies(some)
        report = simulate(some, days=1, seed=4, scale=1.5, now=now)
        assert {site.problem for site in report.sites} == {None}
        assert _copies(some) == copies
        for site in report.sites:
            done.update(site.done)
        assert courier.carry(now) > 0
    assert {name for name, times in done.items() if times} >= set(TRANSFERRING) - {"cleared", "refused", "called off"}
    papers = courier.papers()
    ended = linked(papers).filter(pl.col("begun_at") > NOW)
    for kind in kinds.KINDS:
        halves = papers[kind.responding_table].join(
            ended.filter(pl.col("kind") == kind.name).select("id"), on="id", how="semi"
        )
        assert halves.filter(pl.col("status") == "finalised").height > 3, kind.name
    _numbers_are_right(papers)
    for site in some:
        with open_site(site.url, site.folder) as db:
            assert unbalanced(db) == [], site.site_code
            assert count(db, "stock_line", "available_packs < 0 OR total_packs < available_packs") == 0
    local = ended.join(PARTIES, left_on="to_store", right_on="store_id")
    sites = {store.id: store.site for store in STORES}
    at = [(sites[row["from_store"]], sites[row["to_store"]]) for row in local.iter_rows(named=True)]
    assert {one for one, other in at if one == other} == {"northern", "eastern"}, "where one supplies the other"
    assert any(one != other for one, other in at)


@pytest.mark.long
def test_the_same_seed_gives_the_same_transfers(new_demo, tables):
    ends = []
    for sites in (new_demo(), new_demo()):
        some = [sites[3], sites[7]]
        courier, reports = Courier(some, tables["central"]), []
        for day in range(1, 4):
            reports.append(simulate(some, days=1, seed=3, scale=1.0, now=NOW + timedelta(days=day)))
            courier.carry(NOW + timedelta(days=day))
        ends.append((reports, {table: frame.sort("id").rows() for table, frame in courier.papers().items()}))
    assert ends[0] == ends[1]


def _copies(sites: list[DemoSite]) -> list[list[tuple[object, ...]]]:
    """The documents at each site that are other sites' stores', with their lines."""
    found = []
    with ExitStack() as opened:
        for site in sites:
            own = [STORE[code].id for code in site.store_codes]
            db = opened.enter_context(open_site(site.url, site.folder))
            for header in kinds.HEADERS:
                is_other = f"store_id NOT IN ({', '.join('?' for _ in own)})"
                found.append(read(db, header, is_other, *own).rows())
                lines = f"{header}_id IN (SELECT id FROM {header} WHERE {is_other})"
                found.append(read(db, f"{header}_line", lines, *own).rows())
    return found


def _numbers_are_right(papers: Tables) -> None:
    for table in kinds.HEADERS:
        by = sorted({"store_id", kinds.counter(table) or "store_id"})
        numbered = (
            papers[table]
            .group_by(by)
            .agg(pl.col("number").min().alias("least"), pl.len(), pl.col("number").n_unique().alias("different"))
        )
        assert numbered.filter((pl.col("least") < 1) | (pl.col("len") != pl.col("different"))).is_empty(), table
