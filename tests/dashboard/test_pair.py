"""The page of one item at one store: its months, its chart, what comes, its batches, the end of its stock card."""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import pairwise

import pytest

from dashboard.formats import figure
from dashboard.pages.pair import FLOWS
from dashboard.plots import Bar, Curve, Level, plot
from tests.dashboard.test_pages import links, rows_of, words

PATH = "/stock/pair?item=PARA0001&store=S02"
BOTH = "item_code = 'PARA0001' and store_code = 'S02'"


def chart_of(text: str) -> str:
    return text[text.index('<svg class="plot"') : text.index("</svg>", text.index('<svg class="plot"'))]


def shown(value: Decimal | None) -> str:
    return "unknown" if value is None else str(figure(value))


def months_of(reading, both=BOTH):
    """The last thirteen months as the report has them, the oldest first."""
    newest = reading.rows(f"from reports.stock_monthly where {both} order by month desc limit 13")
    return list(reversed(newest))


def test_w3_its_ledger_is_that_of_the_report_and_adds_up(client, reading):
    assert PATH in links(client.get("/stock/store/S02").text)
    text = client.get(PATH).text
    months = months_of(reading)
    flows = [name for name, _ in FLOWS if any(month[f"{name}_units"] != 0 for month in months if month["is_known"])]
    rows = rows_of(text, "Ledger by month")
    assert [row[0][:6] for row in rows] == [f"{month['month']:%b %y}" for month in months]
    names = ["opening", *flows, "closing"]
    assert [row[1 : len(names) + 1] for row in rows] == [
        [shown(month[f"{n}_units"]) for n in names] for month in months
    ]
    assert [row[-1] for row in rows] == [shown(month["stock_out_days"]) for month in months]
    signs = {"dispensed": -1, "issued": -1, "sent_back": -1, "lost": -1}
    for month in (one for one in months if one["closing_units"] is not None):
        moved = sum(signs.get(name, 1) * month[f"{name}_units"] for name in flows)
        assert month["opening_units"] + moved == month["closing_units"]


def test_its_chart_has_use_as_columns_stock_as_a_line_and_what_is_wanted_across(client, reading):
    svg = chart_of(client.get(PATH).text)
    row = reading.one(f"from reports.stock_on_hand where {BOTH}")
    used = reading.rows(f"from reports.item_usage_monthly where {BOTH} order by month desc limit 13")[::-1]
    months = months_of(reading)
    columns = re.findall(r"<g><title>(.*?)</title>", svg)
    assert [title.partition(",")[0].partition(" (")[0].partition(": ")[0] for title in columns] == [
        f"{month['month']:%b %y}" for month in months
    ]
    assert [title.partition(": ")[2].partition(", ")[0] for title in columns] == [
        shown(month["usage_units"]) for month in used
    ]
    points = re.findall(r"<circle [^>]*><title>(.*?)</title>", svg)
    known = [month for month in months if month["closing_units"] is not None]
    assert points == [f"{m['month']:%b %y}, stock at its end: {shown(m['closing_units'])}" for m in known]
    across = re.findall(r'<g class="level l-(\w+)">.*?<text[^>]*>(.*?)</text><text[^>]*>(.*?)</text>', svg)
    demand = float(row["demand_units"])
    assert {name: float(size.replace(",", "")) for name, _, size in across} == pytest.approx(
        {"level": demand, "low": demand * row["min_months"], "high": demand * row["max_months"]}, abs=0.51
    )
    assert {text for _, text, _ in across} == {"Adjusted AMC", "Minimum", "Maximum"}


def test_w4_months_after_the_last_pull_are_hatched_and_say_unknown(client, reading):
    both = "item_code = 'PARA0001' and store_code = 'S03'"
    months = months_of(reading, both)
    unknown = sum(month["closing_units"] is None for month in months)
    assert 0 < unknown < len(months)
    text = client.get("/stock/pair?item=PARA0001&store=S03").text
    assert len(re.findall(r'<rect x="[^"]*" y="32" [^>]*fill="url\(#unknown\)"', chart_of(text))) == unknown
    assert len(re.findall("<circle", chart_of(text))) == len(months) - unknown
    rows = rows_of(text, "Ledger by month")
    assert [row[-1] for row in rows][-unknown:] == ["unknown"] * unknown
    pulled = months[-1]["data_as_of_at"].astimezone(reading.zone)
    assert rows[-unknown - 1][0].endswith(f" to {pulled.day} {pulled:%b %Y}"), "of the last month that is known, a part"


