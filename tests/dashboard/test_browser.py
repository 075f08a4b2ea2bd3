"""The pages in a real browser: what is clicked, what is seen, what is asked of the network, and what axe says."""

from __future__ import annotations

import re
import socket
import threading
import time
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from dashboard.access.door import SignIn
from dashboard.access.passwords import sealed
from dashboard.answers import PAGES
from dashboard.app import make_app
from dashboard.guests.people import Roster, Sight, Viewer
from dashboard.view import ROWS_A_PAGE
from tests.dashboard import browser as browsers
from tests.dashboard.test_pages import RECORDS

ALL_PAGES = [*PAGES, *RECORDS, "/usage?item=PARA0001", "/stock?band=stocked_out", "/nope",
             "/stock/pair?item=PARA0001&store=S02", "/batches?batch=B1", "/transfers/of/t1",
             "/stock/list?band=below_min&store=S02&store=S04&sort=-amc_units", "/stock/pair?item=PARA0001&store=S03",
             "/stock/months?item=PARA0001&store=S03", "/stock/card?item=PARA0001&store=S02",
             "/sync?silent=yes"]  # fmt: skip
EVERY_RULE = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Contrast costs most and depends on the scheme only; all else depends on the width only.
AXE: dict[str, dict[str, Any]] = {
    "desk": {"runOnly": EVERY_RULE, "rules": {"color-contrast": {"enabled": False}}},
    "phone": {"runOnly": EVERY_RULE, "rules": {"color-contrast": {"enabled": False}}},
    "light": {"runOnly": ["color-contrast"]},
    "dark": {"runOnly": ["color-contrast"]},
}
LOOKS: dict[str, dict[str, Any]] = {
    "desk": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light", "has_touch": True},
    "light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
}

MIXED = ("/stock",)  # a page with something of all that others show
KINDS = ("/", "/transfers", "/sync", "/stock/list", "/nope")  # one of each other kind
LOOKED_AT = [
    pytest.param(look, path, marks=() if path in MIXED or (look == "desk" and path in KINDS) else pytest.mark.long)
    for look in LOOKS
    for path in ALL_PAGES
]


@pytest.fixture(scope="session")
def address(published):
    """Where the pages are served, by the real server."""
    with served(make_app(published)) as place:
        yield place


@contextmanager
def served(app):
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", server_header=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
    listening.close()


@pytest.fixture(scope="session")
def chromium():
    """One browser for all tests of this process. There is one, or the tests fail."""
    path = browsers.find()
    assert path is not None, "no browser: run `python -m tests.dashboard.browser`, or `make test`, which does"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(path), args=["--no-sandbox"])
        yield opened
        opened.close()


