"""Pages of losses, stocktakes, reporting, history and comparison say what reports say, and lead to what is behind."""

from __future__ import annotations

import html
import io
import re
import shutil

import duckdb
import polars as pl
import pytest

from bench.networks.large_network import at_its_moment, published_network
from dashboard.answers import PAGES
from dashboard.app import make_app
from dashboard.filters import FILTERS
from tests.dashboard.client import TestClient
from tests.dashboard.test_pages import links, rows_of, total_of, words
from warehouse.connection import query
from warehouse.exports.groups import OVERLAPPING
from warehouse.exports.sums import add_up
from warehouse.exports.views import NAMES, read
from warehouse.snapshots import current as snapshots


@pytest.fixture(scope="module")
def folder(tmp_path_factory, new_warehouse):
    """The fabricated network, where S02 lost something and was counted, and facilities are of two levels."""
    folder = tmp_path_factory.mktemp("trends")
    new_warehouse(folder / "working.duckdb")
    with published_network(folder, items=14) as con:
        con.execute("insert into replica.name_category (id, name) values ('h', 'Hospital'), ('c', 'Clinic')")
        con.execute("update replica.name set name_category_id = if(id in ('name2', 'name4'), 'h', 'c')")
        con.execute("update replica.name set region_id = null where id = 'name5'")
        con.execute("update replica.item set is_active = false where id = '9'")
        con.execute("update replica.store set is_disabled = true where id = '4'")
        con.execute("insert into replica.reason_option (id, name) values ('d', 'Damaged'), ('x', 'Expired')")
        con.execute(
            at_its_moment(
                "insert into replica.inventory_adjustment (id, store_id, type, status, finalised_at) "
                "select 'a' || n, '2', 'loss', 'finalised', now() - to_days(cast(3 + n * 40 as integer)) "
                "from range(3) as t(n)"
            )
        )
        con.execute(
            "insert into replica.inventory_adjustment_line (id, inventory_adjustment_id, item_id, stock_line_id, "
            "pack_size, packs, reason_id) select 'a' || n, 'a' || n, item_id, id, 1, 5, if(n = 1, 'x', 'd') "
            "from (select * from replica.stock_line where store_id = '2' and cost_price_per_pack > 0 "
            "order by id limit 1), range(3) as t(n)"
        )
        con.execute(
            at_its_moment(
                "insert into replica.stocktake (id, store_id, status, finalised_at) values "
                "('k', '2', 'finalised', now() - interval 9 days)"
            )
        )
        con.execute(
            "insert into replica.stocktake_line (id, stocktake_id, item_id, stock_line_id, pack_size, snapshot_packs, "
            "counted_packs) select 'k' || id, 'k', item_id, id, 1, 10, if(rowid % 2 = 0, 10, 7) "
            "from replica.stock_line where store_id = '2'"
        )
        con.execute(
            "update replica.stock_line set batch = 'RECALLED' "
            "where item_id = (select min(item_id) from replica.stock_line where total_packs > 0)"
        )
    return folder / "published"


@pytest.fixture(scope="module")
def asking(folder):
    with TestClient(make_app(folder), base_url="http://localhost") as made:
        yield made


@pytest.fixture(scope="module")
def snapshot(folder):
    with snapshots.open_snapshot(snapshots.current(folder)) as con:
        yield con


def shown(value, places=1):
    text = f"{float(value):,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@pytest.mark.parametrize("way", ["region", "level", "ven", "list"])
