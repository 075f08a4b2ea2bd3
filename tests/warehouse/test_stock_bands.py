"""Stores by band, now and month by month, the tracer list, and losses to come, worked out by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from sites.schema import SCHEMA
from sync_rules.topology.topology import Site, Topology
from sync_rules.topology.tracer import Tracer
from tests.warehouse import golden
from tests.warehouse.test_golden import by_hand, shown
from warehouse.connection import Connection, open_warehouse
from warehouse.exports import views
from warehouse.exports.sums import add_up
from warehouse.ledger.sites import put_sites
from warehouse.records.replicas import codes_of_none

_JUDGED = "stores_stocked_out stores_below_min stores_adequate stores_overstocked stores_judged pct_adequate_of_plan"


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory, new_warehouse: Callable[[Path], Path]) -> Iterator[Connection]:
    """The golden network; a test that changes it puts it back."""
    with open_warehouse(new_warehouse(tmp_path_factory.mktemp("bands") / "working.duckdb"), SCHEMA) as opened:
        golden.fill(opened)
        yield opened


def test_w3_stores_by_band_and_the_share_that_is_stocked_to_plan(con: Connection) -> None:
    columns = f"item_code {_JUDGED} stores_no_consumption stores_never_stocked stores_unknown"
    assert shown(con, "stock_bands", columns) == by_hand("""
        P 0 0 2 0 2 100 0 0 1  # A and B; C is silent
        Q 0 0 0 1 1   0 1 0 1  # B; A needs none
        R 2 0 0 0 2   0 0 0 0
        S 0 0 0 0 0   - 0 1 1  # nobody knows how much B has
        T 0 1 0 0 1   0 0 0 0
    """)


def test_w3_stores_by_band_at_the_end_of_each_month(con: Connection) -> None:
    """By what was there and the months up to then: A by three, B by two and its own 2 to 4 months."""
    columns = f"month {_JUDGED} stores_no_consumption stores_unknown"
    assert shown(con, "stock_bands_monthly", columns, item="P") == by_hand("""
        2025-10-01 0 0 0 0 0   - 1 0  # C: 500, none used yet
        2025-11-01 0 0 0 0 0   - 1 0
        2025-12-01 0 0 0 1 1   0 1 0  # C: 410, 90 used in 78 days; A: 1000, none used yet
        2026-01-01 0 0 0 2 2   0 0 0  # A: 876 of 124 in 53 days; C: 410 of 90 in three months
        2026-02-01 0 0 0 1 1   0 1 1  # A: 676 of 324 in 81 days; B: it just came; C was not heard to the end
        2026-03-01 0 0 2 0 2 100 0 1  # A: 400 of 200 a month; B: 61 of 39 in 39 days, 30.4375 a month
    """)
    found = {row[0]: row[1:] for row in shown(con, "stock_bands_monthly", f"month {_JUDGED}", item="R")}
    assert found["2026-03-01"] == by_hand("1 0 0 0 1 0")[0]  # A is out; what B has is on hold, and needs none


def test_w3_the_months_of_all_stores_are_counted_of_the_band_of_each(con: Connection) -> None:
    """So that they can be counted of the stores of a region, too."""
    bands = ("stocked_out", "below_min", "adequate", "overstocked", "no_consumption", "unknown")
    by_store = views.read(con, "stock_monthly").filter(pl.col("stock_status").is_not_null())
    counted = by_store.group_by("month", "item_code").agg(
        (pl.col("stock_status") == band).sum().cast(pl.Int64).alias(f"stores_{band}") for band in bands
    )
    expected = views.read(con, "stock_bands_monthly").select(counted.columns)
    assert_frame_equal(counted, expected, check_row_order=False)
    assert {*by_store["stock_status"]} == {*bands}


def test_w3_time_out_of_stock_is_of_open_stores_and_items_in_use_however_it_is_added_up(con: Connection) -> None:
    con.execute("begin transaction")
    con.execute("update replica.item set is_active = false where id = 'Q'")
    con.execute("update replica.store set is_disabled = true where id = 'B'")
    columns = ["month", "days_out", "days_known"]
    by_store, by_item = (
        add_up(con, name, ["month"]).rows.select(columns) for name in ("stock_monthly", "stock_out_monthly")
    )
    assert_frame_equal(by_store, by_item, check_dtypes=False)
    kept = views.read(con, "stock_monthly").filter("is_in_use").select("store_code", "item_code").unique()
    assert not {"B"} & {*kept["store_code"]}
    assert not {"Q"} & {*kept["item_code"]}
    con.execute("rollback")


def test_w3_the_band_of_a_month_is_that_of_the_morning_after(con: Connection) -> None:
    """Of what is neither expired nor on hold: seen on 1 April, the bands of now are those of the end of March."""
    con.execute("begin transaction")
    at = golden.AS_OF_AT.replace(month=4, day=1) - timedelta(hours=9)  # midnight and a bit in Auckland
    con.execute("delete from replica.prescription where id = 'd4'")
    con.execute("update replica.stock_line set on_hold = false, expiry_date = null")
    con.execute("update replica.stock_line set total_packs = 30 where id = 'p5'")  # d4 handed out 24 of P in April
    con.execute("update replica.location set on_hold = false")
    con.execute("set variable as_of_at = ?::timestamptz", [at])
    con.execute("update ledger.site set data_as_of_at = ? where site_code <> 'far'", [at])
    last = {row[0]: row[1:] for row in shown(con, "stock_bands_monthly", f"item_code {_JUDGED}", month="2026-03")}
    now = {row[0]: row[1:] for row in shown(con, "stock_bands", f"item_code {_JUDGED}")}
    assert {item: now[item] for item in ("P", "T")} == {item: last[item] for item in ("P", "T")}
    con.execute("rollback")
    con.execute("set variable as_of_at = ?::timestamptz", [golden.AS_OF_AT])


def test_w3_the_tracer_list_is_of_a_master_list_and_of_items_by_code(con: Connection) -> None:
    sites = (Site(1, "main", name="Main"), Site(2, "clinic", name="Clinic"), Site(3, "far", name="Far"))
    topology = Topology("main", "main", sites, (), time_zone="Pacific/Auckland", currency="NZD")

    def tracers(tracer: Tracer) -> list[str]:
        put_sites(con, replace(topology, tracer=tracer))
        return [row["item_code"] for row in views.read(con, "stock_bands").to_dicts() if row["is_tracer"]]

    assert tracers(Tracer()) == []
    assert tracers(Tracer("EML")) == ["P", "S"]
    assert tracers(Tracer(items=("T", "Q", "nothing"))) == ["Q", "T"]
    assert tracers(Tracer("EML", ("T",))) == ["P", "S", "T"]
    assert tracers(Tracer("no such list")) == []
    assert tracers(Tracer()) == []
    assert codes_of_none(con, "item", ["T", "nothing"]) == ["nothing"]
    assert codes_of_none(con, "master_list", ["EML", "TRACER"]) == ["TRACER"]


def test_w3_losses_to_come_by_the_month_in_which_batches_expire(con: Connection) -> None:
    columns = "month store_code item_code batches units value_amount expected_loss_units expected_loss_value"
    assert shown(con, "expiry_ahead_monthly", columns) == by_hand("""
        2026-04-01 A P 1 30  4.5 23.429158  3.514374  # 200 a month use 6.57 of 30 by tomorrow
        2026-04-01 B P 1 31  3.1 21         2.1       # ten days, one a day
        2026-05-01 A Q 1 20 40   20        40         # it needs none
        2026-05-01 A T 1 20  -    0         -         # no price
        2026-05-01 B P 1 30  3   10         1         # thirty days, ten of them for the other batch
        2026-07-01 A T 1 40 16    0         0
    """)
    coming = [row for row in views.read(con, "expiring_stock").to_dicts() if row["band"] != "expired"]
    ahead = views.read(con, "expiry_ahead_monthly")
    assert ahead["expected_loss_value"].sum() == sum(row["at_risk_value"] or 0 for row in coming)