@contextmanager
def opened(chromium, address, look):
    """A window of one kind; what it asked for, and what went wrong in it, are kept."""
    context = chromium.new_context(**LOOKS[look], base_url=address)
    page = context.new_page()
    page.axe = AXE[look]
    page.asked = []
    page.wrong = []
    page.on("request", lambda asked: page.asked.append(asked.url))
    page.on(
        "console", lambda message: page.wrong.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    yield page
    context.close()


@pytest.fixture(scope="session")
def look(request, chromium, address):
    with opened(chromium, address, request.param) as page:
        yield page


@pytest.fixture(scope="session")
def desk(chromium, address):
    with opened(chromium, address, "desk") as page:
        yield page


@pytest.mark.parametrize(("look", "path"), LOOKED_AT, indirect=["look"])
def test_a_page_renders_asks_nobody_else_and_axe_finds_nothing(look, address, path):
    look.asked.clear()
    look.wrong.clear()
    response = look.goto(path)
    assert response.status == (404 if path == "/nope" else 200)
    assert look.locator("h1").count() == 1
    found = Axe().run(look, options={"resultTypes": ["violations"], "preload": False, **look.axe})
    assert found.violations_count == 0, found.generate_report()
    assert {url.split("/")[2] for url in look.asked if not url.startswith("data:")} == {address.split("/")[2]}
    assert [text for text in look.wrong if "404" not in text or path != "/nope"] == []
    width = look.evaluate("document.documentElement.scrollWidth")
    assert width <= look.viewport_size["width"], "the page itself does not scroll sideways"


@pytest.mark.parametrize("path", [path for path in ALL_PAGES if not path.startswith("/stock?") and path != "/stock"])
def test_no_table_scrolls_sideways_on_a_screen_1280_wide(desk, path):
    """But for the matrix, which has a column for each store."""
    desk.goto(path)
    wide = desk.evaluate(
        "[...document.querySelectorAll('.scroll, nav')].filter(box => box.scrollWidth > box.clientWidth + 1)"
        ".map(box => `${box.getAttribute('aria-label')}: ${box.scrollWidth} of ${box.clientWidth}`)"
    )
    assert wide == []


# Of tables: captions that are cut; where one is wider than its place, rows whose name or main figure is out of sight.
MAIN_FIGURES = """() => [...document.querySelectorAll('main .scroll:not(.mx):has(table)')].flatMap(box => {
    const table = box.querySelector('table'), place = box.getBoundingClientRect(), name = box.ariaLabel;
    const right = Math.min(place.right, innerWidth) + 1;
    const isSeen = cell => cell && cell.getBoundingClientRect().right <= right
        && cell.getBoundingClientRect().left >= place.left - 1;
    const wrong = table.caption && !isSeen(table.caption) ? [`the caption of ${name} is cut`] : [];
    if (box.scrollWidth <= box.clientWidth + 1) return wrong;
    const figure = row => box.matches('.latest') ? row.lastElementChild : row.querySelector('.main');
    const out = [...table.tBodies[0].rows].filter(row => !isSeen(row.cells[0]) || !isSeen(figure(row)));
    return out.length ? [...wrong, `${name}: ${out.length} rows without their figure`] : wrong;
})"""


@pytest.fixture(scope="session")
def phone(chromium, address):
    with opened(chromium, address, "phone") as page:
        yield page


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, marks=() if path in ("/reorder", "/", "/stock/list", "/usage") else pytest.mark.long)
        for path in [*ALL_PAGES, "/reorder?store=S02", "/rejected/1", "/history?store=S02"]
    ],
)
def test_a_phone_shows_whose_and_what_a_page_is_for_without_scrolling_sideways(phone, path):
    """Captions are whole; the name of a row is in sight, with its main figure or, by month, its latest."""
    phone.goto(path)
    assert phone.evaluate(MAIN_FIGURES) == []


def test_a_phone_keeps_the_name_of_a_row_in_sight_and_says_the_store_below_it(phone):
    phone.goto("/reorder")
    region = phone.locator("main .scroll")
    assert not phone.get_by_role("columnheader", name="Store", exact=True).is_visible()
    first = region.locator("tbody th").first
    assert first.locator(".narrow").is_visible()
    region.evaluate("box => box.scrollTo(400, 0)")
    assert abs(first.bounding_box()["x"] - region.bounding_box()["x"]) < 3
    assert region.evaluate("box => box.scrollLeft") > 100


def test_a_style_sheet_is_there(desk):
    desk.goto("/stock")
    colours = desk.evaluate(
        "Object.fromEntries([...document.querySelectorAll('.m tbody td[class]')]"
        ".map(cell => [cell.className, getComputedStyle(cell).backgroundColor]))"
    )
    assert len(set(colours.values())) >= 4, "bands differ by colour"
    signs = desk.evaluate(
        "Object.fromEntries([...document.querySelectorAll('.m tbody td[class]')]"
        ".map(cell => [cell.className, getComputedStyle(cell, '::before').content]))"
    )
    assert signs["o"] == '"✕"', "and by a sign"
    assert signs["u"] == '"?"'


def follow(link):
    """Clicks what leads to another page, and waits until that is there whole: counting does not wait."""
    with link.page.expect_navigation():
        link.click()


def test_filters_work_by_clicking(desk):
    desk.goto("/stock/list")
    whole = desk.locator("tbody tr").count()
    follow(desk.get_by_role("link", name="Below minimum").first)
    some = desk.locator("tbody tr").count()
    assert 0 < some < whole
    assert set(desk.locator("tbody .band").all_inner_texts()) == {"Below minimum"}
    desk.get_by_text("Store: all").click()
    follow(desk.locator(".picker[open] a").nth(3))
    assert 0 < desk.locator("tbody tr").count() < some
    follow(desk.get_by_role("link", name="remove the filter band"))
    follow(desk.get_by_role("link", name="remove the filter store"))
    assert desk.locator("tbody tr").count() == whole