def test_w3_what_is_on_the_way_is_all_of_the_figure_above_it(client, reading):
    """By the receiver's document, or by the sender's while there is none."""
    pairs = reading.rows(
        "select item_code, store_code, in_transit_units as units from reports.stock_on_hand where in_transit_units > 0"
    )
    assert pairs
    for pair in pairs:
        text = client.get("/stock/pair", params={"item": pair["item_code"], "store": pair["store_code"]}).text
        rows = rows_of(text, "Sent to this store")
        assert sum(Decimal(row[1].replace(",", "")) for row in rows) == pair["units"]
        assert [link for link in links(text) if link.startswith("/transfers/of/")]


def test_its_stock_card_ends_with_the_latest_and_leads_to_all_lines(client, reading):
    text = client.get(PATH).text
    lines = reading.rows(f"from reports.stock_card where {BOTH}")
    assert lines
    rows = rows_of(text, f"The last 15 of {len(lines):,} lines" if len(lines) > 15 else f"All {len(lines)} lines")
    latest = lines[::-1][:15]
    assert [row[4] for row in rows] == [shown(line["balance_units"]) for line in latest]
    assert "/stock/card?item=PARA0001&store=S02" in links(text)
    assert f"{len(lines):,} lines" in words(client.get("/stock/card?item=PARA0001&store=S02").text)
    assert "/stock/months?item=PARA0001&store=S02" in links(text)


def test_it_has_its_batches(client, reading):
    batches = reading.one(f"select count(*) as n from reports.stock_by_batch where {BOTH}")["n"]
    assert len(rows_of(client.get(PATH).text, "Batches there")) == batches


def test_w4_what_was_never_there_has_no_month_no_line_and_no_download_of_them(client, reading):
    never = reading.one("from reports.stock_on_hand where stock_status = 'never_stocked' limit 1")
    text = client.get("/stock/pair", params={"item": never["item_code"], "store": never["store_code"]}).text
    assert "It was never there." in text
    assert "without stock" not in text
    assert "Nothing came or went yet." in text
    assert not [link for link in links(text) if link.startswith("/export/")]


def test_w4_days_without_stock_are_those_before_the_last_pull(client, reading):
    out = reading.one(f"from reports.stock_out where {BOTH}")
    assert f"Of the last 90 days {out['days_out_90d']} without stock." in words(client.get(PATH).text)
    silent = words(client.get("/stock/pair?item=PARA0001&store=S03").text)
    assert "Of the 90 days before its last pull" in silent


def test_it_is_of_both_and_of_what_is_there(client):
    assert client.get("/stock/pair?item=PARA0001").status_code == 400
    assert client.get("/stock/pair?item=PARA0001&store=none").status_code == 404


def test_w4_a_line_breaks_where_it_is_unknown_and_words_of_lines_are_not_over_each_other():
    columns = [Bar("Jan", 5), Bar("Feb", 5), Bar("Mar", None), Bar("Apr", 5)]
    levels = [Level("AMC", 20), Level("Minimum", 20, "low"), Level("Maximum", 60, "high")]
    drawn = plot(columns, "T", "tablet", levels, Curve("left", [5, 80, None, -3]))
    [path] = re.findall(r'<path d="([^"]*)"', drawn)
    assert re.sub(r"[\d. ]", "", path) == "MLM"
    assert drawn.count('fill="url(#unknown)"') == 2, "the place, and the column"
    assert re.findall(r'class="tick"[^>]*>([^<]*)<', drawn)[-1] == "80", "the line fits"
    heights = [float(y) for y in re.findall(r'<g class="level.*?<text x="[^"]*" y="([^"]*)"', drawn)]
    assert all(below - above >= 27 for below, above in pairwise(heights))
    assert "left: 5, 80, unknown, -3" in drawn