def test_w3_a_comparison_is_what_the_command_adds_up(asking, snapshot, way):
    added = add_up(snapshot, "stock_on_hand", [way]).rows.to_dicts()
    text = asking.get(f"/compare?by={way}").text
    rows = {row[0]: row for row in rows_of(text, "By ")}
    named = dict(query(snapshot, "select distinct list_code, list_name from reports.item_lists").rows())
    assert len(rows) == len(added)
    for one in added:
        key = next(iter(one.values()))
        row = rows["none is said" if key is None else named.get(key, key)]
        assert (row[1], row[2]) == (str(one["stores"]), f"{one['known_pairs']:,}")
        share = "–" if one["pct_stocked_out"] is None else f"{shown(one['pct_stocked_out'])} %"
        assert row[3] == f"{share} {one['stocked_out_pairs']}"
        plan = "unknown" if one["pct_adequate_of_plan"] is None else f"{shown(one['pct_adequate_of_plan'])} %"
        assert row[6].startswith(plan)
        part = f"{shown(one['pct_of_value'])} %" if one["pct_of_value"] is not None else "–"
        missing = f" {one['value_missing_units']:,.0f} without price" if one["value_missing_units"] else ""
        assert row[8].endswith(f"{part}{missing}")
    assert f'href="/stock/list?{way}=' in text


@pytest.mark.parametrize("way", ["region", "level", "ven", "category", "list", "tag"])
def test_w3_what_is_not_said_can_be_chosen_so_that_the_parts_are_the_whole(asking, snapshot, way):
    """In the menu, by the row of the comparison, and in downloads."""
    text = asking.get("/stock/list").text
    there = [html.unescape(one) for one in re.findall(rf'<a href="(/stock/list\?{way}=[^"&]*)"', text)]
    parts = {link: total_of(asking.get(link).text) for link in dict.fromkeys(there)}
    if way not in OVERLAPPING:
        assert sum(parts.values()) == total_of(text)
    compared = asking.get(f"/compare?by={way}").text
    none = [row for row in rows_of(compared, "By ") if row[0] == "none is said"]
    link = f"/stock/list?{way}=none+is+said"
    assert (link in parts) == (link in links(compared)) == bool(none)
    if none and way != "tag":
        file = asking.get(f"/export/stock_on_hand.csv?{way}=none+is+said").text
        held = pl.read_csv(io.StringIO(file), comment_prefix="#")
        assert held.height == parts[link]
    if way == "region":
        assert set(held["store_code"]) == {"S05"}
        french = words(asking.get(link, headers={"accept-language": "fr"}).text)
        assert "Région : non renseigné" in french
        assert "région : non renseigné" in french


def test_a_row_of_a_comparison_leads_to_its_pairs_with_the_filters(asking, snapshot):
    [link] = [one for one in links(asking.get("/compare?by=level&ven=V").text) if "list?" in one and "Hospital" in one]
    expected = (
        "select count(*) from reports.stock_on_hand where store_code in ('S02', 'S04') and item_code in "
        "(select item_code from reports.items where ven_category = 'V')"
    )
    assert total_of(asking.get(link).text) == query(snapshot, expected).item()
    assert "by: level" not in words(asking.get("/compare?by=level").text)


def test_w3_losses_say_what_and_why_with_their_share(asking, snapshot):
    text = asking.get("/losses?store=S02").text
    reasons = {row[0]: row[1:3] for row in rows_of(text, "Reasons")}
    for name, lines, value in query(
        snapshot, "select reason, sum(lines), sum(lost_value) from reports.losses group by all"
    ).rows():
        assert reasons[name] == [f"{value:,.2f}", str(int(lines))]
    lost, given, share = rows_of(text, "Value lost")
    months = query(
        snapshot,
        "select sum(lost_value), sum(given_out_value), percent(sum(lost_value), sum(given_out_value)) "
        "from reports.stock_monthly where store_code = 'S02' and lost_value is not null "
        "and given_out_value is not null group by month order by month",
    ).rows()[-13:]
    assert given[0] == "Of given out"
    assert lost[1:] == [shown(month[0], 0) for month in months]
    assert share[1:] == [f"{shown(month[2])} %" if month[2] is not None else "unknown" for month in months]
    [link] = [one for one in links(text) if "why=Damaged" in one]
    chosen = asking.get(link).text
    assert total_of(chosen) == 2
    assert len(rows_of(chosen, "Value lost")) == 1, "no share of one reason"


