"""What the overview says against last month: rates that are of something, with the lists behind them."""

from __future__ import annotations

import html
import re
from datetime import date
from decimal import Decimal

import pytest

from bench.networks.large_network import published_network
from dashboard.app import make_app
from dashboard.pages.rates import _month_before, change
from tests.dashboard.client import TestClient
from tests.dashboard.test_pages import rows_of, total_of, words


@pytest.fixture(scope="module")
def tiles(client) -> dict[str, tuple[str, str]]:
    """By the name of a rate: its link, and what its tile says."""
    text = client.get("/").text
    found = re.findall(r'<li class="\w+"><a href="([^"]*)"><b data-rate="(\w+)">(.*?)</li>', text, re.DOTALL)
    return {name: (html.unescape(link), words(said)) for link, name, said in found}


def shown(share: Decimal | None) -> str:
    return "unknown" if share is None else f"{share:.1f}".removesuffix(".0") + " %"


def test_the_overview_has_a_rate_of_each_subject(tiles):
    assert list(tiles) == ["out", "silent", "expired", "risk"]


def test_w3_the_share_of_pairs_out_of_stock_is_of_those_that_had_it(client, reading, tiles):
    link, said = tiles["out"]
    now = reading.one(
        "select count(*) filter (is_out_now) as out, count(*) filter (is_out_now or usable_units > 0 "
        "and is_out_now is not null) as known, count(*) filter (is_out_now is null) as unknown from reports.stock_out"
    )
    share = 100 * Decimal(now["out"]) / now["known"]
    assert said.startswith(f"{shown(share)} out of stock now: {now['out']} of {now['known']} pairs of store and item")
    assert f"Of {now['unknown']} more pairs it is unknown" in said
    assert total_of(client.get(link).text) == now["out"] > 0


def test_w3_out_of_stock_against_last_month_is_of_days_that_are_known(reading, tiles):
    """A month that is not over is compared by days: fewer days of it have seen a pair run out."""
    months = reading.rows(
        "select month, 100 * sum(days_out) / sum(days_known) as days, "
        "100 * sum(stores_out) / sum(stores_known) as pairs "
        "from reports.stock_out_monthly group by month order by month desc limit 2"
    )
    this, last = (shown(Decimal(str(month["days"]))) for month in months)
    names = [f"{month['month']:%b %y}" for month in months]
    points = change(months[0]["days"], months[1]["days"])
    assert points is not None
    assert f"Time out of stock: {this} in {names[0]} to date, {last} in {names[1]}" in tiles["out"][1]
    turned = "more" if points > 0 else "less"
    assert (f"points {turned})" in tiles["out"][1] or f"point {turned})" in tiles["out"][1]) == (points != 0)
    assert f"In {names[1]}, {shown(Decimal(str(months[1]['pairs'])))} of the pairs were out" in tiles["out"][1]


def test_w4_of_how_many_pairs_nobody_knows_how_it_was_is_said(reading, tiles, client):
    """A share of the few of which it is known is no share of all."""
    sql = "select month, sum(stores_total - stores_known) as n from reports.stock_out_monthly group by all order by 1"
    month = reading.rows(sql)[-2]
    assert month["n"] > 0
    assert f"Of {month['n']} more pairs nobody knows how it was in {month['month']:%b %y}" in tiles["out"][1]
    some = reading.one(
        "select count(*) as n from reports.stock_monthly where stock_out_days is null and is_in_use and month = ? "
        "and item_code in (select item_code from reports.items where ven_category = 'V')", [month["month"]]
    )["n"]  # fmt: skip
    assert (f"Of {some} more pairs nobody knows" in words(client.get("/?ven=V").text)) == (some > 0)
    total = rows_of(client.get("/compare?by=ven").text, "By VEN")
    unknown = [int(found[1]) for row in total for found in [re.search(r"(\d+) unknown", row[7])] if found]
    assert sum(unknown) == month["n"]


def test_w4_silent_stores_are_counted_and_lead_to_their_sites(client, reading, tiles):
    link, said = tiles["silent"]
    now = reading.one(
        "select count(*) filter (is_silent) as silent, count(*) as known, "
        "count(distinct site_code) filter (is_silent) as sites from reports.stores where is_reporting"
    )
    assert f"of stores silent too long: {now['silent']} of {now['known']}, at {now['sites']} site" in said
    text = client.get(link).text
    assert total_of(text) == now["sites"] > 0
    assert "/stock/store/S03" in text


