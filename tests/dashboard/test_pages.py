"""What pages show, and that counts, lists and exports agree."""

from __future__ import annotations

import html
import io
import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import polars as pl
import pytest

from bench.networks.large_network import HOSTILE
from dashboard.answers import PAGES
from dashboard.conditions import ALL, Choice
from dashboard.filters import FILTERS
from dashboard.pages.overview import NEEDS
from warehouse.exports.views import NAMES
from warehouse.exports.write import FORMATS
from warehouse.reports.files import UNPUBLISHED

RECORDS = ["/sync/site_3", "/stock/item/PARA0001", "/stock/store/S02"]
VARIANTS = ["/usage?item=PARA0001", "/usage?store=S03", "/stock?sort=worst&band=below_min", "/stock?list=TRACER",
            "/dictionary?kind=replica", "/stock/pair?item=PARA0001&store=S02", "/batches?batch=B1"]  # fmt: skip
EVERY_PAGE = [*PAGES, *RECORDS, *VARIANTS]


def thirds(paths):
    """As parameters, the first of each three in `make test`, all in `make test-long`: what is the same mechanism on
    every page, and tried on each by other tests too."""
    return [pytest.param(path, marks=[pytest.mark.long] * (place % 3 > 0)) for place, path in enumerate(paths)]


def links(text: str) -> list[str]:
    """But for those to the same page in another language, which the client would keep."""
    return [html.unescape(link) for link in re.findall(r'href="([^"]*)"', text) if not link.startswith("?")]


def rows_of(text: str, caption: str) -> list[list[str]]:
    """The cells of the body of the table with this caption, as text on a screen with room for all its columns."""
    [table] = [part for part in re.findall(r"<table.*?</table>", text, re.DOTALL) if f"<caption>{caption}" in part]
    body = re.findall(r"<tbody>(.*?)</tbody>", table, re.DOTALL)[0]
    rows = re.split(r"<tr[^>]*>", re.sub(r'<small class="under narrow">.*?</small>', "", body))[1:]
    return [[words(cell) for cell in re.split(r"<t[hd][^>]*>", row)[1:]] for row in rows]


