"""Codes are what sites write: links to them work, or are not made, and no record of a site stops the pages."""

from __future__ import annotations

import html
import re
from functools import cache
from urllib.parse import unquote, urljoin

import pytest

from bench.networks.large_network import published_network
from dashboard.answers import PAGES
from dashboard.app import make_app
from dashboard.conditions import LONGEST
from dashboard.static_site import write_site
from tests.dashboard.client import TestClient
from tests.dashboard.test_pages import links, rows_of, thirds, words

ODD = [
    ".",
    "..",
    "a/../b",
    "//x",
    "a//b/",
    "%2e%2e",
    " ",
    "a b",
    "?x#y",
    "é",
    "x" * 300,
    "x" * 301,
    "x" * (LONGEST + 1),
    "",
    None,
]
BASE = "http://localhost"


@pytest.fixture(scope="module")
def odd(tmp_path_factory, new_warehouse):
    """Snapshots of a network whose items and stores have such codes, with a list and categories that are no better."""
    folder = tmp_path_factory.mktemp("odd")
    new_warehouse(folder / "working.duckdb")
    with published_network(folder, items=3) as con:
        con.execute("insert into replica.item_category (id, name) values ('long', repeat('c', 5000)), ('none', '')")
        for number, code in enumerate(ODD):
            con.execute(
                "insert into replica.item (id, code, name, category_id, is_active) values (?, ?, ?, ?, true)",
                [f"odd{number}", code, None if number % 4 == 1 else f"Odd {number}", ("long", "none")[number % 2]],
            )
            con.execute(
                "insert into replica.stock_line (id, store_id, item_id, batch, pack_size, total_packs) "
                "values (?, ?, ?, 'B', 10, 5)",
                [f"odd{number}", str(1 + number % 6), f"odd{number}"],
            )
            con.execute(
                "insert into replica.prescription_line (id, prescription_id, item_id, pack_size, packs) "
                "select ?, min(id), ?, 10, 1 from replica.prescription",
                [f"odd{number}", f"odd{number}"],
            )
        con.execute("update replica.item set name = 'Odd 1' where id = 'odd1'")
        con.execute("insert into replica.item (id, code, name, is_active) values ('other', '..', 'The other', true)")
        con.execute(
            "insert into replica.prescription_line (id, prescription_id, item_id, pack_size, packs) "
            "select 'other', min(id), 'other', 10, 1 from replica.prescription"
        )
        con.execute(
            "insert into replica.stock_line (id, store_id, item_id, batch, pack_size, total_packs) "
            "values ('other', '2', 'other', 'B', 10, 5)"
        )
        con.execute("insert into replica.master_list (id, code, name) values ('x', null, null), ('y', '', 'Y')")
        con.execute(
            "insert into replica.master_list_line (id, master_list_id, item_id) "
            "values ('x', 'x', 'odd0'), ('y', 'y', 'odd0')"
        )
        for store, code in (("2", ".."), ("4", "A B/."), ("6", None)):
            con.execute("update replica.store set code = ? where id = ?", [code, store])
        con.execute("insert into replica.store (id, code, name_id) values ('far', 'FAR', 'name1')")
        con.execute("update ledger.transfer set from_store = 'far' where record_id = 't1'")
    return folder / "published"


@pytest.fixture(scope="module")
def asking(odd):
    with TestClient(make_app(odd), base_url=BASE) as made:
        yield made


@pytest.fixture(scope="module")
def status(asking):
    """What each address answers, asked once."""
    return cache(lambda link: asking.get(link).status_code)


LINKING = [*PAGES, "/stock/list?page=1", "/stockouts?out=all", "/sync/site_2", "/sync/site_4"]
"""Pages with links to records of each kind; `make test` looks at every third, as they are made by the same few."""