def test_sites_heard_are_of_those_visited_by_then(reading, tiles):
    heard = reading.rows(
        "with visits as (select site_code, outcome, "
        "date_trunc('month', started_at at time zone 'Pacific/Guadalcanal') as month from reports.site_visits "
        "where site_code in (select site_code from reports.sync_status where status <> 'disabled')), "
        "months as (select date_trunc('month', as_of_date) as month from reports.snapshot) "
        "select count(distinct site_code) filter (outcome = 'ok' and visits.month = months.month) as ok, "
        "count(distinct site_code) as known from visits, months where visits.month <= months.month"
    )
    assert f"Sites heard: {heard[0]['ok']} of {heard[0]['known']} in" in tiles["silent"][1]


def test_w3_value_expired_and_at_risk_are_shares_of_what_is_there(client, reading, tiles):
    total = reading.one("from reports.stock_value_total")
    expired = reading.one(
        "select count(*) as n, sum(value_amount) as value from reports.expiring_stock where band = 'expired'"
    )
    link, said = tiles["expired"]
    assert said.startswith(f"{shown(100 * expired['value'] / total['total_value'])} of the value on the shelves")
    assert f"{expired['value']:,.2f} SBD, {expired['n']} stock line" in said
    assert total_of(client.get(link).text) == expired["n"] > 0
    risk = reading.one(
        "select count(*) as n, sum(at_risk_value) as value, "
        "sum(at_risk_value) filter (band in ('0-1 months', '1-3 months')) as soon "
        "from reports.expiring_stock where at_risk_units > 0 and band <> 'expired'"
    )
    link, said = tiles["risk"]
    assert said.startswith(f"{shown(100 * risk['value'] / total['usable_value'])} of the usable value will expire")
    assert f"{risk['value']:,.2f} SBD, {risk['n']} stock line" in said
    assert f"{risk['soon'] or 0:,.2f} of it within 3 months" in said
    assert total_of(client.get(link).text) == risk["n"] > 0


def test_w4_where_nothing_is_known_no_rate_is_zero(tmp_path, new_warehouse):
    """A network that has begun, without an item."""
    new_warehouse(tmp_path / "working.duckdb")
    with published_network(tmp_path, stores=2) as con:
        for table in ("stock_line", "invoice_line", "invoice", "item"):
            con.execute(f"delete from replica.{table}")
        con.execute("delete from ledger.visit")
    with TestClient(make_app(tmp_path / "published"), base_url="http://localhost") as client:
        text = words(client.get("/").text)
    assert "unknown out of stock now: 0 of 0 pairs" in text
    assert re.search(r"Time out of stock: unknown in \w+ \d+ to date, unknown in \w+ \d+\.", text)
    assert "unknown of the value on the shelves has expired" in text
    assert "none was visited in" in text


def test_what_expired_is_told_by_month(reading, tiles):
    parts = reading.rows(
        "with lines as (select value_amount, datediff('month', expiry_date, as_of_date) as ago "
        "from reports.expiring_stock, reports.snapshot where band = 'expired') "
        "select coalesce(sum(value_amount) filter (ago = 0), 0) as this, "
        "coalesce(sum(value_amount) filter (ago = 1), 0) as last from lines"
    )
    assert f"Of it, {parts[0]['this']:,.2f} expired in" in tiles["expired"][1]
    assert f"to date, {parts[0]['last']:,.2f} in" in tiles["expired"][1]


@pytest.mark.parametrize(("now", "before", "points"), [(4.14, 4.71, -0.6), (4.06, 4.14, 0.0), (5, 4, 1.0),
                                                       (None, 4, None), (4, None, None)])  # fmt: skip
def test_a_change_is_between_what_is_shown(now, before, points):
    assert change(now, before) == points


def test_the_month_before_january_is_december():
    assert [_month_before(date(2026, month, 1)) for month in (1, 3)] == [date(2025, 12, 1), date(2026, 2, 1)]
