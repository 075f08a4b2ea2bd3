"""Doubts about each step, not only about the sum; each names its document (B20, W4)."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sites.schema import SCHEMA
from tests.warehouse import golden
from tests.warehouse.documents_random import Move, moves, put, table_of
from tests.warehouse.test_golden import by_hand, shown
from warehouse.connection import Connection, open_warehouse
from warehouse.exports import views
from warehouse.reports.files import UNPUBLISHED


@pytest.fixture
def other(tmp_path: Path, new_warehouse: Callable[[Path], Path]) -> Iterator[Connection]:
    """The golden network to alter."""
    with open_warehouse(new_warehouse(tmp_path / "working.duckdb"), SCHEMA) as opened:
        golden.fill(opened)
        yield opened


def doubts(con: Connection, *issues: str) -> list[list[str]]:
    found = shown(con, "data_quality", "issue store_code item_code table_name record_id units")
    return [row for row in found if row[0] in issues]


def document(con: Connection, table: str, key: str, lines: Sequence[Mapping[str, Any]], **header: Any) -> None:
    """A document of store A; finalised at noon of 1 March 2026, where nothing else is said."""
    at = {"prescription": "dispensed_at"}.get(table, "finalised_at")
    given = {"id": key, "store_id": "A", "status": "finalised", at: golden.moment("2026-03-01T00:00"), **header}
    golden.rows(con, table, [given])
    golden.rows(con, f"{table}_line", ({"id": f"{key}{n}", f"{table}_id": key, **row} for n, row in enumerate(lines)))


def line(units: str, item: str = "S", **given: Any) -> dict[str, Any]:
    return {"item_id": item, "pack_size": Decimal(1), "packs": Decimal(units), **given}


def lying(con: Connection, key: str, units: str, *, free: str = "", **given: Any) -> None:
    """A stock line of S at A."""
    row = {
        "id": key,
        "store_id": "A",
        "item_id": "S",
        "pack_size": Decimal(1),
        "expiry_date": date(2030, 1, 1),
        **given,
    }
    packs = {"total_packs": Decimal(units), "available_packs": Decimal(free or units)}
    golden.rows(con, "stock_line", [{**row, "cost_price_per_pack": Decimal(1), **packs}])


def test_b20_an_issue_booked_on_the_wrong_batch_is_found_though_the_sum_is_right(other: Connection) -> None:
    """100 came on each of two batches and 60 left the first by the books; the shelf lost them from the second. What was
    moved between them by a replenishment counts."""
    lying(other, "one", "110")
    lying(other, "two", "30")
    came = [line("100", stock_line_id="one"), line("100", stock_line_id="two")]
    document(other, "invoice", "in", came, type="supplier_invoice", other_name_id="supplier")
    document(other, "invoice", "out", [line("60", stock_line_id="one")], type="customer_invoice")
    moved = {"from_stock_line_id": "two", "to_stock_line_id": "one"}
    document(other, "replenishment", "between", [line("10", **moved)])
    assert doubts(other, "batch_not_explained", "balance_not_explained") == by_hand("""
        batch_not_explained   A S stock_line one  60   # 110, and its documents say 50
        batch_not_explained   A S stock_line two -60
        balance_not_explained C Q -          -     5
    """)
    other.execute("update replica.invoice_line set stock_line_id = null where id = 'out0'")
    assert doubts(other, "batch_not_explained") == []  # nobody can tell: it names no batch


def test_b20_a_balance_below_zero_in_the_past_names_the_document_that_took_most(other: Connection) -> None:
    lying(other, "one", "10")
    came = {"type": "supplier_invoice", "finalised_at": golden.moment("2026-03-05T00:00")}
    document(other, "invoice", "late", [line("40")], **came)
    document(other, "prescription", "small", [line("10")])
    document(other, "prescription", "large", [line("20")])
    assert doubts(other, "balance_below_zero") == by_hand("balance_below_zero A S prescription large -30")


def test_b20_packs_set_aside_without_a_document_are_found(other: Connection) -> None:
    """Half a pack of P at A is set aside, and an invoice that is not finished asks for P: nothing is said of it."""
    lying(other, "one", "9", free="7")
    lying(other, "two", "9", free="4")
    lying(other, "three", "9", free="10")
    document(other, "prescription", "open", [line("3", stock_line_id="two")], status="new", dispensed_at=None)
    issues = ("available_not_explained", "more_available_than_there")
    assert doubts(other, *issues) == by_hand("""
        available_not_explained   A S stock_line one   2
        available_not_explained   A S stock_line two   2   # 5, of which 3 are on an open prescription
        more_available_than_there A S stock_line three 1
    """)


def test_b20_what_had_expired_when_it_was_given_out_names_its_document(other: Connection) -> None:
    """By the date of the line, else by that of the batch; the expiry day itself counts."""
    lying(other, "old", "5", expiry_date=date(2026, 2, 1))
    document(other, "prescription", "patient", [line("2", stock_line_id="old")])
    document(other, "invoice", "ward", [line("3", expiry_date=date(2026, 3, 1))], type="customer_invoice")
    document(other, "invoice", "good", [line("3", expiry_date=date(2026, 3, 2))], type="customer_invoice")
    document(other, "invoice", "back", [line("1", expiry_date=date(2020, 1, 1))], type="supplier_credit")
    assert doubts(other, "expired_stock_issued") == by_hand("""
        expired_stock_issued A S prescription patient 2
        expired_stock_issued A S invoice      ward    3
    """)


def test_w4_each_document_with_a_wrong_date_is_named(other: Connection) -> None:
    for key, at in {"first": "1970-01-01T03:00", "last": "2999-12-31T00:00", "fine": "2026-04-01T00:00"}.items():
        document(other, "prescription", key, [line("2"), line("3")], dispensed_at=golden.moment(at))
    assert doubts(other, "dated_long_ago", "dated_after_the_pull") == by_hand("""
        dated_after_the_pull A S prescription last  5
        dated_long_ago       A S prescription first 5
    """)


def test_r5_a_clock_that_is_ahead_or_behind_is_named_once_a_site_by_the_document_that_shows_it_best(
    other: Connection,
) -> None:
    pulled = golden.AS_OF_AT
    for key, hours in {"near": 0.5, "ahead": 5, "further": 30}.items():
        at = pulled + timedelta(hours=hours)
        document(other, "invoice", key, [], status="new", type="supplier_invoice", created_at=at, finalised_at=None)
    made, kind = datetime(2026, 4, 10, tzinfo=UTC), "supplier_invoice"
    for key, hours in {"behind": 3, "further behind": 7, "after": -2}.items():
        received = {"store_id": "B", "type": kind, "finalised_at": made - timedelta(hours=hours)}
        document(other, "invoice", key, [], **received)
        other.execute(
            "insert into ledger.transfer (kind, table_name, record_id, from_store, to_store, responding_table, "
            "responding_id, begun_at, is_snapshot, first_cycle, made_by, made_at) values ('stock_transfer', 'invoice', "
            "?, 'A', 'B', 'invoice', ?, ?, false, 1, 'central', ?)",
            [f"{key}-out", key, made - timedelta(days=2), made],
        )
    found = [row for row in views.read(other, "data_quality").to_dicts() if row["issue"].startswith("clock_")]
    assert [(row["issue"], row["store_code"], row["record_id"]) for row in found] == [
        ("clock_ahead", "A", "further"),
        ("clock_behind", "B", "further behind"),
    ]
    assert "30 hours after the last pull of site main" in found[0]["explanation"]
    assert "the clock of site clinic is behind" in found[1]["explanation"]


def test_b20_codes_that_two_have_are_listed_by_record(other: Connection) -> None:
    golden.rows(other, "name", [{"id": "n1", "code": "W1"}, {"id": "n2", "code": "W1"}, {"id": "n3", "code": ""}])
    golden.rows(other, "name", [{"id": "n4", "code": ""}, {"id": "n5", "code": "w1"}])
    golden.rows(other, "store", [{"id": "A2", "code": "A", "mode": "store"}])
    golden.rows(other, "barcode", [{"id": "b1", "barcode": "955", "item_id": "P"}])
    golden.rows(other, "barcode", [{"id": "b2", "barcode": "955", "item_id": "Q"}, {"id": "b3", "barcode": "956"}])
    issues = ("name_code_doubled", "store_code_doubled", "barcode_code_doubled")
    assert sorted(doubts(other, *issues)) == by_hand("""
        barcode_code_doubled - P barcode b1 -
        barcode_code_doubled - Q barcode b2 -
        name_code_doubled    - - name    n1 -
        name_code_doubled    - - name    n2 -
        store_code_doubled   - - store   A  -
        store_code_doubled   - - store   A2 -
    """)


def test_b16_patients_of_one_code_are_counted_by_store_and_named_only_where_no_snapshot_has_it(
    other: Connection,
) -> None:
    people = {"one": ("HF-1", "A"), "two": ("HF-1", "B"), "three": ("HF-2", "A"), "four": (None, "A")}
    golden.rows(
        other, "patient", ({"id": key, "code": code, "home_store_id": home} for key, (code, home) in people.items())
    )
    assert doubts(other, "patient_code_doubled") == by_hand("""
        patient_code_doubled A - patient - -
        patient_code_doubled B - patient - -
    """)
    columns = "patient_code patients patient_id store_code site_code"
    assert shown(other, "patient_codes", columns) == by_hand("HF-1 2 one A main\nHF-1 2 two B clinic")
    assert "patient_codes" in UNPUBLISHED


@pytest.mark.parametrize("seed", [1, 2])
def test_b20_batches_and_balances_of_random_documents_are_doubted_where_adding_up_says_so(
    con: Connection, seed: int
) -> None:
    dice = random.Random(seed)
    everything = moves(dice)
    put(con, everything)
    assert doubts(con, "batch_not_explained", "balance_not_explained") == []
    held: dict[str, int] = defaultdict(int)
    for move in everything:
        held[move.batch] += move.signed
    off = {batch: dice.randint(1, 9) for batch in held if dice.random() < 0.3}
    for batch, units in off.items():
        con.execute("update replica.stock_line set total_packs = total_packs + ? where id = ?", [units, batch])
    found = {row[4]: int(row[5]) for row in doubts(con, "batch_not_explained")}
    assert found == off
    pairs = {(move.store, move.item) for move in everything}
    expected = {pair: below(everything, pair) for pair in pairs if not any(batch[:2] == "".join(pair) for batch in off)}
    found_below = {(row[1], row[2]): (row[3], row[4]) for row in doubts(con, "balance_below_zero")}
    assert found_below == {pair: document for pair, document in expected.items() if document}
    assert found_below


def below(everything: list[Move], pair: tuple[str, str]) -> tuple[str, str] | None:
    """The document that took the balance below zero, day after day."""
    own = [move for move in everything if (move.store, move.item) == pair]
    held = 0
    for day in sorted({move.day for move in own}):
        today = [move for move in own if move.day == day]
        held += sum(move.signed for move in today)
        if held < 0:
            out = [move for move in today if move.signed < 0]
            most = min(out, key=lambda move: (move.signed, table_of(move), move.document))
            return table_of(most), most.document
    return None
