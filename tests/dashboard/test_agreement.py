"""A figure on one page and the list behind it agree, and so do a file from a page and one of the command line."""

from __future__ import annotations

import html
import io
import json
import re

import polars as pl
import pytest

from bench.networks.large_network import published_network
from dashboard.app import make_app
from tests.dashboard.client import TestClient
from tests.dashboard.test_pages import rows_of, total_of, words
from warehouse.connection import query
from warehouse.exports.about import about_report
from warehouse.snapshots import current as snapshots


@pytest.fixture(scope="module")
def folder(tmp_path_factory, new_warehouse):
    """Among the transfers: too old to begin, half of it elsewhere, to a store in no report, and a requisition."""
    folder = tmp_path_factory.mktemp("transfers")
    new_warehouse(folder / "working.duckdb")
    with published_network(folder, items=4) as con:
        con.execute("update ledger.transfer set waits = 'too_old_to_begin' where record_id = 't3'")
        con.execute("update ledger.transfer set waits = 'half_missing' where record_id = 't6'")
        con.execute("insert into ledger.withheld (store_id, is_everything) values ('5', false)")
        con.execute("update ledger.transfer set kind = 'internal_order_goods' where record_id = 't10'")
        con.execute(
            "insert into ledger.transfer by name (select * replace ('requisition' as kind, "
            "'requisition' as table_name, 'q1' as record_id, '2' as to_store, null as responding_id) "
            "from ledger.transfer where record_id = 't1')"
        )
        con.execute(
            "insert into ledger.skipped (site_id, number, table_name, record_id, why, said, is_open) "
            "select min(site_id), 1, 'item', 'i1', 'refused_by_site', 'no such thing', true from ledger.site"
        )
        con.execute("insert into replica.requisition (id, store_id, status, number) values ('q1', '1', 'sent', 5)")
    return folder / "published"


@pytest.fixture(scope="module")
def asking(folder):
    with TestClient(make_app(folder), base_url="http://localhost") as made:
        yield made


def _leads(text, pattern):
    """The link around a figure, and the figure."""
    [(link, figure)] = re.findall(pattern, text, re.DOTALL)
    return html.unescape(link), float(figure.replace(",", ""))


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("/", r'<a href="([^"]*)"><b>([\d,.]+)</b></a> SBD on the way'),
        ("/value", r'On the way</dt><dd><a href="([^"]*)">([\d,.]+)</a>'),
        ("/stock/store/S04", r'On the way</dt><dd><a href="([^"]*)">([\d,.]+)</a>'),
    ],
)
def test_goods_on_the_way_lead_to_the_transfers_that_are_counted(asking, path, pattern):
    link, worth = _leads(asking.get(path).text, pattern)
    text = asking.get(link).text
    rows = rows_of(text, "Goods on the way")
    assert sum(float(row[7].replace(",", "")) for row in rows) == worth > 0
    assert f"worth {worth:,.2f} SBD in all" in words(text)
    assert total_of(text) == len(rows)
    assert not {"Requisition", "Internal order"} & {row[1] for row in rows}
    assert not {"too_old_to_begin", "half_missing"} & {row[9] for row in rows}


@pytest.mark.parametrize(
    ("report", "chosen"), [("transfers", "in_transit=yes"), ("stock_on_hand", "list=TRACER"), ("batches", "find=PARA")]
)
def test_a_filtered_list_keeps_the_order_of_its_report(asking, report, chosen):
    """Also where the filter asks another report; a file from it as well."""
    name = {"batches": "stock_by_batch"}.get(report, report)
    whole = pl.read_csv(asking.get(f"/export/{name}.csv").content, infer_schema=False).rows()
    some = pl.read_csv(asking.get(f"/export/{name}.csv?{chosen}").content, infer_schema=False).rows()
    assert some == [row for row in whole if row in set(some)]
    assert 1 < len(some) < len(whole)
    if report == "transfers":
        days = [int(row[4]) for row in rows_of(asking.get(f"/transfers?{chosen}").text, "Goods on the way")]
        assert days == sorted(days, reverse=True)


def test_what_a_site_did_not_take_leads_to_the_list_of_it(asking):
    listed = pl.read_csv(asking.get("/export/not_taken.csv").content, infer_schema=False)
    [site] = listed["site_code"]
    [link] = re.findall(r'<a href="([^"]*)">Which, and what it said</a>', asking.get(f"/sync/{site}").text)
    assert pl.read_csv(asking.get(html.unescape(link)).content, infer_schema=False).equals(listed)
    assert listed["said"].to_list() == ["no such thing"]


def test_there_are_transfers_under_way_that_are_no_goods_on_the_way(asking):
    under_way = total_of(asking.get("/transfers?under_way=yes").text)
    assert total_of(asking.get("/transfers?in_transit=yes").text) < under_way - 2


def test_units_on_the_way_of_an_item_lead_to_the_stores_they_go_to(asking):
    text = asking.get("/stock/list?in_transit=yes").text
    [item, *_] = re.findall(r'href="/stock/item/(\w+)"', text)
    link, units = _leads(asking.get(f"/stock/item/{item}").text, r'On the way</dt><dd><a href="([^"]*)">([\d,.]+)</a>')
    rows = rows_of(asking.get(link).text, "Stock on hand")
    assert sum(float(row[10].replace(",", "")) for row in rows) == units > 0


@pytest.mark.parametrize("report", ["stock_on_hand", "stores", "sync_status"])
def test_w4_a_file_says_of_itself_what_one_of_the_command_line_says(folder, asking, report):
    with snapshots.open_snapshot(snapshots.current(folder)) as con:
        [complete] = query(con, "select stores_not_reporting from reports.completeness").to_dicts()
        expected = about_report(con, report, {}).completeness
    assert complete["stores_not_reporting"] == 1
    assert "1 other store does not report" in expected
    assert expected in json.dumps(
        json.load(io.BytesIO(asking.get(f"/export/{report}.json").content)), ensure_ascii=False
    )


@pytest.mark.parametrize("asked", ["", "&find=para", "&store=S02", "&store=S02&find=para"])
def test_rates_of_stock_outs_are_sums_of_days_by_days_that_are_known(client, asked):
    """Of all stores by `stock_out_monthly`, of one by `stock_monthly`."""
    [rates, of, *unknown] = rows_of(client.get(f"/stockouts?out=all{asked}").text, "Days out of stock in percent")
    name = "stock_monthly" if "store" in asked else "stock_out_monthly"
    export = asked.removeprefix("&")
    found = pl.read_parquet(io.BytesIO(client.get(f"/export/{name}.parquet?{export}").content))
    out, known = ("stock_out_days", "known_days") if "store" in asked else ("days_out", "days_known")
    sums = (
        found.filter(pl.col(out).is_not_null()).group_by("month").agg(pl.col(out, known).sum()).sort("month").tail(13)
    )
    assert rates[1:] == [f"{100 * row[out] / row[known]:,.1f}".replace(".0", "") + " %" for row in sums.to_dicts()]
    assert of[1:] == [f"{row[known]:,}" for row in sums.to_dicts()]
    lacking = (
        pl.col(out).is_null() & pl.col("is_in_use")
        if "store" in asked
        else pl.col("stores_total") - pl.col("stores_known")
    )
    by_month = found.group_by("month").agg(n=lacking.sum()).sort("month")["n"].to_list()[-len(of[1:]) :]
    assert [row[1:] for row in unknown] == ([[str(n) for n in by_month]] if any(by_month) else [])  # W4
