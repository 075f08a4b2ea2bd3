"""What is unknown is not zero, and not fine: W4 on the pages."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.dashboard.test_pages import rows_of, total_of, words


def test_w4_a_stock_out_that_is_unknown_is_not_in_stock(client, reading):
    """Of silent sites it is unknown; of what was never there it is said."""
    rows = rows_of(client.get("/stockouts?out=all").text, "Items at stores")
    told = Counter(row[2].partition(" as of")[0] for row in rows)
    [(out, unknown, never, there)] = reading.con.execute(
        "select count(*) filter (is_out_now), count(*) filter (is_out_now is null), "
        "count(*) filter (not is_out_now and usable_units <= 0), count(*) filter (not is_out_now and usable_units > 0) "
        "from reports.stock_out"
    ).fetchall()
    expected = {"Stocked out": out, "Unknown": unknown, "Never stocked": never, "in stock": there}
    assert told == Counter({word: number for word, number in expected.items() if number})
    assert out
    assert unknown
    assert there


def test_w4_what_has_no_day_is_no_link(client):
    """What is out of stock, or unknown, leads to the item at the store."""
    text = client.get("/stockouts?out=all").text
    assert ">–</span></a>" not in text
    assert text.count('<a href="/stock/pair?') >= total_of(text) - 5


def test_one_is_no_plural(client):
    assert re.findall(r'class="extent">([^<]*)<', client.get("/sync?site=site_3").text) == ["1 site"]


def test_w4_the_list_of_stock_outs_has_what_is_out_now_unless_asked(client, reading):
    text = client.get("/stockouts").text
    assert total_of(text) == reading.one("select count(*) filter (is_out_now) as n from reports.stock_out")["n"] > 0
    assert {row[2] for row in rows_of(text, "Items at stores")} == {"Stocked out"}
    assert 'href="/stockouts?out=all"' in text
    assert "Filtered by" not in client.get("/stockouts?out=all").text


@pytest.mark.parametrize(
    ("is_out", "usable", "band"),
    [(True, 0, "stocked_out"), (None, None, "unknown"), (None, 5, "unknown"), (False, 0, "never_stocked"),
     (False, None, "never_stocked"), (False, 5, "in_stock")],
)  # fmt: skip
def test_w4_each_state_of_a_stock_out_has_its_word(is_out, usable, band):
    from dashboard.pages.lists import _now

    assert _now(is_out, usable) == band


def test_w4_the_month_in_which_a_site_fell_silent_is_no_whole_month(client, reading):
    """It is hatched, and says to which day it is known."""
    [(pulled, day)] = reading.con.execute(
        "select data_as_of_at, as_of_date from reports.stores, reports.snapshot where store_code = 'S03'"
    ).fetchall()
    known = pulled.astimezone(reading.zone).date()
    back = (day.year - known.year) * 12 + day.month - known.month
    text = client.get("/usage?store=S03").text
    rows = rows_of(text, "Dispensed and issued")
    assert {row[-1 - back].partition(" to ")[2] for row in rows if row[-1 - back]} == {f"{known.day} {known:%b}"}
    assert {" to " in row[-2 - back] for row in rows} == {False}, "the month before is whole"
    assert re.search(rf'<td class="n h\d todate">[^<]* <small>to {known.day} {known:%b}</small>', text)
    [row] = [row for row in rows_of(client.get("/usage?item=PARA0001").text, "Dispensed") if "Naha" in row[0]]
    assert row[-1 - back].endswith(f"to {known.day} {known:%b}")


def test_w4_a_late_site_is_not_known_to_date(client):
    rows = rows_of(client.get("/usage?store=S04").text, "Dispensed and issued")
    assert all(" to " in row[-1] or row[-1] == "unknown" for row in rows)


def test_w4_a_row_of_unknown_says_as_of_when(client):
    assert words("Unknown as of") in words(client.get("/stockouts?out=unknown").text)