def test_w4_a_month_of_which_nothing_is_known_has_no_losses_of_nothing(asking):
    """S03 was not heard for 45 days."""
    lost, *_ = rows_of(asking.get("/losses?store=S03").text, "Value lost")
    assert lost[-1] == "unknown"
    assert "unknown" not in lost[:-3]


def test_w3_stocktakes_by_store_with_those_that_never_counted_first(asking, snapshot):
    rows = rows_of(asking.get("/stocktakes").text, "Stores, those first")
    assert {row[3] for row in rows[:-1]} == {"none known"}
    lines, exact = query(snapshot, "select sum(counted_lines), sum(exact_lines) from reports.stocktake_monthly").row(0)
    assert [rows[-1][place] for place in (4, 2, 1)] == ["9", str(int(lines)), f"{shown(100 * exact / lines)} %"]


def test_w3_who_was_heard_has_its_denominator(asking, snapshot):
    text = asking.get("/reporting").text
    heard, share = rows_of(text, "Sites heard")
    for cell, percent in zip(heard[1:], share[1:], strict=True):
        number, whole = map(int, cell.split(" of "))
        assert percent == f"{shown(100 * number / whole)} %"
    sites = {row[0] for row in rows_of(text, "Visits in which")}
    assert len(sites) == query(snapshot, "select count(distinct site_code) from reports.reporting_weekly").item()
    silent = [row for row in rows_of(text, "Stores and what") if row[1] == "Silent: nobody knows"]
    assert [row[0] for row in silent] == ["Naha Clinic"]
    assert total_of(asking.get("/reporting?level=Hospital").text) == 2


def test_b16_what_snapshots_said_is_on_a_page(asking, snapshot):
    [row] = rows_of(asking.get("/history").text, "Snapshots")
    [said] = query(snapshot, "from reports.snapshot_history").to_dicts()
    assert row[1] == f"{said['stores_current']} of {said['stores_total']}"
    assert row[3].endswith(f"{said['pairs_out']} of {said['pairs_known']:,}")
    assert row[5] == shown(said["stock_value"], 0)


@pytest.mark.parametrize("asked", ["region=Region 3", "level=Hospital", "level=Hospital&store=S04"])
def test_w3_the_value_of_the_stores_chosen_is_the_sum_of_theirs(asking, asked):
    text = asking.get(f"/value?{asked}").text
    rows = rows_of(text, "Value by store")
    [total] = re.findall(r"On the shelves</dt><dd>([\d,.]+)", text)
    assert abs(sum(float(row[1].replace(",", "")) for row in rows) - float(total.replace(",", ""))) < 0.02
    assert len(rows) == (2 if asked == "level=Hospital" else 1)
    categories = sum(figure_of(row[1]) for row in rows_of(text, "Value by category"))
    assert abs(categories - float(total.replace(",", ""))) < 0.05


@pytest.mark.parametrize("more", ["", "&level=Hospital"])
def test_w3_the_value_of_the_items_chosen_is_the_sum_of_theirs(asking, snapshot, more):
    """Point 10: by VEN, list, category and programme as by store; all VEN together are what all items are worth."""
    kinds = [ven for (ven,) in snapshot.sql("select distinct ven_category from reports.items").fetchall() if ven]
    parts = [asking.get(f"/value?ven={ven}{more}").text for ven in kinds]
    parts.append(asking.get(f"/value?{'&'.join(f'ven={ven}' for ven in kinds)}{more}").text)
    shelves, usable = [], []
    for text in parts:
        [total] = re.findall(r"On the shelves</dt><dd>([\d,.]+)", text)
        shelves.append(float(total.replace(",", "")))
        rows = rows_of(text, "Value by store")
        assert abs(sum(float(row[1].replace(",", "")) for row in rows) - shelves[-1]) < 0.05
        usable.append(sum(float(row[4].replace(",", "")) for row in rows))
        assert abs(sum(figure_of(row[1]) for row in rows_of(text, "Value by category")) - shelves[-1]) < 0.05
        assert "On the way</dt><dd>unknown" in text, "no report has it by item"
    assert abs(sum(shelves[:-1]) - shelves[-1]) < 0.05
    assert abs(sum(usable[:-1]) - usable[-1]) < 0.05
    assert asking.get("/value?ven=X").status_code == 400


