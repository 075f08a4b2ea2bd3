"""W4: what lacks something is marked wherever it is added up, and what nobody knows is no rate of nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from dashboard.app import make_app
from sites.schema import SCHEMA
from tests.dashboard.client import TestClient
from tests.dashboard.test_pages import rows_of, words
from tests.warehouse import golden
from tests.warehouse.test_lacking import LINE, wait
from warehouse.connection import open_warehouse, query
from warehouse.exports.sums import add_up
from warehouse.snapshots import current as snapshots
from warehouse.snapshots.publish import publish


@pytest.fixture(scope="module")
def folder(tmp_path_factory, new_warehouse):
    """The golden network, where stock of A waits, and 1,200 of its S and 20 of its Q have no price,
    nobody fills in what B issues, and C was never heard of."""
    folder = tmp_path_factory.mktemp("lacking")
    with open_warehouse(new_warehouse(folder / "working.duckdb"), SCHEMA) as con:
        golden.fill(con)
        con.execute("insert into ledger.cycle values (1, ?, 1, 'rules', 0, true)", [golden.AS_OF_AT])
        wait(con, "stock_line", "w", {**LINE, "item_id": "P"})
        packs = {"pack_size": Decimal(10), "total_packs": Decimal(120), "available_packs": Decimal(120)}
        golden.rows(con, "stock_line", [{"id": "free", "store_id": "A", "item_id": "S", **packs}])
        con.execute("update replica.store set mode = 'store' where id = 'B'")
        con.execute(
            "update ledger.site set bookmark = null, data_as_of_at = null, last_contact_at = null where site_id = 3"
        )
        for table, stores in (("prescription", "BC"), ("invoice", "BC"), ("stock_line", "C")):
            con.execute(f"delete from replica.{table} where store_id in (select unnest(?))", [list(stores)])
        publish(con, folder / "published", SCHEMA, now=golden.AS_OF_AT)
    return folder / "published"


@pytest.fixture(scope="module")
def asking(folder):
    with TestClient(make_app(folder), base_url="http://localhost") as made:
        yield made


@pytest.fixture(scope="module")
def snapshot(folder):
    with snapshots.open_snapshot(snapshots.current(folder)) as con:
        yield con


def test_w4_the_overview_says_of_how_many_stores_something_is_lacking(asking):
    text = words(asking.get("/").text)
    assert "on the shelves of 3 stores" in text
    assert "Of 2 stores something is lacking: stock lines that wait, worth 7.50, or are not collected." in text
    stores = {row[0]: row[-1] for row in rows_of(asking.get("/").text, "Stores, those first")}
    assert all(row.endswith("incomplete") for row in stores.values())
    assert stores.keys() >= {"Central store", "Clinic"}


def test_w4_a_value_without_what_has_no_price_says_so(asking):
    said = "units have no price and are in no value: which"
    for path in ("/", "/value", "/compare", "/history", "/stock/store/A"):
        assert f"1,220 {said}" in words(asking.get(path).text), path
    for path in ("/stock/item/S", "/stock/pair?item=S&store=A"):
        assert f"1,200 {said}" in words(asking.get(path).text), path
    assert said not in words(asking.get("/stock/store/B").text)


def test_w4_a_value_without_what_has_no_price_is_marked_in_its_row(asking):
    mark = "1,220 without price"
    stores = {row[0]: row for row in rows_of(asking.get("/").text, "Stores, those first")}
    assert mark in stores["Central store"][5]
    assert mark not in stores["Clinic"][5]
    text = asking.get("/compare?by=store").text
    assert [row[0] for row in rows_of(text, "By store") if mark in row[8]] == ["Central store"]
    assert words(text).count(mark) == 2, "in its row, and in that of all"
    listed = [
        row for row in rows_of(asking.get("/stock/list").text, "Stock on hand") if "without price" in " ".join(row)
    ]
    assert sorted(row[11] for row in listed) == ["16.00 20 without price", "– 1,200 without price"]
    assert "1,200 without price" in words(asking.get("/stock/pair?item=S&store=A").text)


def test_w4_what_may_expire_unused_is_not_nothing(asking):
    """Of B's P, 31 and 30 for 0.10; nobody knows what is used of it."""
    assert "Of 2 stock lines it is unknown, worth 6.10 NZD." in words(asking.get("/").text)
    found = {row[6]: [row[10], row[5], row[4]] for row in rows_of(asking.get("/expiry").text, "Batches, the first")}
    assert found["P-6"] == ["–", "unknown", "unknown"]
    assert found["P-3"] == ["0", "–", "–"]  # it has expired: nothing of it is at risk


def test_w4_a_comparison_counts_all_stores_and_marks_what_is_incomplete(asking):
    text = asking.get("/compare?by=store").text
    rows = {row[0]: row for row in rows_of(text, "By store")}
    assert {name: row[1] for name, row in rows.items()} == dict.fromkeys(
        ("Central store", "Clinic", "Far clinic"), "1 1 incomplete"
    )
    assert rows["Far clinic"][2] == "–"
    assert "3 3 incomplete" in words(text)
    assert [row[:2] for row in rows_of(asking.get("/compare?by=category").text, "By category")] == [
        ["none is said", "2 2 incomplete"]  # C is not known to have an item
    ]


def test_one_name_is_one_count(snapshot):
    [told] = query(snapshot, "from reports.stock_value_total").to_dicts()
    [complete] = query(snapshot, "from reports.completeness").to_dicts()
    assert (told["stores_value_incomplete"], complete["stores_incomplete"]) == (2, 3)
    assert "stores_incomplete" not in told


def test_w3_at_risk_is_one_figure(asking, snapshot):
    """What has expired is no longer at risk, on the overview, in sums and in the row that each snapshot leaves."""
    [row] = query(snapshot, "from reports.snapshot_history").to_dicts()
    [added] = add_up(snapshot, "expiring_stock", []).rows.to_dicts()
    assert row["at_risk_value"] == added["at_risk_value"] > 0
    assert added["expired_value"] == row["expired_value"] == 6  # 4 packs of P-3 for 1.50
    assert f"within 12 months: {added['at_risk_value']:,.2f} NZD" in words(asking.get("/").text)
    assert added["at_risk_unknown_value"] == query(
        snapshot, "select sum(value_amount) from reports.expiring_stock where store_code = 'B'"
    ).item()  # fmt: skip


def test_one_word_a_state_of_a_site_that_was_never_heard_of(asking):
    text = words(asking.get("/").text)
    assert "Never heard of far (no data yet). What happened there since is unknown, not zero." in text
    assert "1 site never heard of" in text
    assert "Overdue far" not in text


def test_amc_is_the_figure_of_that_name(asking, snapshot):
    """T at A: 100 in a month of 22.8 days out of stock are 400 a month, and its AMC is 100."""
    sql = "select amc_units, demand_units from reports.stock_on_hand where store_code = 'A' and item_code = 'T'"
    [(amc, demand)] = query(snapshot, sql).rows()
    assert (amc, demand) == (100, 400)
    text = asking.get("/stock/pair?item=T&store=A").text
    assert "Needed in a month (demand) 400" in words(text.replace("<dd>", " <dd>"))
    assert "AMC 100" in words(text.replace("<dd>", " <dd>"))
    assert ">Adjusted AMC</text>" in text
    for path in ("/stock/list", "/stockouts", "/reorder", "/stock/pair?item=P&store=A"):
        assert "(AMC)</" not in asking.get(path).text
