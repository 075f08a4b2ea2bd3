"""The pages in a real browser: what is clicked, what is seen, what is asked of the network, and what axe says."""

from __future__ import annotations

import socket
import threading
import time

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from dashboard.app import make_app
from dashboard.rendering import PAGES
from tests.dashboard import browser as browsers
from tests.dashboard.test_pages import RECORDS

ALL_PAGES = [*PAGES, *RECORDS, "/usage?item=PARA0001", "/stock?band=stocked_out", "/nope"]
LOOKS = {
    "light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light", "has_touch": True},
}


@pytest.fixture(scope="session")
def address(published):
    """Where the pages are served, by the real server."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(make_app(published), log_level="error", server_header=False))
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


@pytest.fixture(scope="session", params=LOOKS)
def look(request, chromium, address):
    """A window of one kind; what it asked for, and what went wrong in it, are kept."""
    context = chromium.new_context(**LOOKS[request.param], base_url=address)
    page = context.new_page()
    page.asked = []
    page.wrong = []
    page.on("request", lambda asked: page.asked.append(asked.url))
    page.on(
        "console", lambda message: page.wrong.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    yield page
    context.close()


@pytest.fixture
def window(look):
    """The window, with nothing noted yet."""
    look.asked.clear()
    look.wrong.clear()
    return look


@pytest.mark.parametrize("path", ALL_PAGES)
def test_a_page_renders_asks_nobody_else_and_axe_finds_nothing(window, address, path):
    response = window.goto(path)
    assert response.status == (404 if path == "/nope" else 200)
    assert window.locator("h1").count() == 1
    found = Axe().run(
        window,
        options={
            "resultTypes": ["violations"],
            "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        },
    )
    assert found.violations_count == 0, found.generate_report()
    assert {url.split("/")[2] for url in window.asked if not url.startswith("data:")} == {address.split("/")[2]}
    assert [text for text in window.wrong if "404" not in text or path != "/nope"] == []
    width = window.evaluate("document.documentElement.scrollWidth")
    assert width <= window.viewport_size["width"], "the page itself does not scroll sideways"


def test_a_style_sheet_is_there(window):
    window.goto("/stock")
    colours = window.evaluate(
        "Object.fromEntries([...document.querySelectorAll('.m tbody td[class]')]"
        ".map(cell => [cell.className, getComputedStyle(cell).backgroundColor]))"
    )
    assert len(set(colours.values())) >= 4, "bands differ by colour"
    signs = window.evaluate(
        "Object.fromEntries([...document.querySelectorAll('.m tbody td[class]')]"
        ".map(cell => [cell.className, getComputedStyle(cell, '::before').content]))"
    )
    assert signs["o"] == '"✕"', "and by a sign"
    assert signs["u"] == '"?"'


def test_filters_work_by_clicking(window):
    window.goto("/stock/list")
    whole = window.locator("tbody tr").count()
    window.get_by_role("link", name="Below minimum").first.click()
    some = window.locator("tbody tr").count()
    assert 0 < some < whole
    assert set(window.locator("tbody .band").all_inner_texts()) == {"Below minimum"}
    window.get_by_text("Store: all").click()
    window.locator(".picker[open] a").nth(3).click()
    assert 0 < window.locator("tbody tr").count() < some
    window.get_by_role("link", name="remove the filter band").click()
    window.get_by_role("link", name="remove the filter store").click()
    assert window.locator("tbody tr").count() == whole


def test_finding_an_item_by_a_word(window):
    window.goto("/stock/list")
    window.get_by_label("Item", exact=True).fill("PARACET")
    window.get_by_role("button", name="Find").click()
    assert window.locator("tbody tr").count() > 0
    assert {"Paracetamol" in text for text in window.locator("tbody tr").all_inner_texts()} == {True}


def test_every_count_of_the_overview_leads_to_that_many_rows(window):
    window.goto("/")
    cards = window.locator(".cards a")
    for number in range(cards.count()):
        window.goto("/")
        card = window.locator(".cards a").nth(number)
        count = int(card.locator("b").inner_text().replace(",", ""))
        card.click()
        assert window.locator("main table").last.locator("tbody tr").count() == count


def test_the_matrix_leads_to_one_item_and_to_one_store(window):
    window.goto("/stock")
    head = window.locator(".m thead a").first
    head.click()
    assert window.locator("h1").inner_text() == "Central Medical Store"
    window.go_back()
    name = window.locator(".m tbody a").first.inner_text()
    window.locator(".m tbody a").first.click()
    assert window.locator("h1").inner_text() == name


def test_the_heads_of_the_matrix_stay_in_sight(window):
    window.goto("/stock")
    region = window.locator(".mx")
    region.evaluate("region => { region.style.maxHeight = '300px'; region.style.maxWidth = '360px' }")
    region.evaluate("region => region.scrollTo(200, 200)")
    place = region.bounding_box()
    corner = window.locator(".m .corner").bounding_box()
    assert abs(corner["x"] - place["x"]) < 3
    assert abs(corner["y"] - place["y"]) < 3
    assert abs(window.locator(".m tbody th").last.bounding_box()["x"] - place["x"]) < 3


def test_keys_reach_the_content_first_and_show_where_they_are(window):
    window.goto("/stock")
    window.keyboard.press("Tab")
    assert window.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert window.locator(".skip").bounding_box()["x"] >= 0
    window.keyboard.press("Enter")
    assert window.evaluate("document.activeElement.id") == "main"
    window.locator(".mx").focus()
    assert window.evaluate("document.activeElement.getAttribute('role')") == "region"


def test_a_download_is_a_file(window):
    window.goto("/sync")
    with window.expect_download() as waited:
        window.get_by_role("link", name="CSV of sync status").click()
    assert waited.value.suggested_filename == "sync_status-00000001.csv"


def test_printed_the_matrix_is_whole_and_without_navigation(window):
    window.goto("/stock")
    window.emulate_media(media="print")
    try:
        assert not window.locator(".top nav").is_visible()
        assert window.locator(".mx").evaluate("region => getComputedStyle(region).overflow") == "visible"
        assert window.locator(".m thead th").first.evaluate("head => getComputedStyle(head).position") == "static"
    finally:
        window.emulate_media(media="screen")