def words(markup: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", markup)).split())


def total_of(text: str) -> int:
    """The number that the page says its list has."""
    found = re.findall(r'<p class="extent">(.*?)</p>', text, re.DOTALL)
    figures = [int(figure.replace(",", "")) for figure in re.findall(r"[\d,]+", found[0])]
    return figures[-1] if figures else 0


@pytest.fixture(scope="module")
def answered(client):
    """What each address answers: asked once, however many tests and pages lead to it."""
    return cache(client.get)


@pytest.mark.parametrize("path", EVERY_PAGE)
def test_w4_every_page_says_as_of_when_and_who_is_silent(answered, path):
    response = answered(path)
    assert response.status_code == 200
    [told] = re.findall(r"<aside.*?</aside>", response.text, re.DOTALL)
    assert "Pacific/Guadalcanal" in told
    assert "4 of 6" in told
    assert "Site of Naha Clinic" in told
    assert "45 days" in told
    assert "site_7" in told


@pytest.mark.parametrize("path", EVERY_PAGE)
def test_every_page_is_whole_html_without_script_or_style(answered, path):
    text = answered(path).text
    assert text.count("<h1") == 1
    assert text.count("<main") == text.count("</main>") == 1
    assert "<script" not in text
    assert " style=" not in text
    assert not re.search(r" on\w+=", re.sub(r'"[^"]*"', '""', text))
    assert not [link for link in links(text) if "://" in link]
    for table in re.findall(r"<table.*?</table>", text, re.DOTALL):
        assert "<caption>" in table
        heads = re.findall(r"<th\b[^>]*>", table)
        assert heads
        assert all("scope=" in head for head in heads)


@pytest.mark.parametrize("path", EVERY_PAGE)
def test_every_link_of_every_page_leads_somewhere(answered, path):
    found = {link for link in links(answered(path).text) if not link.startswith(("#", "/export/"))}
    assert len(found) > 10
    statuses = {link: answered(link).status_code for link in sorted(found)[::5]}
    assert set(statuses.values()) == {200}


@pytest.mark.parametrize("path", EVERY_PAGE)
def test_names_from_sites_are_text_and_nothing_else(answered, path):
    text = answered(path).text
    assert "<script>alert" not in text
    assert "<b>disk</b>" not in text


def test_a_hostile_name_is_shown_as_it_is(client):
    assert HOSTILE in words(client.get("/stock/store/S02").text)


@pytest.mark.parametrize("need", NEEDS, ids=lambda need: need.name)
def test_a_count_of_the_overview_leads_to_a_list_of_that_many(client, need):
    """Whatever is none is said in words."""
    text = client.get("/").text
    found = re.findall(rf'<a href="([^"]*)"><b data-count="{need.name}">([\d,]+)</b>', text)
    if not found:
        assert client.get(need.path, params=dict(need.chosen)).text.count("None.") >= 1
        return
    [(link, number)] = found
    assert total_of(client.get(html.unescape(link)).text) == int(number.replace(",", ""))


def test_the_fabricated_network_needs_action_in_every_way(client):
    """But for `blocked`: that is before central was pulled, when there is nothing else."""
    text = client.get("/").text
    assert re.findall(r'data-count="(\w+)"', text) == [need.name for need in NEEDS if need.name != "blocked"]


@pytest.mark.parametrize(
    ("path", "report", "name"),
    [
        ("/sync", "sync_status", "status"),
        ("/stock/list", "stock_on_hand", "band"),
        ("/expiry", "expiring_stock", "band"),
        ("/expiry", "expiring_stock", "within"),
        ("/stockouts", "stock_out", "out"),
        ("/transfers", "transfers", "under_way"),
        ("/transfers", "transfers", "state"),
        ("/batches", "stock_by_batch", "shelf"),
        ("/quality", "data_quality", "issue"),
        ("/rejected", "rejected_changes", "state"),
    ],
)
def test_a_filter_says_how_many_and_shows_as_many(client, path, report, name):
    text = client.get(path).text
    chooser = FILTERS[report][name]
    assert isinstance(chooser, Choice)
    shown = 0
    for value in set(chooser.choices) - {ALL}:
        for link, label in re.findall(rf'<li><a href="({path}\?{name}={re.escape(value)})">(.*?)</a>', text):
            number = int(re.findall(r"<b>([\d,]+)</b>", label)[0].replace(",", ""))
            assert total_of(client.get(html.unescape(link)).text) == number
            shown += 1
    assert shown


def test_filters_combine(client, reading):
    text = client.get("/stock/list?band=below_min&store=S04&list=TRACER").text
    sql = (
        "select count(*) as n from reports.stock_on_hand where stock_status = 'below_min' and store_code = 'S04' "
        "and item_code in (select item_code from reports.item_lists where list_code = 'TRACER')"
    )
    assert total_of(text) == reading.one(sql)["n"]
    assert "/stock/list?store=S04&amp;list=TRACER" in text, "one filter can be taken away"


def test_a_filter_can_have_several_values_and_each_can_be_taken_away(client, reading):
    text = client.get("/stock/list?band=below_min&store=S04&store=S02").text
    sql = (
        "select count(*) as n from reports.stock_on_hand "
        "where stock_status = 'below_min' and store_code in ('S02', 'S04')"
    )
    assert total_of(text) == reading.one(sql)["n"] > 0
    found = links(text)
    assert "/stock/list?band=below_min&store=S04" in found
    assert "/stock/list?band=below_min&store=S02" in found
    assert "/stock/list?store=S04&store=S02&band=below_min&band=stocked_out" in found, "a second band by a link"
    assert "/stock/list?band=below_min&store=S04&store=S02&store=S01" in found, "a third store by a link"
    [link] = [link for link in found if ".parquet" in link]
    assert pl.read_parquet(io.BytesIO(client.get(link).content)).height == total_of(text)


def test_each_value_of_a_filter_counts_with_the_others(client):
    both = total_of(client.get("/stock/list?band=below_min&band=stocked_out").text)
    assert both == sum(total_of(client.get(f"/stock/list?band={one}").text) for one in ("below_min", "stocked_out"))


@pytest.mark.parametrize(
    ("path", "column", "place"),
    [
        ("/batches", "value_amount", 7),
        ("/stock/list", "demand_units", 6),
        ("/expiry?risk=coming", "at_risk_value", 4),
    ],
)
def test_columns_are_ordered_by_links_that_turn_around(client, path, column, place):
    mark = "&" if "?" in path else "?"
    first = f"{path}{mark}sort=-{column}"
    assert first in links(client.get(path).text)
    page = client.get(first)
    figures = [row[place] for row in rows_of(page.text[page.text.rindex("<table") :], "")]
    without = ("–", "unknown")
    known = [float(figure.split()[0].replace(",", "")) for figure in figures if figure not in without]
    assert known == sorted(known, reverse=True)
    assert len(set(known)) > 3
    assert set(figures[len(known) :]) <= set(without), "what has no figure comes last"
    assert 'aria-sort="descending"' in page.text
    assert f"{path}{mark}sort={column}" in links(page.text)


def test_a_recalled_batch_is_found_with_those_who_were_sent_it(client, reading):
    sent = reading.one(
        "select line.batch, invoice.store_id from main.invoice_line as line join main.invoice as invoice "
        "on invoice.id = line.invoice_id where invoice.type = 'customer_invoice' and line.batch is not null limit 1"
    )
    batch = sent["batch"]
    text = client.get("/batches", params={"batch": batch.lower()}).text
    held = reading.one("select count(*) as n from reports.stock_by_batch where contains(batch, ?)", [batch])["n"]
    assert total_of(text) == held
    rows = rows_of(text, "Documents with the batch")
    lines = reading.one(
        "select count(*) as n, sum(units(line.packs, line.pack_size)) as units from main.invoice_line as line "
        "join main.invoice as invoice on invoice.id = line.invoice_id "
        "where contains(line.batch, ?) and invoice.type in ('customer_invoice', 'supplier_credit')",
        [batch],
    )
    assert len(rows) == lines["n"] > 0
    assert sum(float(row[1].replace(",", "")) for row in rows) == pytest.approx(float(lines["units"]))
    assert "Who was sent it" not in client.get("/batches").text
    none = client.get("/batches?batch=nothing-like-it").text
    assert total_of(none) == 0
    assert none.count("None.") == 2


def test_a_transfer_says_what_is_in_it(client, reading):
    line = reading.one("from reports.transfer_lines limit 1")
    link = f"/transfers/of/{line['initiating_id']}"
    assert link in links(client.get("/transfers").text)
    rows = rows_of(client.get(link).text, "What the sender")
    lines = reading.rows("from reports.transfer_lines where initiating_id = ?", [line["initiating_id"]])

    def shown(value):
        return "–" if value is None else f"{value.normalize():,f}"

    assert {tuple(row[:3]) for row in rows} >= {
        (one["item_name"], shown(one["sent_units"]), shown(one["there_units"])) for one in lines if one["there_units"]
    }
    assert client.get("/transfers/of/none").status_code == 404


@pytest.mark.parametrize("chosen", ["", "region=Region+2", "store=S03", "ven=V", "list=TRACER", "store=S03&ven=V"])
def test_what_expires_by_band_is_of_what_is_chosen_as_the_choices_beside_it(client, chosen):
    """Its figures lead to lists of as many; none is of more than the page says."""
    path = f"/expiry?{chosen}" if chosen else "/expiry"
    text = client.get(path).text
    table = text[: text.index("<h2>")]
    [caption] = re.findall(r"<caption>(.*?)</caption>", table)
    assert caption.startswith("Of the stores and items chosen, by band" if chosen else "All stores, by band")
    bands = re.findall(r'<a href="([^"]*band=[^"]*)">([\d,]+)</a>', table)
    assert bands
    for link, number in bands:
        assert total_of(client.get(html.unescape(link)).text) == int(number.replace(",", ""))
    assert sum(int(number.replace(",", "")) for _, number in bands) == total_of(text)
    of_one = client.get(html.unescape(bands[0][0])).text
    assert re.findall(r'<a href="[^"]*band=[^"]*">([\d,]+)</a>', of_one[: of_one.index("<h2>")]) == [
        number for _, number in bands
    ]


def test_stores_are_found_by_region_and_by_a_word_of_their_name(client, reading):
    """With hundreds of stores nobody knows codes."""
    by_region = client.get("/stock/list?region=Region 2").text
    assert (
        total_of(by_region)
        == reading.one("select count(*) as n from reports.stock_on_hand where store_code = 'S01'")["n"]
    )
    by_name = client.get("/stock/list?store_name=naha").text
    assert (
        total_of(by_name)
        == reading.one("select count(*) as n from reports.stock_on_hand where store_code = 'S03'")["n"]
    )
    assert "/stock/list?region=Region+2&region=Region+3" in links(by_region)
    picked = by_region[by_region.index("Store: all") :].partition("</details>")[0]
    assert [link for link in links(picked) if "store=S01" in link]
    assert not [link for link in links(picked) if "store=S02" in link], "stores of that region"
    assert "S01" in client.get("/stock?region=Region 2").text


@pytest.mark.parametrize("path", ["/reorder", "/orders", "/bands", "/reorder/between", "/quality", "/transfers/lines"])
def test_lists_by_item_have_menus_of_programmes_and_ven(client, path):
    text = client.get(path).text
    assert "VEN: all" in text
    assert [link for link in links(text) if "ven=V" in link]


def test_w3_usage_of_a_region_is_of_one_item_by_store(client, reading):
    [item, *_] = sorted(reading.codes["item"])
    rows = rows_of(client.get(f"/usage?item={item}&region=Region 2").text, "Dispensed and issued")
    stores = reading.rows("select store_name from reports.stores where region_name = 'Region 2'")
    assert [row[0] for row in rows if not row[0].startswith("The system")] == [one["store_name"] for one in stores]
    refused = client.get("/usage?region=Region 2")
    assert (refused.status_code, "choose an item" in refused.text) == (400, True)


def test_stores_of_a_large_network_are_found_by_a_word_and_listed_by_region(client, monkeypatch):
    monkeypatch.setattr("dashboard.view.FEW", 3)
    text = client.get("/stock/list").text
    assert 'name="store_name"' in text
    assert "Store: all" not in text
    monkeypatch.setattr("dashboard.view.FEW", 12)
    monkeypatch.setattr("dashboard.view.View.is_large", True)
    text = client.get("/stock/list?region=Region 2&store_name=central").text
    assert "/stock/list?region=Region+2&store_name=central&store=S01" in links(text)
    assert 'name="region" value="Region 2"' in text, "the form keeps what is chosen"


def test_the_matrix_of_many_stores_comes_in_pages_of_stores(client, monkeypatch):
    monkeypatch.setattr("dashboard.pages.matrix.STORES_A_PAGE", 2)
    text = client.get("/stock?band=below_min").text
    assert "Stores, page 1 of 3" in text
    assert "/stock?band=below_min&stores=2" in links(text)
    second = client.get("/stock?band=below_min&stores=2").text
    assert "/stock?band=below_min&stores=1" in links(second)
    assert "/stock?band=below_min&stores=3" in links(second)
    assert "/stock/store/S03" in links(second)
    assert "/stock/store/S01" not in links(second)


def test_counts_say_what_they_count_and_of_how_many(client, reading):
    text = words(client.get("/").text)
    judged = reading.one(
        "select count(*) filter (stock_status = 'below_min') as below, count(*) as n from reports.stock_on_hand where "
        "stock_status in ('stocked_out', 'below_min', 'adequate', 'overstocked', 'no_consumption')"
    )
    assert f"{judged['below']} pairs of store and item below minimum" in text
    share = f"{100 * judged['below'] / judged['n']:.1f}".removesuffix(".0")
    assert f"{share} % of {judged['n']} in use that are stocked out or whose demand is known" in text
    assert "pairs of store and item" in words(client.get("/stock/list").text)


@pytest.mark.parametrize(("path", "word"), [("/stock", "MOS"), ("/stock", "AMC"), ("/stock/list", "AMC"), ("/", "MOS"),
                                            ("/stockouts", "AMC"), ("/stock/store/S02", "MOS")])  # fmt: skip
def test_the_words_of_the_field_are_where_people_look(client, path, word):
    text = client.get(path).text
    assert word in words(text[text.index("<main") :])


def test_w4_a_chart_hatches_what_is_unknown_and_its_axis_is_round():
    from dashboard.plots import Bar, Level, plot, short

    drawn = plot([Bar("Jan 26", 1180), Bar("Feb 26", None), Bar("<b>", 0)], "T", "tablet", [Level("AMC", 900)])
    assert drawn.count('fill="url(#unknown)"') == 1
    assert "<title>Feb 26: unknown</title>" in drawn
    assert "<b>" not in drawn
    assert re.findall(r'class="tick"[^>]*>([^<]*)<', drawn) == ["0", "250", "500", "750", "1k", "1.25k"]
    assert re.findall(r'class="value"[^>]*>([^<]*)<', drawn) == ["1.2k", "?", "0"]
    assert [short(value) for value in (0, 0.25, 12.5, 999, 1000, 99_950, 1_250_000, 2.5e9)] == [
        "0", "0.2", "12.5", "999", "1k", "100k", "1.2M", "2.5G",
    ]  # fmt: skip
    assert plot([], "T", "u")
    assert "style" not in drawn


def test_the_share_of_days_out_of_stock_is_a_chart_with_the_figures_of_its_table(client):
    text = client.get("/stockouts").text
    svg = text[text.index('<svg class="plot"') : text.index("</svg>", text.index('<svg class="plot"'))]
    shares, days, *_ = rows_of(text, "Days out of stock in percent")
    titles = re.findall(r"<g><title>(.*?)</title>", svg)
    assert len(titles) == len(shares) - 1 > 3
    for title, share, of in zip(titles, shares[1:], days[1:], strict=True):
        said = re.fullmatch(r"\w+ \d+: ([\d.]+|unknown), of ([\d,]+) days", title)
        assert said
        assert share == said[1] or abs(float(share.removesuffix(" %")) - float(said[1])) < 0.051
        assert said[2] == of
    assert 'class="f-todate"' in svg, "the month that is not over"


@pytest.mark.parametrize(("path", "column"), [("/stock/months", "closing_value"), ("/stock/card", "moved_date")])
def test_the_ledger_is_ordered_by_links_found_by_region_and_leads_to_one_item_at_one_store(client, path, column):
    found = links(client.get(path).text)
    assert f"{path}?sort=-{column}" in found
    assert f"{path}?region=Region+3" in found
    one = client.get(f"{path}?item=PARA0001&store=S02").text
    assert "/stock/pair?item=PARA0001&store=S02" in links(one)
    assert "/stock/pair?item=PARA0001&store=S02" not in links(
        client.get(f"{path}?item=PARA0001&store=S02&store=S04").text
    )


@pytest.mark.parametrize(
    ("path", "caption", "fewer"), [("/stock/months", "Months of items", 3), ("/stock/card", "Lines of stock", 2)]
)
def test_what_is_one_for_all_rows_stands_above_and_not_in_each_row(client, reading, path, caption, fewer):
    item = reading.one("from reports.items where item_code = 'PARA0001'")["item_name"]
    store = reading.one("from reports.stores where store_code = 'S02'")["store_name"]
    whole = rows_of(client.get(path).text, caption)[0]
    text = client.get(f"{path}?item=PARA0001&store=S02").text
    assert f": {item} at {store}" in words(re.findall("<h1>.*?</h1>", text, re.DOTALL)[0])
    rows = rows_of(text, caption)
    assert {len(row) for row in rows} == {len(whole) - fewer}
    assert not [row for row in rows if item in row]
    assert '<th scope="row" class="t">' in text
    assert f": {item}" in words(client.get(f"{path}?item=PARA0001").text)


def test_lines_of_transfers_name_their_stores(client, reading):
    names = {row["store_name"] for row in reading.rows("from reports.stores")}
    rows = rows_of(client.get("/transfers/lines").text, "Sent and received")
    assert rows
    assert {name for row in rows for name in row[5:7]} <= names


def test_a_filter_that_has_nothing_to_choose_is_not_there(client):
    text = client.get("/transfers/lines?store=S06").text
    assert total_of(text) == 0
    assert "Reason</span>" not in text
    assert "Reason</span>" in client.get("/transfers/lines").text


def test_doubtful_records_name_stores_and_items_and_not_codes_alone(client, reading):
    issue = reading.one("from reports.data_quality where store_code = 'S02' and item_code is not null limit 1")
    item = reading.one(f"from reports.items where item_code = '{issue['item_code']}'")
    store = reading.one("from reports.stores where store_code = 'S02'")
    rows = rows_of(client.get(f"/quality?store=S02&item={issue['item_code']}").text, "Issues")
    assert rows[0][:2] == [f"{store['store_name']} S02", f"{item['item_name']} {item['item_code']}"]


def test_an_order_stays_when_a_filter_is_chosen_and_a_page_is_turned(client, monkeypatch):
    monkeypatch.setattr("dashboard.view.View.paged.__defaults__", (10, "*"))
    found = links(client.get("/batches?sort=-value_amount").text)
    assert "/batches?sort=-value_amount&shelf=expired" in found
    assert "/batches?sort=-value_amount&page=2" in found


def test_w3_the_matrix_has_the_months_of_stock_of_every_pair(client, reading):
    text = client.get("/stock").text
    body = text[text.index("<tbody>") : text.index("</tbody>")]
    rows = {}
    for row in body.split("<tr>")[1:]:
        name = re.findall(r"<a href=\"/stock/item/(\w+)\">", row)[0]
        rows[name] = re.findall(r"<td(?: class=(\w))?>([^<]*)", row)[1:]
    stores = re.findall(r'<a href="/stock/store/(S\d+)"', text[text.index("<thead>") : text.index("</thead>")])
    letters = {"stocked_out": "o", "below_min": "b", "adequate": "", "overstocked": "v"}
    letters |= {"no_consumption": "z", "never_stocked": "n", "unknown": "u", "not_in_use": "x"}
    expected = reading.rows("select item_code, store_code, stock_status, mos_months from reports.stock_on_hand")
    seen = 0
    for pair in expected:
        letter, figure = rows[pair["item_code"]][stores.index(pair["store_code"])]
        assert letter == letters[pair["stock_status"]]
        if pair["stock_status"] in ("below_min", "adequate", "overstocked"):
            assert abs(float(figure) - float(pair["mos_months"])) < (1 if len(figure) < 3 else 0.1)
            seen += 1
    assert seen > 20
    assert sum(1 for row in rows.values() for cell in row if cell != ("", "")) == len(expected)


def test_w4_a_silent_store_is_unknown_in_the_matrix(client):
    text = client.get("/stock").text
    assert re.findall(r"<th scope=\"col\" class=\"q\"><a [^>]*S03[^>]*>.*?</th>", text)[0].count("<i>silent</i>") == 1


def test_the_matrix_counts_its_bands_in_the_legend(client, reading):
    text = client.get("/stock").text
    for band, number in reading.con.execute(
        "select stock_status, count(*) from reports.stock_on_hand group by all"
    ).fetchall():
        assert re.search(rf'href="/stock\?band={band}"[^>]*>.*? <b>{number}</b>', text)


def test_a_figure_never_says_more_than_its_band(client, reading):
    """0.96 months are below a minimum of one, and show as 0.9."""
    from dashboard.formats import months

    assert [months(value) for value in (0.96, 2.999, 10.99, 250.0, None)] == ["0.9", "2.9", "10", "99+", ""]


def test_w4_usage_after_the_last_pull_is_unknown_and_not_zero(client):
    text = client.get("/usage?store=S03").text
    rows = rows_of(text, "Dispensed and issued")
    assert rows
    assert {row[-1] for row in rows} == {"unknown"}
    assert "0" not in {row[-1] for row in rows}


def test_the_month_that_is_not_over_says_so(client):
    text = client.get("/usage?item=PARA0001").text
    assert "to date" in text[text.index("<thead>") : text.index("</thead>")]


def test_sync_has_the_longest_silence_first_and_words_beside_colours(client):
    rows = rows_of(client.get("/sync").text, "Sites")
    assert [re.findall(r"site_\d", row[0])[-1] for row in rows[:3]] == ["site_7", "site_3", "site_4"]
    assert [row[1] for row in rows[:3]] == ["Never heard of", "Overdue", "Late"]
    assert rows[1][4] == "?", "a queue that could not be counted is no zero"


def test_a_site_has_its_visits_stores_and_open_changes(client, reading):
    text = client.get("/sync/site_3").text
    assert [row[0] for row in rows_of(text, "The last")] == [str(cycle) for cycle in range(12, 0, -1)]
    sql = "select count(*) as n from reports.rejected_changes where site_code = 'site_3' and state = 'open'"
    assert len(rows_of(text[: text.index("Waiting changes")], "Open changes of this site")) == reading.one(sql)["n"] > 0
    assert "/stock/store/S03" in text


@pytest.mark.parametrize("kind", ["report", "replica"])
def test_w2_the_dictionary_has_every_table_and_column_with_type_unit_and_meaning(client, reading, kind):
    text = client.get("/dictionary", params={"kind": kind}).text
    if kind == "report":
        assert set(re.findall(r'<h2 id="(\w+)">', text)) == set(NAMES)
    shown = {}
    for table, body in re.findall(r"<caption>Columns of (\w+)</caption>.*?<tbody>(.*?)</tbody>", text, re.DOTALL):
        for row in re.split(r"<tr[^>]*>", body)[1:]:
            column, *rest = [words(cell) for cell in re.split(r"<t[hd][^>]*>", row)[1:]]
            shown[table, column] = tuple(rest)
    rows = reading.rows("from reports.dictionary where kind = ?", [kind])
    assert shown == {
        (row["table_name"], row["column_name"]): (" ".join(row["meaning"].split()), row["type"], row["unit"] or "")
        for row in rows
    }
    assert {"units", "home currency"} <= {unit for _, _, unit in shown.values()} or kind == "replica"


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("report", sorted(NAMES - UNPUBLISHED))
def test_every_report_exports_in_every_format(client, report, file_format):
    response = client.get(f"/export/{report}.{file_format}")
    assert response.status_code == 200
    assert response.headers["content-disposition"] == f'attachment; filename="{report}-00000001.{file_format}"'
    assert len(response.content) > 10


def test_an_export_has_the_rows_of_the_page_it_is_on(client):
    text = client.get("/stock/list?band=below_min&store=S04").text
    [link] = [link for link in links(text) if ".parquet" in link]
    found = pl.read_parquet(io.BytesIO(client.get(link).content))
    assert found.height == total_of(text)
    assert set(found["stock_status"]) == {"below_min"}
    assert set(found["store_code"]) == {"S04"}


def test_pages_of_a_long_list_follow_each_other(client, monkeypatch):
    monkeypatch.setattr("dashboard.view.View.paged.__defaults__", (10, "*"))
    first, second = client.get("/batches").text, client.get("/batches?page=2").text
    assert "1 to 10 of" in first
    assert "11 to 20 of" in second
    assert 'href="/batches?page=2"' in first
    assert 'rel="prev" href="/batches"' in second
    assert rows_of(first, "Batches") != rows_of(second, "Batches")


@pytest.mark.parametrize(
    ("path", "entry", "how"),
    [("/stock", "Months of stock", "page"), ("/stock/list", "Months of stock", "true"),
     ("/stock/item/PARA0001", "Months of stock", "true"),
     ("/stock/store/S02", "Months of stock", "true"), ("/sync/site_3", "Sync", "true"), ("/", "Overview", "page"),
     ("/waiting", "Rejected", "true"), ("/stockouts", "Stock-outs", "page")],
)  # fmt: skip
def test_the_menu_marks_where_a_page_belongs(client, path, entry, how):
    [nav] = re.findall(r'<nav aria-label="Pages">.*?</nav>', client.get(path).text, re.DOTALL)
    assert re.findall(r'aria-current="(\w+)">([^<]*)<', nav) == [(how, entry)]


def test_each_issue_of_data_has_its_word_and_its_filter():
    from dashboard.answers import templates

    chooser = FILTERS["data_quality"]["issue"]
    assert isinstance(chooser, Choice)
    assert set(templates().get_template("words.html").module.choice["issue"]) == set(chooser.choices)  # type: ignore[attr-defined]
    assert {"item_missing", "packs_missing", "item_code_doubled", "item_code_missing"} < set(chooser.choices)


def test_amounts_of_a_column_have_as_many_decimals():
    from dashboard.formats import money

    assert [money(value) for value in (0, 999.5, 1000, 1234567.891)] == ["0.00", "999.50", "1,000.00", "1,234,567.89"]


def test_links_escape_whatever_a_code_is():
    from dashboard.links import ServedLinks

    link = ServedLinks("/supply").to("/stock/item/a b?c#d", store='"<&')
    assert link == "/supply/stock/item/a%20b%3Fc%23d?store=%22%3C%26"
    assert unquote(link).endswith('store="<&')


def test_no_template_marks_anything_as_safe():
    folder = Path(__file__).parents[2] / "dashboard" / "templates"
    assert [
        path.name for path in folder.glob("*.html") if "safe" in path.read_text() or "autoescape" in path.read_text()
    ] == []