@pytest.mark.parametrize("path", thirds(LINKING))
def test_every_link_works_as_a_browser_reads_it_or_is_not_made(asking, status, path):
    """A browser takes `.` and `..` out of an address before it asks, and asks once for all places of a page. Links that
    sort have no code in them: `test_pages.py` follows such."""
    response = asking.get(path)
    assert response.status_code == 200
    found = {urljoin(BASE + path, link).partition("#")[0] for link in links(response.text) if "/export/" not in link}
    assert "None" not in " ".join(found)
    statuses = {link: status(link) for link in found if "sort=" not in link}
    assert set(statuses.values()) == {200}, [link for link, status in statuses.items() if status != 200]


def test_every_code_that_is_not_too_long_has_its_page(asking):
    found = {
        urljoin(BASE, link)
        for page in ("/stock", "/stock/list", "/usage")
        for link in links(asking.get(page).text)
        if link.startswith("/stock/item/")
    }
    shown = {words(re.findall(r'<p class="lead">(.*?), counted', asking.get(link).text)[0]) for link in found}
    asked = {" ".join(f"Item {code}".split()) for code in ODD if code and len(code) <= LONGEST}
    assert asked <= shown


def test_a_code_that_is_a_parameter_stays_when_a_form_is_sent(asking):
    text = asking.get("/stock/store/?code=..").text
    assert "Store .." in words(text)
    [form] = re.findall(r'<form class="finder".*?</form>', text, re.DOTALL)
    assert '<input type="hidden" name="code" value="..">' in form
    assert asking.get("/stock/store/?code=..&find=Odd").status_code == 200


def test_items_of_one_code_are_shown_as_such_and_added_up(asking):
    """Their one address shows both, and says so."""
    text = asking.get("/stock/item/?code=..").text
    assert "2 items have this code" in words(text)
    rows = rows_of(asking.get("/usage?item=..").text, "Dispensed and issued")
    assert len(rows) == 1
    assert "20" in rows[0], "ten of each, at one store"
    assert {"Odd 1", "The other"} <= {
        words(cell) for cell in re.findall(r"<th scope=row>(.*?)<td", asking.get("/stock").text)
    }


def test_what_has_no_code_is_text(asking):
    text = asking.get("/stock").text
    assert f"<th scope=row>Odd {ODD.index(None)}<td" in text
    assert "<th scope=row>an item without a code<td" in text


@pytest.mark.long
def test_no_record_stops_the_files_and_each_link_is_a_file(odd, tmp_path):
    write_site(odd, tmp_path / "pages")
    pages = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "pages").glob("*.html")}
    there = {path.name for path in (tmp_path / "pages").iterdir()}
    wanted = {
        unquote(html.unescape(link)).partition("#")[0]
        for text in pages.values()
        for link in re.findall(r'(?:href|action)="([^"]*)"', text)
    } - {""}
    assert wanted <= there
    assert max(len(name) for name in there) < 160
    assert not [name for name, text in pages.items() if "There is no such page" in text]
    titles = [
        words(re.findall(r"<h1>(.*?)</h1>", text, re.DOTALL)[0]) for name, text in pages.items() if "-item-" in name
    ]
    assert "Odd 0" in titles
    assert f"Odd {ODD.index('x' * (LONGEST + 1))}" in titles


@pytest.mark.long
def test_a_record_that_cannot_be_shown_is_one_file_that_says_so(published, tmp_path, monkeypatch):
    from dashboard.view import NotThere

    def fails(view, code):
        raise NotThere(f"there is no site {code}")

    monkeypatch.setattr("dashboard.answers.RECORDS", {"/sync/": ("site.html", fails)})
    write_site(published, tmp_path / "pages")
    assert "There is no such page" in (tmp_path / "pages" / "sync-site_3.html").read_text(encoding="utf-8")


@pytest.mark.long
def test_a_fabricated_network_gives_each_store_a_code_of_its_own(tmp_path, new_warehouse):
    new_warehouse(tmp_path / "working.duckdb")
    with published_network(tmp_path, stores=102, items=1) as con:
        codes = [code for (code,) in con.execute("select code from replica.store").fetchall()]
    assert len(set(codes)) == 102
    assert {"S01", "S99", "S100", "S102"} < set(codes)
