"""An old snapshot says that it is old, and words of silence are true whatever is set (W4)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from bench.networks.large_network import at_its_moment, moment, published_network
from dashboard.answers import PAGES, answer
from dashboard.app import make_app
from dashboard.links import ServedLinks
from dashboard.reader import Reader
from tests.dashboard.client import TestClient
from tests.dashboard.test_pages import EVERY_PAGE, rows_of, thirds, words

STATES = [(timedelta(hours=23), None, "current"), (timedelta(days=1, hours=1), "Old", "old"),
          (timedelta(days=6, hours=23), "Old", "old"), (timedelta(days=60), "Out of date", "out_of_date"),
          (timedelta(days=-3), None, "current")]  # fmt: skip


def aside(text):
    return words(re.findall(r"<aside.*?</aside>", text, re.DOTALL)[0])


def seen_after(published, passed):
    """A client of a server whose clock is so far on from when it was published."""
    return TestClient(make_app(published, clock=lambda: moment() + passed), base_url="http://localhost")


@pytest.mark.parametrize(("passed", "word", "state"), STATES)
def test_w4_an_old_snapshot_says_so(published, passed, word, state):
    with seen_after(published, passed) as client:
        told = aside(client.get("/").text)
        health = client.get("/healthz")
    assert ("no cycle has published since" in told) is (word is not None)
    if word:
        assert f"{word} Published {passed.days} day{'s' if passed.days > 1 else ''} ago" in told
    assert (health.status_code, health.json()["state"]) == (200, state)
    assert health.json()["age_days"] == max(passed.days, 0)


@pytest.mark.parametrize("path", thirds(EVERY_PAGE))
def test_w4_every_page_of_an_old_snapshot_says_so_in_red(published, path):
    with seen_after(published, timedelta(days=60)) as client:
        text = client.get(path).text
    assert '<span class="pill p-overdue">Out of date</span>' in text
    assert "ages below count from then" in aside(text)


def test_w4_a_page_that_grew_old_is_sent_again(published):
    with seen_after(published, timedelta(0)) as client:
        tag = client.get("/").headers["etag"]
    with seen_after(published, timedelta(days=2)) as client:
        assert client.get("/", headers={"if-none-match": tag}).status_code == 200


@pytest.mark.long
def test_w4_pages_have_dates_and_no_words_that_are_wrong_tomorrow(client, pages):
    texts = [path.read_text(encoding="utf-8") for path in pages.glob("*.html") if "dictionary" not in path.stem]
    for text in [*texts, *(client.get(path).text for path in EVERY_PAGE if "dictionary" not in path)]:
        main = words(text)
        assert not re.search(r"\b(today|yesterday|\d+ days? ago)\b", main)
    assert "These files show that moment" in aside(texts[0])
    assert all(re.search(r"no data for 45 days, since \d+ \w+ \d{4}", aside(text)) for text in texts)


@pytest.fixture(scope="module")
def failing(tmp_path_factory, new_warehouse):
    """A site answers daily and fails since 50 days; what may be silent for how long is set to other than a month."""
    folder = tmp_path_factory.mktemp("failing")
    new_warehouse(folder / "working.duckdb")
    with published_network(folder, items=3) as con:
        con.execute("update ledger.site set overdue_after = interval 14 days, late_after = interval 2 days")
        con.execute(at_its_moment("update ledger.site set data_as_of_at = now() - interval 50 days where site_id = 5"))
    return folder / "published"


def test_w4_silence_is_counted_in_days_without_data_whatever_is_allowed(failing):
    reader = Reader(failing)
    with reader.current() as reading:
        pages = {path: answer(reading, ServedLinks(), path, {}).body.decode() for path in [*PAGES, "/stock/store/S05"]}
    reader.close()
    told = aside(pages["/"])
    assert "Overdue" in told
    assert re.search(r"Site of Gizo Hospital \(no data for 50 days, since", told)
    assert "site_7 (no data yet)" in told
    [row] = [row for row in rows_of(pages["/sync"], "Sites") if "site_5" in row[0]]
    assert "50" in row
    assert "no data of its site for 50 days" in words(pages["/stock/store/S05"])
    assert not [path for path, text in pages.items() if path != "/dictionary" and "over a month" in words(text)]


def test_w4_a_silent_store_is_red_with_its_word_where_values_are(client):
    text = client.get("/value").text
    [row] = re.findall(r"<tr[^>]*><th[^>]*><a href=\"/stock/store/S03\">.*?</tr>", text, re.DOTALL)
    assert row.startswith('<tr class="bad">')
    assert '<span class="pill p-overdue">silent</span>' in row
    assert "p-late" not in row
    [late] = re.findall(r"<tr[^>]*><th[^>]*><a href=\"/stock/store/S04\">.*?</tr>", text, re.DOTALL)
    assert '<span class="pill p-late">late</span>' in late