def test_finding_an_item_by_a_word(desk):
    desk.goto("/stock/list")
    desk.get_by_label("Item", exact=True).fill("PARACET")
    follow(desk.get_by_role("button", name="Find"))
    assert desk.locator("tbody tr").count() > 0
    assert {"Paracetamol" in text for text in desk.locator("tbody tr").all_inner_texts()} == {True}


def test_every_count_of_the_overview_leads_to_that_many_rows(desk):
    """As many as a page shows."""
    desk.goto("/")
    cards = desk.locator(".cards a")
    for number in range(cards.count()):
        desk.goto("/")
        card = desk.locator(".cards a").nth(number)
        count = int(card.locator("b").inner_text().replace(",", ""))
        follow(card)
        assert desk.locator("main table").last.locator("tbody tr").count() == min(count, ROWS_A_PAGE)


def test_every_rate_of_the_overview_leads_to_as_many_rows_as_it_counts(desk):
    """Of stores the list has their sites, and the tile says how many that are."""
    desk.goto("/")
    for name, counted in {"out": r"now: ([\d,]+) of", "silent": r"at ([\d,]+) site", "expired": r"([\d,]+) stock line",
                          "risk": r"([\d,]+) stock line"}.items():  # fmt: skip
        desk.goto("/")
        tile = desk.locator(f".rates a:has([data-rate={name}])")
        [count] = re.findall(counted, tile.inner_text())
        follow(tile)
        shown = desk.locator("main table").last.locator("tbody tr").count()
        assert shown == min(int(count.replace(",", "")), ROWS_A_PAGE) > 0


def test_the_chart_of_stock_is_drawn_over_its_use_with_what_is_unknown_hatched(desk):
    desk.goto("/stock/pair?item=PARA0001&store=S03")
    line = desk.locator(".plot .line path")
    assert line.evaluate("line => getComputedStyle(line).fill") == "none"
    assert line.bounding_box()["width"] > 300
    words = desk.locator(".plot .level text").all()
    boxes = [word.bounding_box() for word in words]
    picture = desk.locator(".plot").bounding_box()
    assert all(box["x"] + box["width"] <= picture["x"] + picture["width"] for box in boxes), "none is cut"
    middles = sorted(box["y"] + box["height"] / 2 for box in boxes)
    assert all(lower - upper > 11 for upper, lower in pairwise(middles)), "none is over another"
    hatched = desk.locator("td.u").first
    assert "gradient" in hatched.evaluate("cell => getComputedStyle(cell).backgroundImage")


def test_the_matrix_leads_to_one_item_and_to_one_store(desk):
    desk.goto("/stock")
    head = desk.locator(".m thead a").first
    follow(head)
    assert desk.locator("h1").inner_text() == "Central Medical Store"
    desk.go_back()
    name = desk.locator(".m tbody a").first.inner_text()
    follow(desk.locator(".m tbody a").first)
    assert desk.locator("h1").inner_text() == name


def test_w4_a_silent_store_says_so_in_a_whole_word_at_the_head_of_the_matrix(desk):
    """However long its name is: that is cut, and not the word."""
    desk.goto("/stock")
    desk.locator(".m thead th.q span").first.evaluate(
        "span => span.textContent = 'A very long name of a store'.repeat(4)"
    )
    word = desk.locator(".m thead th.q i").first
    assert word.inner_text() == "silent"
    place, head = word.bounding_box(), desk.locator(".m thead th.q").first.bounding_box()
    assert place["height"] > 25
    assert head["y"] <= place["y"]
    assert place["y"] + place["height"] <= head["y"] + head["height"]
    assert word.evaluate("word => word.scrollHeight <= word.clientHeight + 1")


