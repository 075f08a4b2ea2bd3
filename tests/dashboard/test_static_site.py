"""The pages as files."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from urllib.parse import unquote

import pytest

from dashboard.answers import Reply, answer
from dashboard.charts import bullet
from dashboard.links import FileLinks
from dashboard.reader import Reader
from dashboard.static_site import MARK, NotOurFolder, write_site
from pipelines.cli import main


def test_every_link_of_every_file_is_a_file_beside_it(pages):
    there = {path.name for path in pages.iterdir()}
    wanted = {
        unquote(html.unescape(link)).partition("#")[0]
        for path in pages.glob("*.html")
        for link in re.findall(r'(?:href|src|action)="([^"]*)"', path.read_text(encoding="utf-8"))
    } - {""}
    assert wanted <= there
    assert {"index.html", "stock.html", "sync-site_3.html", "export-stock_on_hand.xlsx", "style.css"} <= wanted
    assert there - wanted == {MARK}, "nothing is there that nobody can reach"


def test_a_file_says_the_same_as_the_server(client, pages):
    def words(text):
        return " ".join(re.sub(r"<[^>]*>", " ", re.sub(r"<form.*?</form>", "", text, flags=re.DOTALL)).split())

    for served, written in (("/sync", "sync.html"), ("/stock", "stock.html"), ("/value", "value.html")):
        main = [
            re.findall(r"<tbody>.*?</tbody>", text, re.DOTALL)
            for text in (client.get(served).text, (pages / written).read_text(encoding="utf-8"))
        ]
        assert [words(part) for part in main[0]] == [words(part) for part in main[1]]


def test_files_have_no_forms_and_are_few(pages):
    assert not [path for path in pages.glob("*.html") if "<form" in path.read_text(encoding="utf-8")]
    assert len(list(pages.iterdir())) < 335
    said = [(path.name.partition(".page-")[0], path.read_bytes()) for path in pages.glob("*.html")]
    assert len({body for _, body in said}) > len(said) - 4, "what a page chooses by itself is the page"


@pytest.mark.long
def test_files_have_the_first_page_of_a_list_and_say_where_the_rest_is(published, tmp_path, monkeypatch):
    """A folder is to be copied: all pages of all filters of a network were 120 MB."""
    monkeypatch.setattr("dashboard.view.View.paged.__defaults__", (5, "*"))
    write_site(published, tmp_path / "pages")
    names = {path.name for path in (tmp_path / "pages").iterdir()}
    assert not [name for name in names if ".page-" in name and not name.startswith("stock-store-")]
    for name in ("batches.html", "stock-list.html", "expiry.html"):
        text = (tmp_path / "pages" / name).read_text(encoding="utf-8")
        assert "Files have the first page of a list; all of it is in the download." in text
    store = (tmp_path / "pages" / "stock-store-S02.html").read_text(encoding="utf-8")
    assert "stock-store-S02.page-2.html" in store, "a store has all of its items"
    assert "batches.store-S02.html" in names
    assert not [name for name in names if ".category-" in name or ".item-" in name or ".region-" in name]


def test_a_folder_is_replaced_whole_and_nothing_is_left_beside_it(published, tmp_path, monkeypatch):
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / MARK).touch()
    (folder / "old.html").touch()
    monkeypatch.setattr("dashboard.static_site.answer", lambda *_: Reply(b"new", "text/html"))
    write_site(published, folder)
    assert (folder / "index.html").read_bytes() == b"new"
    assert not (folder / "old.html").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["pages"]


def test_a_folder_with_something_else_in_it_is_left_alone(published, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(NotOurFolder, match="something else"):
        write_site(published, tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_names_of_files_are_plain_and_differ_by_more_than_case():
    asked = []
    links = FileLinks(lambda name, path, chosen: asked.append(name))
    codes = ["a", "A", "../a", "a/b", "con|:*?", "ä", "x" * 300, "x" * 301]
    names = [links.to(f"/stock/item/{code}") for code in codes]
    assert len({name.casefold() for name in names}) == len(codes)
    assert all(re.fullmatch(r"[A-Za-z0-9_.~-]+\.html", name) and len(name) < 140 for name in names)
    assert [links.to(f"/stock/item/{code}") for code in codes] == names


def test_the_command_writes_files_and_says_what_is_missing(published, tmp_path, capsys):
    (tmp_path / "topology.toml").write_text(
        '[network]\ncentral = "a"\n\n[[site]]\nid = 1\ncode = "a"\ndatabase = "sqlite:///a.sqlite"\n'
    )
    assert main(["dashboard", "-C", str(tmp_path), "--static", str(tmp_path / "pages")]) == 3
    assert "nothing is published" in capsys.readouterr().err


@pytest.mark.long
def test_a_report_longer_than_a_sheet_is_offered_in_other_formats_and_stops_nothing(
    client, published, tmp_path, monkeypatch
):
    """A few years of dispensing are more rows than Excel holds."""
    monkeypatch.setattr("dashboard.view.CELLS_OF_A_BOOK", 5000)
    monkeypatch.setattr("warehouse.exports.words.MOST_ROWS", 500)
    refused = client.get("/export/dictionary.xlsx")
    assert refused.status_code == 400
    assert "a sheet of Excel holds 500: filter, or take `parquet` or `csv`" in html.unescape(refused.text)
    assert client.get("/export/dictionary.csv").status_code == 200
    write_site(published, tmp_path / "pages")
    assert (tmp_path / "pages" / "export-stock_value.xlsx").exists()
    assert (tmp_path / "pages" / "export-dictionary.parquet").exists()
    assert not (tmp_path / "pages" / "export-dictionary.xlsx").exists()


def test_an_item_is_the_same_where_rows_of_all_items_are_asked_for_once(published):
    """What pages of many records share is asked for once, and the pages say what they said."""
    with Reader(published).current() as reading:
        shared = replace(reading, is_for_all=True)
        for code in sorted(reading.codes["item"])[:5]:
            said = [answer(each, FileLinks(lambda *_: None), f"/stock/item/{code}", {}) for each in (reading, shared)]
            assert said[0] == said[1]


def test_months_of_stock_of_a_picture_are_no_more_than_those_beside_it():
    assert "2.8 months of stock" in bullet(2.89, 1, 3, "adequate")
