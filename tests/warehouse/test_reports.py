"""The reports, with figures worked out by hand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from sites.schema import SCHEMA
from sync_rules.topology.topology import Options, Site, Topology
from warehouse.connection import Connection, query
from warehouse.exports import views
from warehouse.ledger.sites import put_sites
from warehouse.records import replicas
from warehouse.reports.files import PARTS, report_files
from warehouse.reports.view_texts import view_text

BEGAN = datetime.now(UTC)
TODAY = BEGAN.date()
"""The day that reports speak of, though the tests go on past midnight."""


def rows(con: Connection, table: str, *given: Mapping[str, Any]) -> None:
    """Puts rows into a replica; columns not given are NULL."""
    schema = SCHEMA.frame_schema(table)
    replicas.put_rows(
        con, table, pl.DataFrame([{**dict.fromkeys(schema), **row} for row in given], schema=schema), SCHEMA
    )


def network(con: Connection, **options: Any) -> None:
    """Site 1 with store A, site 2 with store B; both made contact."""
    con.execute(f"set variable as_of_at = timestamptz '{BEGAN.isoformat()}'")
    sites = (Site(1, "central", name="Centre"), Site(2, "clinic"), Site(3, "paused", is_enabled=False), Site(4, "new"))
    put_sites(con, Topology("central", "central", sites, (), Options(**options)))
    con.execute("insert into ledger.instance values (1, 'A', 'active'), (1, 'B', 'collector'), (2, 'B', 'active')")
    con.execute(
        "update ledger.site set bookmark = 'x', last_contact_at = now(), data_as_of_at = now() where site_id < 3"
    )
    rows(con, "name", {"id": "nA", "name": "Store A"}, {"id": "nB", "name": "Store B"})
    rows(con, "store", {"id": "A", "code": "A", "name_id": "nA"}, {"id": "B", "code": "B", "name_id": "nB"})
    rows(con, "unit", {"id": "u", "name": "tablet"})
    rows(con, "item", *({"id": code, "code": code, "name": f"Item {code}", "unit_id": "u"} for code in "XYZ"))


def stock(con: Connection, *lines: tuple[Any, ...]) -> None:
    """Lines of (id, store, item, pack size, packs, cost, expiry, on hold, location)."""
    names = (
        "id",
        "store_id",
        "item_id",
        "pack_size",
        "total_packs",
        "cost_price_per_pack",
        "expiry_date",
        "on_hold",
        "location_id",
    )
    given = [dict(zip(names, line, strict=True)) for line in lines]
    for row in given:
        row["available_packs"] = row["total_packs"]
        for name in ("pack_size", "total_packs", "available_packs", "cost_price_per_pack"):
            row[name] = Decimal(row[name])
    rows(con, "stock_line", *given)


def report(con: Connection, name: str, **filters: str) -> list[dict[str, Any]]:
    return views.read(con, name, **filters).to_dicts()


def test_stock_on_hand_counts_units_and_tells_usable_from_expired_and_held(con: Connection) -> None:
    network(con)
    tomorrow, later = TODAY + timedelta(days=1), date(2999, 1, 1)
    rows(con, "location", {"id": "quarantine", "store_id": "A", "on_hold": True}, {"id": "shelf", "store_id": "A"})
    stock(
        con,
        ("1", "A", "X", "100", "2.5", "10.00", later, False, "shelf"),  # 250 units, 25.00
        ("2", "A", "X", "10", "3", "1.50", tomorrow, False, None),  # 30 units, 4.50: usable until tomorrow
        ("3", "A", "X", "10", "4", "1.50", TODAY, False, None),  # 40 units, 6.00: the expiry day counts as expired
        ("4", "A", "X", "10", "5", "2.00", None, True, None),  # 50 units, 10.00: on hold, never expires
        ("5", "A", "X", "1", "6", "0.10", None, False, "quarantine"),  # 6 units, 0.60: its location is on hold
        ("6", "A", "Y", "10", "0", "9.99", TODAY, False, None),  # an empty line says nothing of expiry
    )
    [item_x, item_y] = report(con, "stock_on_hand", store="A")
    expected = {
        "soh_units": 376,
        "available_units": 376,
        "usable_units": 280,
        "expired_units": 40,
        "on_hold_units": 56,
        "value_amount": Decimal("46.1"),
        "earliest_expiry_date": TODAY,
        "store_name": "Store A",
        "unit_name": "tablet",
    }
    assert {name: item_x[name] for name in expected} == expected
    assert (item_y["soh_units"], item_y["usable_units"], item_y["earliest_expiry_date"]) == (0, 0, None)


def test_b20_an_item_expected_at_a_store_is_there_with_zero(con: Connection) -> None:
    network(con)
    rows(con, "master_list", {"id": "list", "name": "Essential"})
    rows(con, "master_list_line", {"id": "l", "master_list_id": "list", "item_id": "Z"})
    rows(con, "master_list_store", {"id": "j", "master_list_id": "list", "store_id": "B"})
    rows(con, "item_store_join", {"id": "i", "item_id": "Y", "store_id": "B"})
    found = [(row["store_code"], row["item_code"], row["soh_units"]) for row in report(con, "stock_on_hand")]
    assert found == [("B", "Y", 0), ("B", "Z", 0)]


def test_b41_a_store_whose_data_stays_at_its_site_is_not_in_reports(con: Connection) -> None:
    network(con)
    stock(con, ("1", "A", "X", "1", "1", "1", None, False, None), ("2", "B", "X", "1", "1", "1", None, False, None))
    con.execute("insert into ledger.withheld values ('B', true)")
    assert [row["store_code"] for row in report(con, "stock_on_hand")] == ["A"]


def test_w3_the_sync_report_has_each_site_and_what_is_wrong_with_it(con: Connection) -> None:
    network(con)
    found = {row["site_code"]: row for row in report(con, "sync_status")}
    assert {code: row["status"] for code, row in found.items()} == {
        "central": "ok",
        "clinic": "ok",
        "paused": "disabled",
        "new": "never",
    }
    assert found["central"]["store_codes"] == "A"
    assert found["new"]["queue_out"] is None


@pytest.mark.parametrize(("zone", "days_ahead"), [("Pacific/Kiritimati", 1), ("Pacific/Pago_Pago", -1)])
def test_b20_a_batch_expires_on_the_day_it_is_where_the_network_is(con: Connection, zone: str, days_ahead: int) -> None:
    """Kiritimati is 14 hours ahead of UTC, Pago Pago 11 hours behind: for part of each day the date differs."""
    network(con)
    con.execute("update ledger.network set time_zone = ?", [zone])
    now = datetime.now(UTC)  # midnight is somewhere while this runs
    con.execute(f"set variable as_of_at = timestamptz '{now.isoformat()}'")
    local = now.astimezone(ZoneInfo(zone)).date()
    assert abs((local - TODAY).days) <= abs(days_ahead)
    day = timedelta(days=1)
    stock(
        con,
        ("1", "A", "X", "1", "1", "1", local, False, None),
        ("2", "A", "X", "1", "2", "1", local + day, False, None),
    )
    [row] = report(con, "stock_on_hand")
    assert (row["expired_units"], row["usable_units"]) == (1, 2)


@pytest.mark.parametrize(
    ("silent", "options", "status"),
    [
        ("6 days", {}, "ok"),
        ("8 days", {}, "late"),
        ("32 days", {}, "overdue"),
        ("3 days", {"late_after": "2 days"}, "late"),
        ("32 days", {"overdue_after": "2 months"}, "late"),
    ],
)
def test_w3_a_site_silent_for_over_a_month_is_overdue(
    con: Connection, silent: str, options: dict[str, str], status: str
) -> None:
    network(con, **options)
    con.execute("update ledger.site set last_contact_at = now() - cast(? as interval) where site_id = 2", [silent])
    [row] = [row for row in report(con, "sync_status") if row["site_code"] == "clinic"]
    assert row["status"] == status
    assert row["is_overdue"] is (status == "overdue")


def test_a_failed_site_is_an_error_until_it_goes_through(con: Connection) -> None:
    network(con)
    con.execute("update ledger.site set last_outcome = 'failed', last_error = 'not a database' where site_id = 2")
    [row] = [row for row in report(con, "sync_status") if row["site_code"] == "clinic"]
    assert (row["status"], row["last_error"]) == ("error", "not a database")


def test_a_filter_the_report_does_not_have_is_refused(con: Connection) -> None:
    with pytest.raises(views.UnknownFilter, match="no column `item_code`"):
        views.read(con, "sync_status", item="X")


@pytest.mark.parametrize(("asked", "taken"), [(6, 6), (120, 120), (121, 3), (10**9, 3), (0, 3), (-5, 3), (None, 3)])
def test_b20_a_preference_that_cannot_be_meant_stops_no_report(con: Connection, asked: int | None, taken: int) -> None:
    network(con)
    rows(con, "store_preference", {"id": "A", "amc_months": asked})
    stock(con, ("1", "A", "X", "1", "1", "1", None, False, None))
    assert [row["window_months"] for row in report(con, "amc")] == [taken]


def test_b20_a_batch_that_expired_after_the_last_pull_was_out_for_no_day_that_is_known(con: Connection) -> None:
    network(con)
    con.execute("update ledger.site set data_as_of_at = now() - interval 5 days where site_id = 1")
    stock(con, ("1", "A", "X", "1", "1", "1", TODAY - timedelta(days=2), False, None))
    [row] = report(con, "stock_out")
    assert (row["is_out_now"], row["out_since_date"], row["days_out"]) == (True, TODAY - timedelta(days=2), 0)


FIXED = {
    "stock_on_hand": (
        "store_code store_name item_code item_name unit_name soh_units available_units usable_units expired_units "
        "on_hold_units amc_units mos_months stock_status value_amount earliest_expiry_date in_transit_units "
        "data_as_of_at days_since_sync"
    ),
    "stock_by_batch": (
        "store_code item_code batch expiry_date days_to_expiry location_code pack_size packs soh_units value_amount "
        "is_expired is_on_hold data_as_of_at"
    ),
    "stock_value": (
        "store_code store_name soh_value usable_value expired_value on_hold_value in_transit_value pct_of_total "
        "is_current data_as_of_at"
    ),
    "stock_value_total": "total_value in_transit_value stores sites_current sites_total oldest_data_as_of_at",
    "item_usage_monthly": (
        "month store_code store_name item_code item_name dispensed_units issued_units usage_units stock_out_days "
        "is_complete_month is_known data_as_of_at"
    ),
    "amc": (
        "store_code item_code window_months consumed_units stock_out_days amc_units amc_adjusted_units amc_basis"
    ),
    "expiring_stock": (
        "store_code item_code batch expiry_date band units value_amount expected_usage_units at_risk_units"
    ),
    "stock_out": (
        "store_code item_code is_out_now out_since_date days_out_90d amc_units last_received_date"
    ),
    "transfers": (
        "kind from_store_code to_store_code initiating_id responding_id state units value_amount begun_at "
        "days_under_way waits from_number to_number is_under_way data_as_of_at responding_units"
    ),
    "transfer_lines": (
        "kind from_store_code to_store_code initiating_id responding_id state item_code item_name batch sent_units "
        "there_units difference_units sent_value there_value difference_value reason"
    ),
    "sync_status": (
        "site_id site_code site_name status last_contact_at last_success_at days_since_contact is_overdue queue_in "
        "queue_out rejected waiting oldest_pending_at consecutive_failures last_error data_as_of_at "
        "queue_in_as_of_at store_codes held_removals held_changes"
    ),
    "rejected_changes": (
        "site_code table_name record_id operation reason rule explanation first_seen_at cycle state"
    ),
    "completeness": "stores_total stores_current sites_silent_7d sites_silent_1m as_of_at",
}  # fmt: skip


def test_a_report_has_its_fixed_columns_in_order(con: Connection) -> None:
    """Columns are added at the end only: what people wrote against a report goes on working."""
    fixed = {name: columns.split() for name, columns in FIXED.items()}
    assert {name: views.read(con, name).columns[: len(columns)] for name, columns in fixed.items()} == fixed


def test_w3_what_a_report_is_made_of_stands_in_its_view_once() -> None:
    """However often that is asked for, and whatever that is made of again; nothing of ours has such a name."""
    names = {file.name for file in report_files()}
    for file in report_files():
        parts = re.findall(r"\bwhole_(\w+) as \(", view_text(file.name))
        assert len(parts) == len(set(parts)), file.name
        assert file.needs & names <= set(parts) <= names - {file.name}, file.name
        assert not re.search(r"\breports\.\w", view_text(file.name))
        assert not re.search(r"\bwhole_", file.sql)


def test_w2_a_view_says_what_a_row_is_and_what_each_column_means_in_order(con: Connection) -> None:
    files = {file.name: file for file in report_files()}
    assert files.keys() == views.NAMES | PARTS
    assert [name for name, file in files.items() if file.sql.count("\n-- One row is: ") != 1] == []
    asked = "select table_name, column_name from duckdb_columns() where schema_name = 'reports' order by column_index"
    columns: dict[str, list[str]] = {name: [] for name in files}
    for name, column in query(con, asked).rows():
        columns[name].append(column)
    assert columns == {name: list(file.columns) for name, file in files.items()}