def test_the_heads_of_the_matrix_stay_in_sight(desk):
    desk.goto("/stock")
    region = desk.locator(".mx")
    region.evaluate("region => { region.style.maxHeight = '300px'; region.style.maxWidth = '360px' }")
    region.evaluate("region => region.scrollTo(200, 200)")
    place = region.bounding_box()
    corner = desk.locator(".m .corner").bounding_box()
    assert abs(corner["x"] - place["x"]) < 3
    assert abs(corner["y"] - place["y"]) < 3
    assert abs(desk.locator(".m tbody th").last.bounding_box()["x"] - place["x"]) < 3


def test_keys_reach_the_content_first_and_show_where_they_are(desk):
    desk.goto("/stock")
    desk.keyboard.press("Tab")
    assert desk.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert desk.locator(".skip").bounding_box()["x"] >= 0
    desk.keyboard.press("Enter")
    assert desk.evaluate("document.activeElement.id") == "main"
    desk.locator(".mx").focus()
    assert desk.evaluate("document.activeElement.getAttribute('role')") == "region"


def test_a_download_is_a_file(desk):
    desk.goto("/sync")
    with desk.expect_download() as waited:
        desk.get_by_role("link", name="CSV of sync status").click()
    assert waited.value.suggested_filename == "sync_status-00000001.csv"


@pytest.mark.parametrize(("width", "media"), [(1280, "screen"), (1050, "print")])
def test_the_table_of_sites_fits_with_its_stores_and_errors(desk, width, media):
    """1050 pixels are what A4 across has within its margins."""
    size = desk.viewport_size
    desk.set_viewport_size({"width": width, "height": 900})
    desk.emulate_media(media=media)
    try:
        desk.goto("/sync")
        region = desk.locator("main .scroll")
        assert region.evaluate("region => region.scrollWidth <= region.clientWidth")
        assert desk.evaluate("document.documentElement.scrollWidth") <= width
        assert "S05" in region.inner_text()
        assert desk.get_by_text("the file is not a database").first.is_visible()
    finally:
        desk.emulate_media(media="screen")
        desk.set_viewport_size(size)


@pytest.mark.parametrize("path", ["/stock/item/PARA0001", "/usage", "/value"])
def test_a_table_fits_a_desk(desk, path):
    desk.goto(path)
    assert desk.locator("main .scroll").first.evaluate("region => region.scrollWidth <= region.clientWidth")


def test_the_heads_of_months_are_all_of_one_form(desk):
    desk.goto("/usage")
    heads = desk.locator(".heat thead th.n")
    lines = [text.split("\n") for text in heads.all_inner_texts()]
    assert [line[1:] for line in lines] == [[]] * 12 + [["to date"]]
    heights = heads.evaluate_all(
        "heads => heads.slice(0, -1).map(head => { const range = document.createRange(); "
        "range.selectNodeContents(head); return Math.round(range.getBoundingClientRect().height) })"
    )
    assert len(set(heights)) == 1
    assert heights[0] < 26, "one line"


def test_printed_the_matrix_is_whole_and_without_navigation(desk):
    desk.goto("/stock")
    desk.emulate_media(media="print")
    try:
        assert not desk.locator(".top nav").is_visible()
        assert desk.locator(".mx").evaluate("region => getComputedStyle(region).overflow") == "visible"
        assert desk.locator(".m thead th").first.evaluate("head => getComputedStyle(head).position") == "static"
    finally:
        desk.emulate_media(media="screen")


@pytest.fixture(scope="session")
def asking(published, tmp_path_factory):
    """Where the pages ask who somebody is."""
    roster = Roster(tmp_path_factory.mktemp("users") / "dashboard-users.json")
    with roster.changing() as viewers:
        viewers["ben"] = Viewer("ben", Sight(stores=("S02",)), sealed("ben", "correct horse battery"))
    with served(make_app(published, sign_in=SignIn("password", roster))) as place:
        yield place


