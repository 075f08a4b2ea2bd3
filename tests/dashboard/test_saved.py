"""Pages of saved questions: rows of any kind, filters, downloads, what is broken; as a server and as files."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.networks.large_network import HOSTILE, fill_network
from dashboard.answers import PAGES
from dashboard.app import make_app
from dashboard.filters import FILTERS
from dashboard.static_site import write_site
from sites.schema import SCHEMA
from tests.dashboard.client import TestClient
from tests.dashboard.test_pages import rows_of, words
from tests.warehouse.publishing import NOW
from warehouse.connection import open_warehouse
from warehouse.questions.files import read_questions
from warehouse.reports.files import published_reports
from warehouse.snapshots.publish import publish

QUESTIONS = {
    "held": "-- What is held <b>\n-- By store & item.\n-- One row is: a pair.\n-- soh_units: what is there\n"
    "select store_code, store_name, item_code, soh_units, is_silent, data_as_of_at from reports.stock_on_hand "
    "order by all",
    "kinds": "-- Kinds\nselect 1234.5 as figure, date '2026-01-02' as day, timestamp '2026-01-02 03:04:05' as plain, "
    "null::varchar as nothing, true as yes, '<i>' as text",
    "broken": "-- Broken one\nselect nothing from item",
}

OUR_NAMES = sorted(file.name for file in published_reports())
"""Files of people's own that are called as our reports are, each with a title."""


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory, new_warehouse: Callable[[Path], Path]) -> Path:
    """The folder of snapshots of a fabricated network with these questions."""
    folder = tmp_path_factory.mktemp("saved")
    (folder / "reports").mkdir()
    for name, sql in QUESTIONS.items():
        (folder / f"reports/{name}.sql").write_text(sql, encoding="utf-8")
    with open_warehouse(new_warehouse(folder / "working.duckdb"), SCHEMA) as con:
        fill_network(con, stores=3, items=3)
        publish(con, folder / "published", SCHEMA, now=NOW, questions=read_questions(folder / "reports"))
        for name in OUR_NAMES:
            (folder / f"reports/{name}.sql").write_text("-- Taken name\nselect 1 as a", encoding="utf-8")
        publish(con, folder / "taken", SCHEMA, now=NOW, questions=read_questions(folder / "reports"))
    return folder / "published"


@pytest.fixture(scope="module")
def taken(saved: Path) -> Iterator[TestClient]:
    """The same network, where further files have the names of all of our reports."""
    with TestClient(make_app(saved.parent / "taken"), base_url="http://localhost") as made:
        yield made


@pytest.fixture(scope="module")
def asked(saved: Path) -> Iterator[TestClient]:
    with TestClient(make_app(saved), base_url="http://localhost") as made:
        yield made


def test_w3_all_are_listed_with_what_is_broken_and_why(asked: TestClient) -> None:
    assert 'href="/saved"' in asked.get("/").text
    rows = rows_of(asked.get("/saved").text, "Saved questions")
    found = [tuple(html.unescape(cell) for cell in row[:3]) for row in rows]
    assert found == [("Broken one", "broken", "–"), ("What is held <b>", "held", "7"), ("Kinds", "kinds", "1")]
    text = words(asked.get("/saved/broken").text)
    assert 'Broken Binder Error: Referenced column "nothing" not found in FROM clause' in text
    assert asked.get("/saved/no_such").status_code == 404
    assert asked.get("/export/broken.csv").status_code == 404


def test_w3_a_question_has_its_rows_filters_order_words_and_downloads(asked: TestClient) -> None:
    page = asked.get("/saved/held?store=S01&sort=-soh_units")
    assert page.status_code == 200
    rows = rows_of(page.text, "What is held")
    assert {row[0] for row in rows} == {"S01"}
    assert "what is there" in page.text
    assert "By store &amp; item." in page.text
    assert "<b>" not in page.text.partition("<h1>")[2].partition("</h1>")[0]
    assert HOSTILE not in page.text
    exported = asked.get("/export/held.csv?store=S01").text
    assert exported.count("\r\n") == len(rows) + 1
    for file_format in ("xlsx", "parquet", "json"):
        assert asked.get(f"/export/held.{file_format}").status_code == 200
    assert asked.get("/saved/held?sort=nothing").status_code == 400
    assert asked.get("/saved/kinds?store=S01").status_code == 400, "it has no stores"
    assert 'href="/export/held.csv"' in asked.get("/dictionary").text


def test_values_of_each_kind_are_shown_as_on_other_pages(asked: TestClient) -> None:
    [row] = rows_of(asked.get("/saved/kinds").text, "Kinds")
    assert [html.unescape(value) for value in row] == ["1,234.5", "2 Jan 2026", "2 Jan 2026 03:04", "–", "yes", "<i>"]


@pytest.mark.long
def test_questions_are_among_the_files(saved: Path, tmp_path: Path) -> None:
    write_site(saved, tmp_path / "pages")
    names = {path.name for path in (tmp_path / "pages").iterdir()}
    assert {"saved.html", "saved-held.html", "saved-broken.html", "export-held.parquet"} <= names


def test_without_questions_nobody_is_led_to_them(client: TestClient) -> None:
    assert 'href="/saved"' not in client.get("/").text
    assert "None." in client.get("/saved").text


@pytest.mark.long
def test_b16_a_question_that_has_the_name_of_one_of_our_reports_stops_nothing_else(
    asked: TestClient, taken: TestClient
) -> None:
    rows = rows_of(taken.get("/saved").text, "Saved questions")
    assert {row[1] for row in rows} == {*QUESTIONS, *OUR_NAMES}
    assert "is a report of supplysync's own" in html.unescape(taken.get("/saved/stock_on_hand").text)
    for path in PAGES:
        assert taken.get(path).status_code == 200, path
    for report, filters in FILTERS.items():
        narrowed = next((f"?{name}=S01" for name in ("store", "customer", "to") if name in filters), "")
        for path in (f"/export/{report}.csv", f"/export/{report}.csv{narrowed}"):
            found, same = taken.get(path), asked.get(path)
            assert found.status_code == same.status_code == 200, path
            if report != "snapshot":
                assert found.text == same.text, path
    assert taken.get("/stock/list?band=stocked_out").status_code == 200
    assert taken.get("/export/held.csv?store=S01").status_code == 200