@pytest.mark.parametrize(
    ("path", "report"),
    [("/stock/list", "stock_on_hand"), ("/stockouts?out=all", "stock_out"), ("/expiry", "expiring_stock"),
     ("/batches", "stock_by_batch"), ("/stock/months", "stock_monthly"), ("/quality", "data_quality")],
)  # fmt: skip
@pytest.mark.parametrize("asked", [{"level": "Hospital"}, {"ven": "V"}, {"level": "Clinic", "ven": "E"}])
def test_w3_lists_are_of_the_levels_and_ven_asked_for(asking, snapshot, path, report, asked):
    there = {"level": "store_code in (select store_code from reports.stores where level_name = ?)",
             "ven": "item_code in (select item_code from reports.items where ven_category = ?)"}  # fmt: skip
    sql = f"select count(*) from reports.{report} where {' and '.join(there[name] for name in asked)}"
    link = path + ("&" if "?" in path else "?") + "&".join(f"{name}={value}" for name, value in asked.items())
    found = re.findall(r'<p class="extent">(.*?)</p>', asking.get(link).text)[-1]
    figures = re.findall(r"[\d,]+", html.unescape(found))
    expected = query(snapshot, sql, list(asked.values())).item()
    assert (int(figures[-1].replace(",", "")) if figures else 0) == expected


@pytest.mark.parametrize("name", ["region", "level", "tag"])
def test_w3_a_value_of_stores_that_nothing_has_is_refused_on_every_page_and_in_every_download(asking, name):
    said = f"here is no {name} `Mars`"
    for path in PAGES:
        found = asking.get(path, params={name: "Mars"})
        assert found.status_code == 400, path
        assert any(one in found.text for one in (said, "here is no filter", "is no sum")), path
    for report, filters in FILTERS.items():
        if name in filters:
            found = asking.get(f"/export/{report}.csv", params={name: "Mars"})
            assert (found.status_code, said in found.text) == (400, True), report


def test_w3_filters_of_stores_together_are_of_stores_that_are_both(asking, snapshot):
    """S01 is a clinic in region 2, S02 a hospital in region 3. A transfer between them is no clinic's in region 3, and
    a site at which both are has none."""
    both = {"region": "Region 3", "level": "Clinic"}
    named = [name for name, filters in FILTERS.items() if both.keys() <= filters.keys()]
    assert {"sync_status", "transfers", "order_lines", "stock_on_hand"} <= {*named}
    for report in named:
        assert asking.get(f"/export/{report}.csv", params=both).text.count("\n") == 1, report
        if report in NAMES:
            assert read(snapshot, report, **both).is_empty(), report
    there = {"region": "Region 3", "level": "Hospital"}
    [site] = read(snapshot, "sync_status", **there)["site_code"]
    assert read(snapshot, "stores", site=site).filter(store_code="S02").height == 1
    found = asking.get("/export/transfers.csv", params=there).text.count("\n") - 1
    assert found == read(snapshot, "transfers", **there).height > 0
    assert read(snapshot, "transfers", store="S01", **there).is_empty(), "S01 is not there"


_IN_USE = "store_code <> 'S04' and item_code not in (select item_code from reports.items where not is_active)"
"""S04 is closed, and one item is no longer used."""