def axe_finds_nothing(page, rules=None):
    found = Axe().run(page, options={"resultTypes": ["violations"], "preload": False, "runOnly": rules or EVERY_RULE})
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize(
    "look_name", ["phone", *(pytest.param(one, marks=pytest.mark.long) for one in ("desk", "dark"))]
)
def test_precision_37_signing_in_and_out_without_script(chromium, asking, look_name):
    context = chromium.new_context(**LOOKS[look_name], base_url=asking)
    page = context.new_page()
    page.goto("/expiry?within=3")
    assert page.url.endswith("/sign-in?to=%2Fexpiry%3Fwithin%3D3")
    axe_finds_nothing(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= LOOKS[look_name]["viewport"]["width"]
    assert page.evaluate("document.activeElement.id") == "name"
    page.keyboard.type("ben")
    page.keyboard.press("Tab")
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    assert page.get_by_role("alert").inner_text() == "The name or the password is wrong."
    assert page.get_by_label("Name").input_value() == "ben"
    assert page.get_by_label("Password").input_value() == ""
    axe_finds_nothing(page)
    page.get_by_label("Password").fill("correct horse battery")
    follow(page.get_by_role("button", name="Sign in"))
    assert page.url == f"{asking}/expiry?within=3"
    assert page.get_by_text("Signed in as ben, for store S02").is_visible()
    menu = page.get_by_role("navigation", name="Pages")
    menu.get_by_text("Stock", exact=True).click()
    assert menu.get_by_role("link", name="Expiry").is_visible()
    menu.get_by_text("Stock", exact=True).click()
    assert menu.locator("a", has_text="Rejected").count() == 0
    axe_finds_nothing(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= LOOKS[look_name]["viewport"]["width"]
    assert page.evaluate("document.cookie") == ""
    assert page.goto("/rejected").status == 403
    axe_finds_nothing(page)
    page.goto("/")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{asking}/sign-in", wait_until="load")
    page.evaluate("history.back()")  # the address of a page that was seen is asked for anew, and leads here
    page.wait_for_url(f"{asking}/sign-in?to=*", wait_until="load")
    assert "store S02" not in page.content()
    assert page.goto("/").url.endswith("/sign-in?to=%2F")
    context.close()


def test_precision_37_no_script_is_needed_to_sign_in_and_out(chromium, asking):
    context = chromium.new_context(java_script_enabled=False, base_url=asking)
    page = context.new_page()
    page.goto("/stock")
    page.get_by_label("Name").fill("ben")
    page.get_by_label("Password").fill("correct horse battery")
    follow(page.get_by_role("button", name="Sign in"))
    assert page.url == f"{asking}/stock"
    follow(page.get_by_role("button", name="Sign out"))
    assert page.goto("/stock").url.endswith("/sign-in?to=%2Fstock")
    context.close()


def test_precision_37_pages_of_some_stores_pass_axe(chromium, asking):
    context = chromium.new_context(**LOOKS["desk"], base_url=asking)
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("Name").fill("ben")
    page.get_by_label("Password").fill("correct horse battery")
    follow(page.get_by_role("button", name="Sign in"))
    for path in (
        "/",
        "/stock",
        "/usage",
        "/stock/pair?item=PARA0001&store=S02",
        "/bands",
        "/sync",
        "/stock/item/PARA0001",
    ):
        assert page.goto(path).status == 200
        axe_finds_nothing(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    context.close()


@pytest.mark.parametrize("code", ["en", "fr", "es", "pt"])
def test_the_menu_is_one_line_and_leads_to_another_language_without_script(chromium, address, code):
    context = chromium.new_context(**LOOKS["desk"], base_url=address, java_script_enabled=False, locale="en")
    page = context.new_page()
    page.goto("/stock/list?band=below_min")
    page.locator(".languages summary").click()
    follow(page.locator(f".languages a[hreflang={code}]"))
    assert page.url == f"{address}/stock/list?band=below_min"
    page.goto("/sync")
    assert page.locator("html").get_attribute("lang") == code
    tops = {round(entry.bounding_box()["y"]) for entry in page.locator(".groups > li > a, .groups summary").all()}
    assert len(tops) == 1
    page.set_viewport_size({"width": 390, "height": 844})
    for entry in page.locator(".groups summary").all():
        entry.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, "an open group fits a phone"
        entry.click()
    page.locator(".groups summary").last.click()
    follow(page.locator(".groups a[href='/reporting']"))
    assert page.url == f"{address}/reporting"
    context.close()
