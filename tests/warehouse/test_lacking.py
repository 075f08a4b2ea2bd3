"""W4: what nobody collects or fills, and what waits, makes figures unknown or incomplete, never nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from sites.schema import SCHEMA
from tests.warehouse import golden
from tests.warehouse.test_golden import by_hand, shown
from warehouse.connection import Connection, open_warehouse
from warehouse.exports import shortfalls
from warehouse.exports.about import about_report
from warehouse.exports.shortfalls import lacking_words
from warehouse.exports.views import NAMES

LINE = {"pack_size": "10", "total_packs": "3", "available_packs": "3", "cost_price_per_pack": "2.5", "store_id": "A"}


@pytest.fixture
def con(tmp_path: Path, new_warehouse: Callable[[Path], Path]) -> Iterator[Connection]:
    with open_warehouse(new_warehouse(tmp_path / "working.duckdb"), SCHEMA) as opened:
        golden.fill(opened)
        yield opened


def wait(con: Connection, table: str, key: str, row: Mapping[str, str | None] | None, *, site: int = 1) -> None:
    """A change that waits, as its site has it; None is a delete."""
    con.execute(
        "insert into ledger.quarantine (id, site_id, table_name, record_id, op, verdict, reason, is_snapshot, "
        "site_row, first_seen_at, last_seen_at, first_cycle, cycle, state) select count(*) + 1, ?, ?, ?, ?, 'waiting', "
        "'parent_missing', false, ?, now(), now(), 1, 1, 'open' from ledger.quarantine",
        [site, table, key, "delete" if row is None else "upsert", row and json.dumps({"id": key, **row})],
    )


def lacks(con: Connection, site: int, **tables: list[str] | None) -> None:
    """The site has not got these columns; None: not the table."""
    con.execute(
        "update ledger.site set capture = ? where site_id = ?",
        [json.dumps({"log": "/x/0", "tables": {}, "lacking": tables}), site],
    )


def test_w4_every_store_says_which_tables_it_fills(con: Connection) -> None:
    columns = "store_code table_name is_collected is_filled rows first_date last_date waiting_rows"
    found = shown(con, "site_tables", columns)
    assert [row for row in found if row[0] == "A" or row[1] == "prescription"] == by_hand("""
        A amc_projection       yes no  0 -          -          0
        A build                yes no  0 -          -          0
        A goods_received       yes no  0 -          -          0
        A inventory_adjustment yes yes 1 2025-11-02 2025-11-02 0
        A invoice              yes yes 8 2025-11-01 2026-03-31 0
        A prescription         yes yes 7 2025-12-20 2026-04-01 0
        A purchase_order       yes no  0 -          -          0
        A requisition          yes no  0 -          -          0
        A stock_line           yes yes 10 -         -          0
        B prescription         yes yes 3 2026-02-10 2026-03-10 0
        C prescription         yes yes 2 2025-12-01 2026-02-10 0
    """)
    assert shown(con, "completeness", "stores_incomplete") == [["0"]]


def test_w4_reports_that_rest_on_some_tables_only_are_reports() -> None:
    assert set(NAMES) >= shortfalls._OF_NONE | shortfalls._OF_STOCK | shortfalls._OF_OTHER_PAPERS


def test_w4_a_dispensary_of_which_no_prescription_ever_came_is_unknown_not_zero(con: Connection) -> None:
    """B issues nothing besides, so nothing is known of its use; A does, and that is a part of it."""
    con.execute("delete from replica.prescription where store_id <> 'C'")
    columns = "store_code month dispensed_units issued_units usage_units is_incomplete"
    found = shown(con, "item_usage_monthly", columns, item="P")
    assert [row for row in found if row[1] in ("2026-02-01", "2026-03-01")] == by_hand("""
        A 2026-02-01 -  100 100 yes
        A 2026-03-01 -  200 200 yes
        B 2026-02-01 -    0   - yes
        B 2026-03-01 -    0   - yes
        C 2026-02-01 30   0  30 no
        C 2026-03-01 -    -   - no
    """)
    assert [row for row in shown(con, "amc", "store_code item_code amc_units amc_basis is_incomplete")
            if row[1] == "P"] == by_hand("""
        A P 100 full_window yes   # 300 by 3, and what it dispensed
        B P   - unknown     yes
        C P  30 full_window no
    """)  # fmt: skip
    columns = "month usage_units stores_known stores_incomplete stores_total"
    assert shown(con, "system_usage_monthly", columns, item="P")[4:6] == by_hand("""
        2026-02-01  30 0 2 3
        2026-03-01 200 0 2 3
    """)
    assert shown(con, "stores", "store_code missing_tables") == by_hand("A prescription\nB prescription\nC -")
    assert shown(con, "completeness", "stores_incomplete") == [["2"]]
    told = {name: about_report(con, name, {}).completeness for name in ("amc", "stock_by_batch", "items")}
    assert told["amc"].endswith(
        "what rests on these is unknown or lacks something: prescription (2 stores); more: `supplysync report "
        "site_tables`"
    )
    assert told["stock_by_batch"] == told["items"] == told["amc"].partition("; what rests")[0]  # neither rests on it


def test_w4_where_nothing_that_lies_there_has_a_price_there_is_no_value_and_a_month_says_so(con: Connection) -> None:
    """An empty line with a price is worth nothing, and says nothing of what the others are worth."""
    columns = "store_code soh_units value_amount value_missing_units"
    before = {row[0]: row[1:] for row in shown(con, "stock_on_hand", columns, item="P")}
    con.execute("update replica.stock_line set cost_price_per_pack = null where store_id = 'A' and item_id = 'P'")
    line = {"id": "empty", "store_id": "A", "item_id": "P", "pack_size": Decimal(10), "total_packs": Decimal(0)}
    golden.rows(con, "stock_line", [{**line, "available_packs": Decimal(0), "cost_price_per_pack": Decimal(5)}])
    after = {row[0]: row[1:] for row in shown(con, "stock_on_hand", columns, item="P")}
    assert after["A"] == [before["A"][0], "-", before["A"][0]]
    assert {store: row for store, row in after.items() if store != "A"} == {
        store: row for store, row in before.items() if store != "A"
    }
    said = {row[0]: row[1] for row in shown(con, "stock_monthly", "store_code is_price_missing", item="P")}
    assert said["A"] == "yes"
    assert said["B"] == "no"


def test_w4_a_table_that_a_site_has_not_got_is_not_collected(con: Connection) -> None:
    """Nothing says what B has on its shelves: it is in no band, out of nothing, and worth nobody knows how much."""
    con.execute("delete from replica.stock_line where store_id = 'B'")
    lacks(con, 2, stock_line=None, invoice_line=["batch", "expiry_date"])
    columns = "table_name is_collected is_filled rows lacking_columns"
    found = [row for row in shown(con, "site_tables", columns, store="B") if row[0] in ("invoice", "stock_line")]
    assert found == [["invoice", "yes", "yes", "3", "batch, expiry_date"], ["stock_line", "no", "-", "0", "-"]]
    con.execute("insert into replica.item_store_join (id, store_id, item_id) values ('j', 'B', 'P')")
    columns = "item_code soh_units usable_units expired_units mos_months stock_status value_amount is_incomplete"
    assert shown(con, "stock_on_hand", columns, store="B") == by_hand("P - - - - unknown - yes")
    assert shown(con, "stock_out", "item_code is_out_now out_since_date", store="B") == by_hand("P - -")
    columns = "store_code soh_value usable_value pct_of_total is_incomplete"
    assert shown(con, "stock_value", columns) == by_hand("""
        A 92.1 85.5 79.328165 no
        B -    -    -         yes
        C 24   24   20.671835 no
    """)
    assert shown(con, "stock_value_total", "total_value stores_value_incomplete") == [["116.1", "1"]]


def test_w4_a_store_that_fills_no_stock_lines_is_unknown_where_more_came_than_went(con: Connection) -> None:
    con.execute("delete from replica.stock_line where store_id = 'B'")
    golden.rows(con, "item_store_join", ({"id": item, "store_id": "B", "item_id": item} for item in "PT"))
    assert shown(con, "stock_on_hand", "item_code soh_units stock_status", store="B") == by_hand("""
        P - unknown         # 100 came, 39 went
        T 0 never_stocked   # nothing ever came
    """)


def test_w4_a_site_that_was_never_pulled_has_no_figures(con: Connection) -> None:
    con.execute("update ledger.site set data_as_of_at = null where site_id = 2")
    con.execute("delete from replica.stock_line where store_id = 'B'")
    golden.rows(con, "item_store_join", [{"id": "j", "store_id": "B", "item_id": "S"}])
    found = shown(con, "stock_on_hand", "item_code soh_units value_amount is_incomplete", store="B")
    assert found == by_hand("S - - yes")
    assert [row[1] for row in shown(con, "stock_value", "store_code soh_value")] == ["92.1", "-", "24"]


def test_w4_stock_that_waits_is_in_no_figure_and_said_beside_it(con: Connection) -> None:
    wait(con, "stock_line", "w1", {**LINE, "item_id": "P"})
    wait(con, "stock_line", "w2", {**LINE, "item_id": "nobody knows it"})
    wait(con, "stock_line", "w3", {**LINE, "item_id": "R", "pack_size": None, "cost_price_per_pack": None})
    wait(con, "stock_line", "p6", None, site=2)  # a delete: the store is that of the record
    con.execute(
        "insert into ledger.record (table_name, record_id, owner, scopes, seq) values ('stock_line', 'p6', 'B', [], 1)"
    )
    columns = "store_code item_code soh_units is_incomplete waiting_units waiting_value"
    found = [row for row in shown(con, "stock_on_hand", columns) if row[1] in "PR"]
    assert found == by_hand("""
        A P 376 yes 30 7.5
        A R   0 yes  0 0    # nobody said how many units, and what they cost
        B P  61 no   0 0    # which item the delete is of is not said in it
        B R  40 no   0 0
        C P 380 no   0 0
    """)
    columns = "store_code soh_value is_incomplete waiting_rows waiting_value"
    assert shown(con, "stock_value", columns) == by_hand("A 92.1 yes 3 15\nB 107.1 yes 1 0\nC 24 no 0 0")
    found = shown(con, "stock_value_total", "total_value stores_value_incomplete waiting_value")
    assert found == [["223.2", "2", "15"]]
    columns = "store_code waiting_rows waiting_units waiting_value"
    assert [row for row in shown(con, "site_tables", f"table_name {columns}") if row[0] == "stock_line"] == by_hand("""
        stock_line A 3 60 15
        stock_line B 1 -  -
        stock_line C 0 -  -
    """)


def test_w4_documents_that_wait_make_the_months_they_are_of_incomplete(con: Connection) -> None:
    """A prescription of February waits with its lines, an invoice that is not finished, and a line that was added to a
    document that is here."""
    said = {"store_id": "A", "status": "finalised", "dispensed_at": "2026-02-10T00:00:00.000000Z"}
    wait(con, "prescription", "x", said)
    wait(con, "prescription_line", "x1", {"prescription_id": "x", "item_id": "P", "pack_size": "1", "packs": "40"})
    wait(con, "prescription_line", "x2", {"prescription_id": "x", "item_id": "new", "pack_size": "1", "packs": "5"})
    wait(con, "invoice", "y", {"store_id": "A", "type": "customer_invoice", "status": "new"})
    wait(con, "invoice_line", "y1", {"invoice_id": "y", "item_id": "P", "pack_size": "1", "packs": "9"})
    wait(con, "invoice_line", "z1", {"invoice_id": "i3", "item_id": "P", "pack_size": "100", "packs": "1"})
    columns = "month usage_units is_incomplete waiting_units"
    assert shown(con, "item_usage_monthly", columns, store="A", item="P")[1:] == by_hand("""
        2026-01-01 124 no    0
        2026-02-01 200 yes  40
        2026-03-01 276 yes 100   # i3 is of 5 March
        2026-04-01  24 no    0
    """)
    found = shown(con, "amc", "item_code amc_units is_incomplete", store="A")
    assert found[0] == ["P", "200", "yes"]
    assert {row[2] for row in found[1:]} == {"no"}
    columns = "table_name waiting_rows waiting_units"
    assert [row for row in shown(con, "site_tables", columns, store="A") if row[1] != "0"] == by_hand("""
        invoice      3 109
        prescription 3  45
    """)
    assert shown(con, "stores", "store_code waiting_rows") == by_hand("A 4\nB 0\nC 0")
    assert "lacks something: rows that wait (1 store); more" in about_report(con, "losses", {}).completeness
    assert lacking_words(con, "losses", "store_code = $1", ["B"]) == ""


def test_w4_a_store_of_which_no_invoice_ever_came_issues_nobody_knows_how_much(con: Connection) -> None:
    """B is a plain store: it dispenses nothing by nature, and what it issues was never filled in."""
    con.execute("update replica.store set mode = 'store' where id = 'B'")
    con.execute("delete from replica.prescription where store_id = 'B'")
    con.execute("delete from replica.invoice where store_id = 'B'")
    columns = "item_code consumed_units amc_units amc_basis demand_units demand_basis is_incomplete"
    assert shown(con, "amc", columns, store="B") == [
        [item, "-", "-", "unknown", "-", "unknown", "yes"] for item in "PQRS"
    ]
    found = shown(con, "stock_on_hand", "item_code usable_units mos_months stock_status is_incomplete", store="B")
    assert found[:2] == by_hand("P 61 - unknown yes\nQ 280 - unknown yes")
    columns = "item_code reason target_units suggested_units run_out_date is_incomplete"
    assert shown(con, "suggested_orders", columns, store="B")[0] == by_hand("P unknown - - - yes")[0]
    columns = "batch units expected_usage_units at_risk_units at_risk_value"
    assert shown(con, "expiring_stock", columns, store="B") == by_hand("P-6 31 - - -\nP-7 30 - - -")
    assert {row[1] for row in shown(con, "expiry_ahead_monthly", "store_code expected_loss_units")
            if row[0] == "B"} == {"-"}  # fmt: skip
    assert [row for row in shown(con, "redistribution", "from_store_code to_store_code") if "B" in row] == []
    con.execute("insert into replica.amc_projection (id, store_id, item_id, amc_units) values ('f', 'B', 'P', 61)")
    columns = "stock_status mos_months demand_basis"
    assert shown(con, "stock_on_hand", columns, store="B", item="P") == [["below_min", "1", "forecast"]]


def test_w4_where_all_that_is_used_of_an_item_waits_it_is_unknown_how_much_it_needs(con: Connection) -> None:
    """A used no Q that is known: 20 came, 5 were lost. That a supplier sent more says nothing of what it used."""
    finished = {"store_id": "A", "status": "finalised", "finalised_at": "2026-02-10T00:00:00.000000Z"}
    wait(con, "invoice", "x", {**finished, "type": "supplier_invoice"})
    wait(con, "invoice_line", "x1", {"invoice_id": "x", "item_id": "Q", "pack_size": "1", "packs": "40"})
    columns = "item_code consumed_units amc_units amc_basis demand_units demand_basis is_incomplete"
    assert shown(con, "amc", columns, store="A", item="Q") == by_hand("Q 0 0 full_window 0 adjusted_amc yes")
    wait(con, "invoice", "y", {**finished, "type": "customer_invoice", "other_name_id": "nobody knows it"})
    for number, item in enumerate("QS"):
        line = {"invoice_id": "y", "item_id": item, "pack_size": "10", "packs": "20"}
        wait(con, "invoice_line", f"y{number}", line)
    assert [row for row in shown(con, "amc", columns, store="A") if row[0] in "QS"] == by_hand("""
        Q - - unknown - unknown yes
        S - - unknown - unknown yes   # nothing of it ever moved, as far as that is known
    """)
    columns = "month dispensed_units issued_units usage_units is_incomplete waiting_units"
    assert shown(con, "item_usage_monthly", columns, store="A", item="Q")[2:5] == by_hand("""
        2026-01-01 0 0 0 no    0
        2026-02-01 0 - - yes 240
        2026-03-01 0 0 0 no    0
    """)
    assert shown(con, "stock_monthly", "month dispensed_units issued_units", store="A", item="Q")[3] == by_hand(
        "2026-02-01 0 -"
    )[0]  # fmt: skip
    found = shown(con, "stock_on_hand", "item_code amc_units mos_months stock_status", store="A", item="Q")
    assert found == by_hand("Q - - unknown")
    found = shown(con, "suggested_orders", "reason suggested_units is_incomplete", store="A", item="Q")
    assert found == by_hand("unknown - yes")
    found = shown(con, "stock_bands_monthly", "month stores_no_consumption stores_unknown", item="Q")
    assert [row for row in found if row[0] in ("2026-01-01", "2026-02-01", "2026-03-01")] == by_hand("""
        2026-01-01 2 0
        2026-02-01 0 1
        2026-03-01 0 1
    """)


def test_w4_what_a_dispensary_on_paper_does_not_issue_it_may_still_dispense(con: Connection) -> None:
    """A issues P, which is a part of its use; of Q nothing is known to be used, and that is not nothing."""
    con.execute("delete from replica.prescription where store_id = 'A'")
    columns = "item_code amc_units amc_basis demand_units"
    assert [row for row in shown(con, "amc", columns, store="A") if row[0] in "PQS"] == by_hand("""
        P 100 full_window 100
        Q   - unknown     -
        S   0 no_movement 0   # it never had any
    """)
    found = shown(con, "item_usage_monthly", "month issued_units usage_units", store="A", item="P")
    assert found[1:4] == by_hand("2026-01-01 0 -\n2026-02-01 100 100\n2026-03-01 200 200")