_UNPRICED = (
    "(store_code, item_code) in (select (store_code, item_code) from reports.stock_by_batch "
    "where value_amount is null and soh_units > 0)"
)
"""Some of what lies there has no price: in the value of a month it goes by the price of the rest."""


def figure_of(cell):
    """The figure that a cell begins with."""
    return float(cell.split()[0].replace(",", ""))


def in_parts(asking, path, caption, cells, ways):
    """The sums of cells of a table, of each value of a filter by itself, and of all values together."""

    def sums(asked):
        rows = rows_of(asking.get(f"{path}?{asked}").text, caption)
        return [sum(figure_of(row[cell]) for row in rows if row[cell] != "unknown") for cell in cells]

    parts = [sums(way) for way in ways]
    return [sum(part) for part in zip(*parts, strict=True)], sums("&".join(ways))


def test_w4_what_has_no_price_is_marked_beside_each_value_that_it_is_not_in(snapshot, folder, tmp_path):
    """Losses, stocktakes, expiry and the overview of a network where S02 has no price of what it lost and counted."""
    shutil.copytree(folder, tmp_path / "published", symlinks=True)
    with duckdb.connect(str((tmp_path / "published" / "current.duckdb").resolve())) as con:
        con.execute("update reports.stock_monthly set lost_value = null where lost_units > 0 and store_code = 'S02'")
        con.execute("update reports.losses set lost_value = null, value_missing_units = lost_units")
        con.execute("update reports.stocktake_monthly set book_value = null where store_code = 'S02'")
        con.execute(
            "update reports.expiring_stock set value_amount = null, at_risk_value = null where band = 'expired'"
        )
        [(lines, expired)] = con.execute(
            "select (select count(*) from reports.stocktake_monthly where store_code = 'S02' "
            "and book_units is not null), (select count(*) from reports.expiring_stock where band = 'expired')"
        ).fetchall()
    assert lines * expired > 0
    with TestClient(make_app(tmp_path / "published"), base_url="http://localhost") as client:
        text = client.get("/losses?store=S02").text
        [lost, *_] = rows_of(text, "Value lost, in")
        assert sum("1 without price" in cell for cell in lost) == 3
        assert all("without price" in row[1] for row in rows_of(text, "Reasons, of all months"))
        assert any("1 without price" in row[4] for row in rows_of(client.get("/history?store=S02").text, "Months, the"))
        assert f"{lines} without price" in words(client.get("/stocktakes").text)
        bands = rows_of(client.get("/expiry").text, "All stores, by band")
        assert [row[2].endswith(f"{expired} without price") for row in bands] == [True, *[False] * (len(bands) - 1)]
        assert f"{expired} stock lines of them without a price" in words(client.get("/").text)


@pytest.mark.parametrize("asked", ["level=Hospital", "region=Region 3"])
def test_w3_shares_of_value_are_of_the_stores_chosen(asking, asked):
    rows = rows_of(asking.get(f"/value?{asked}").text, "Value by store")
    assert sum(float(row[3].removesuffix(" %")) for row in rows) == pytest.approx(100, abs=0.2)


def test_w3_history_of_some_stores_or_items_is_the_months_of_the_ledger(asking, snapshot):
    """Point 10. What snapshots said of them is not kept."""
    out, known = f"filter ({_IN_USE})", f"filter ({_IN_USE} and stock_out_days is not null)"
    days = f"percent(sum(stock_out_days) {out}, sum(known_days) {known})"
    sql = (
        f"select month, round(sum(closing_value)), {days}, count(*) filter (closing_units is null), count(*) filter "
        f"(closing_units <> 0 and (closing_value is null or {_UNPRICED})), "
        f"count(*) filter ({_IN_USE} and stock_out_days is null) "
        "from reports.stock_monthly "
        "where {} group by month order by month desc"
    )
    for asked, condition in (
        ("level=Hospital", "store_code in ('S02', 'S04')"),
        ("ven=V", "item_code in (select item_code from reports.items where ven_category = 'V')"),
        ("store=S02&find=para", "store_code = 'S02' and item_name like '%ara%'"),
    ):
        rows = rows_of(asking.get(f"/history?{asked}").text, "Months, the newest first")
        expected = snapshot.sql(sql.format(condition)).fetchall()[:25]
        for row, (_, value, share, unknown, unpriced, days_unknown) in zip(rows, expected, strict=True):
            said = ["unknown" if value is None else shown(value, 0)]
            said += [f"{unknown} unknown"] * (unknown > 0 and value is not None)
            said += [f"{unpriced} without price"] * (unpriced > 0)
            assert row[3] == " ".join(said)
            assert row[1].split(" % ")[0] == ("unknown" if share is None else shown(share))
            assert (f"{days_unknown} unknown" in row[1]) == (days_unknown > 0 and share is not None)
        assert any("unknown" in row[3] or "without" in row[3] for row in rows)
    by_month = rows_of(asking.get("/history?by=month").text, "Months, the newest first")
    [(known,)] = snapshot.sql("select count(closing_units) from reports.stock_monthly").fetchall()
    assert sum(figure_of(row[5]) for row in by_month) == known, "of the whole network, too"
    assert asking.get("/history?region=Mars").status_code == 400
    assert asking.get("/history?band=expired").status_code == 400


@pytest.mark.parametrize("ways", [["ven=V", "ven=E", "ven=N"], ["ven=V&region=Region 2", "ven=V&region=Region 3"]])
def test_w3_months_of_the_parts_add_up(asking, ways):
    """Values of each month; by region pairs alone, as of most pairs of one of these nothing is known."""
    ways = [way for way in ways if asking.get(f"/history?{way}").status_code == 200]
    cells = [5] if any("region" in way for way in ways) else [3, 5]
    parts, whole = in_parts(asking, "/history", "Months, the newest first", cells, ways)
    assert len(ways) > 1
    assert parts == pytest.approx(whole, abs=30)  # each cell is rounded


def test_w3_bands_of_the_stores_chosen_have_their_months(asking, snapshot):
    """By what each store had at the end of each month."""
    text = asking.get("/bands?tracer=all&level=Hospital").text
    svg = text[text.index('<svg class="plot"') :]
    said = r"<g><title>.*?: .*?([\d,]+) of ([\d,]+)(?:; (\d+) unknown)?</title>"
    titles = re.findall(said, svg[: svg.index("</svg>")])
    expected = snapshot.sql(
        "select count(*) filter (stock_status = 'adequate'), count(*) filter (stock_status in "
        "('stocked_out', 'below_min', 'adequate', 'overstocked')), count(*) filter (stock_status = 'unknown') "
        "from reports.stock_monthly where store_code in ('S02', 'S04') "
        "and month < (select max(month) from reports.stock_monthly) "
        "group by month order by month desc limit 13"
    ).fetchall()
    assert [(int(part), int(whole), int(unknown or 0)) for part, whole, unknown in titles] == expected[::-1]
    assert any(unknown for *_, unknown in expected)  # W4


@pytest.mark.parametrize("asked", ["ven=V", "list=TRACER&region=Region 3", "ven=none is said"])
def test_w3_the_overview_of_some_items_counts_what_its_lists_have(asking, snapshot, asked):
    """Point 10; what is of sites or of whole papers is of all items, and says so."""
    if asking.get(f"/?{asked}").status_code == 400:
        asked = "ven=E"  # nothing here is without one
    text = asking.get(f"/?{asked}").text
    cards = re.findall(r'<a href="([^"]*)"><b data-count="(\w+)">([\d,]+)</b>(.*?)</li>', text, re.DOTALL)
    assert {"expiring", "rejected"} <= {name for _, name, _, _ in cards}
    for link, name, number, more in cards:
        page = asking.get(html.unescape(link)).text
        assert total_of(page) == int(number.replace(",", "")), name
        assert ("of all items" in more) == (name in ("error", "overdue", "never", "blocked", "late", "transfers",
                                                     "rejected", "waiting")), name  # fmt: skip
    [value] = re.findall(r'<a href="([^"]*)"><b>([\d,.]+)</b></a> SBD on the shelves', text)
    [total] = re.findall(r"On the shelves</dt><dd>([\d,.]+)", asking.get(html.unescape(value[0])).text)
    assert value[1] == total
    stores = rows_of(text, "Stores, those first")
    for link, number in re.findall(r'<td class="n(?: main)?"><a href="([^"]*)">([\d,]+)</a></td>', text):
        assert total_of(asking.get(html.unescape(link)).text) == int(number), "of these items alone"
    assert sum(figure_of(row[5]) for row in stores) == pytest.approx(figure_of(total), abs=0.1)
    for name in ("out", "expired", "risk"):
        [(link, said)] = re.findall(rf'<a href="([^"]*)"><b data-rate="{name}">[^<]*</b>(.*?)</a>', text, re.DOTALL)
        counted = re.findall(r"[\d,]+(?= of |\xa0stock line| stock line)", html.unescape(said))
        assert counted, said
        assert total_of(asking.get(html.unescape(link)).text) == int(counted[-1].replace(",", "")), name


@pytest.mark.parametrize("asked", ["level=Hospital", "region=Region 3", "level=Clinic&region=Region 4"])
def test_w3_the_overview_of_some_stores_counts_what_its_lists_have(asking, snapshot, asked):
    """S02 and S04 are hospitals; S02 is in region 3, S03 in region 4."""
    text = asking.get(f"/?{asked}").text
    found = re.findall(r'<a href="([^"]*)"><b data-count="\w+">([\d,]+)</b>', text)
    assert found
    for link, number in found:
        assert total_of(asking.get(html.unescape(link)).text) == int(number.replace(",", ""))
    stores = {"level=Hospital": ["S02", "S04"], "region=Region 3": ["S02"]}.get(asked, ["S03"])
    out, known = query(
        snapshot,
        "select count(*) filter (is_out_now), count(*) filter (is_out_now or (not is_out_now and usable_units > 0)) "
        "from reports.stock_out where store_code in (select unnest(?))",
        [stores],
    ).row(0)
    assert f"out of stock now: {out} of {known} pairs" in words(text)
    worth = query(
        snapshot, "select sum(soh_value) from reports.stock_value where store_code in (select unnest(?))", [stores]
    ).item()
    assert f"{worth:,.2f}" in words(text)
    days = query(
        snapshot,
        "select percent(sum(stock_out_days), sum(known_days) filter (stock_out_days is not null)) "
        f"from reports.stock_monthly where {_IN_USE} and store_code in (select unnest(?)) "
        "and month = (select date_trunc('month', as_of_date) from reports.snapshot)",
        [stores],
    ).item()
    share = "unknown" if days is None else f"{shown(days)} %"
    assert f"Time out of stock: {share} in" in words(text)


def test_stock_lines_are_counted_as_such_with_the_batches_that_they_are_of(asking, snapshot):
    """One batch that lies at several stores is as many stock lines."""
    [lines] = query(snapshot, "select count(*) as n from reports.stock_by_batch where batch = 'RECALLED'")["n"]
    assert lines > 1
    said = words(asking.get("/batches?batch=recalled").text)
    assert f"{lines} stock lines" in said
    assert "these are of 1 batch, each" in said
    soon = query(snapshot, "select * from reports.expiring_stock where band in ('0-1 months', '1-3 months')")
    assert f"{soon.height} stock lines expire within 3 months" in words(asking.get("/").text)
    of = soon.filter(pl.col("batch").is_not_null()).select("item_code", "batch").n_unique()
    assert f"these are of {of} batch" in words(asking.get("/expiry?within=3").text)
