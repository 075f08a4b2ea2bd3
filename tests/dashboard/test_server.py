"""Headers, refusals, and which snapshot a request sees."""

from __future__ import annotations

import html
import logging
import re
import shutil
import sys

import duckdb
import pytest

from dashboard.app import HEADERS, make_app
from dashboard.server import LogLines
from tests.dashboard.client import TestClient

NOT_THERE = ["/nope", "/sync/nobody", "/stock/item/none", "/stock/store/none", "/export/nothing.csv", "/export/amc.exe",
             "/export/", "/stock/item/", "/batches?page=9999", "/../etc/passwd", "/stock/list/x",
             "/static/style.css", "/stock/item/a%00b", "/sync/%ff", "/sync/%ED%A0%80", "/export/%00.csv"]  # fmt: skip
WRONG = ["/sync?status=purple", "/sync?colour=red", "/stock?band=x", "/stock?list=none", "/batches?page=0",
         "/batches?page=-1", "/batches?page=x", "/batches?page=1e9", "/stock/list?band=below_min&band=x",
         "/?sort=x", "/usage?sort=item_name",
         "/batches?sort=passwords", "/batches?sort=-", "/usage?item=PARA0001&item=AMOX0002",
         "/usage?store=S01&store=S02",
         "/usage?region=Region%201", "/sync?status=late%1Fok",
         "/usage?measure=all", "/usage?months=1000", "/expiry?store=S99", "/expiry?item=%27%20or%201%3D1--",
         "/export/amc.csv?band=x", "/rejected?table=" + "x" * 4001, "/?x=1", "/value?item=PARA0001",
         "/sync?site=%00", "/sync?site=%ff", "/export/snapshot.csv?x=1", "/stock?stores=2"]  # fmt: skip


@pytest.mark.parametrize("path", ["/", "/stock", "/nope", "/sync?x=1", "/healthz", "/style.css", "/export/amc.csv"])
def test_every_response_has_the_security_headers(client, path):
    headers = client.get(path).headers
    assert {name: headers[name] for name in HEADERS} == HEADERS
    assert "server" not in headers


def test_the_policy_allows_nothing_but_our_own_style_and_forms(client):
    assert client.get("/").headers["content-security-policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )


@pytest.mark.parametrize("path", NOT_THERE)
def test_what_is_not_there_is_404_in_words(client, path):
    response = client.get(path)
    assert response.status_code == 404
    assert "<h1>There is no such page</h1>" in response.text


@pytest.mark.parametrize("path", WRONG)
def test_what_cannot_be_asked_is_400_in_words(client, path):
    response = client.get(path)
    assert response.status_code == 400
    assert "<h1>This address is not right</h1>" in response.text


@pytest.fixture(scope="module")
def earlier(published, tmp_path_factory):
    """A client of what a version published that knew of no bands by month and store."""
    folder = tmp_path_factory.mktemp("earlier") / "published"
    shutil.copytree(published, folder, symlinks=True)
    with duckdb.connect(str((folder / "current.duckdb").resolve())) as con:
        con.execute("alter table reports.stock_monthly drop column stock_status")
    with TestClient(make_app(folder), base_url="http://localhost", raise_server_exceptions=False) as made:
        yield made


@pytest.mark.parametrize(
    "path", ["/history?store=S02", "/bands?store=S02", "/export/month-", "/export/month-?store=S02"]
)
def test_w1_what_an_earlier_version_did_not_publish_is_said_to_be_that(earlier, path, monkeypatch):
    """Between an upgrade and the cycle after it; of a large download by the process that makes it, too. Other pages are
    there."""
    if path == "/export/month-":
        monkeypatch.setattr("dashboard.downloads.pack._SMALL", 0)
    [there, *_] = re.findall(r"/export/month-[^\"]*", earlier.get("/").text)
    path = path.replace("/export/month-", there)
    response = earlier.get(path)
    assert response.status_code == 503
    assert "<h1>The published file is of an earlier version</h1>" in response.text
    assert "supplysync warehouse publish" in response.text
    assert earlier.get("/").status_code == earlier.get("/history").status_code == 200


@pytest.mark.parametrize(
    ("report", "column", "paths"),
    [("stores", "region_name", ["/", "/stock", "/metrics", "/healthz"]),
     ("completeness", "stores_incomplete", ["/", "/stock/list"]),
     ("stock_on_hand", "value_missing_units", ["/stock/list", "/stock/pair?item=PARA0001&store=S02"]),
     ("stock_value_total", "stores_value_incomplete", ["/", "/value"]),
     ("snapshot", "as_of_date", ["/history?by=month", "/export/month-2026-01.xlsx"]),
     ("expiring_stock", "days_to_expiry", ["/expiry"])],
)  # fmt: skip
def test_w1_whatever_an_earlier_version_did_not_publish_is_told(published, tmp_path, report, column, paths):
    """Whether a query, a template or a row lacks it."""
    shutil.copytree(published, tmp_path / "published", symlinks=True)
    with duckdb.connect(str((tmp_path / "published" / "current.duckdb").resolve())) as con:
        con.execute(f"alter table reports.{report} drop column {column}")
    with TestClient(make_app(tmp_path / "published"), base_url="http://localhost") as client:
        for path in paths:
            response = client.get(path)
            assert (response.status_code, "supplysync warehouse publish" in response.text) == (503, True), path


@pytest.mark.parametrize(
    ("path", "said"),
    [("/history?region=Foo", "There is no region `Foo`; there is `Region 2`, `Region 3`,"),
     ("/?ven=v", "No item belongs to `v`; there is `E`, `N`, `V`"),
     ("/expiry?store=S9", "; there is `S01`, `S02`,"),
     ("/orders/fill?month=x", "There is no filter `month` here; there is kind, region, level, tag, store, store_name, "
      "tracer, item, category, ven, list, programme, find")],
)  # fmt: skip
def test_s3_what_is_none_is_told_with_what_there_is(client, path, said):
    assert said in html.unescape(client.get(path).text)


def test_an_error_page_escapes_what_was_asked(client):
    response = client.get("/sync", params={"status": "<script>alert(1)</script>"})
    assert response.status_code == 400
    assert "<script" not in response.text
    assert "&lt;script&gt;" in response.text


def test_what_a_form_leaves_empty_chooses_nothing(client):
    assert client.get("/stock/list?find=&store=").status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_but_reading_is_possible(client, method):
    response = client.request(method, "/stock")
    assert response.status_code == 405
    assert response.headers["content-security-policy"]


def test_head_is_answered_without_a_body(client):
    response = client.head("/stock")
    assert (response.status_code, response.content) == (200, b"")


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "169.254.169.254"])
def test_a_foreign_name_is_refused(client, host):
    assert client.get("/", headers={"host": host}).status_code == 400


def test_a_page_that_has_not_changed_is_not_sent_again(client):
    first = client.get("/sync")
    again = client.get("/sync", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/sync", headers={"if-none-match": 'W/"other"'}).status_code == 200


@pytest.mark.parametrize("path", ["/stock", "/export/snapshot.csv"])
def test_what_an_answer_varies_by_is_said_once(client, path):
    first = client.get(path)
    said = "Accept-Encoding" if path.startswith("/export/") else "Accept-Encoding, Accept-Language, Cookie"
    assert first.headers.get_list("vary") == [said]
    assert client.get(path, headers={"if-none-match": first.headers["etag"]}).headers["vary"] == "Accept-Encoding"


def test_pages_go_out_compressed(client):
    assert client.get("/stock").headers["content-encoding"] == "gzip"


@pytest.mark.parametrize("path", ["/", "/stock", "/export/amc.csv"])
def test_b16_without_a_snapshot_pages_say_so(tmp_path, path):
    with TestClient(make_app(tmp_path / "published"), base_url="http://localhost") as client:
        response = client.get(path)
        assert response.status_code == 503
        assert "Nothing is published yet" in response.text
        assert client.get("/healthz").status_code == 503


def test_a_failure_tells_nothing_of_its_inside(client, monkeypatch):
    def fails(view):
        raise RuntimeError("secret")

    monkeypatch.setattr("dashboard.answers.PAGES", {"/sync": ("sync.html", fails)})
    response = client.get("/sync")
    assert response.status_code == 500
    assert "secret" not in response.text
    assert response.headers["content-security-policy"]


def test_moments_are_in_utc_wherever_the_server_is(reading):
    """A cursor has settings of its own; exports say moments in UTC."""
    [(zone,)] = reading.con.execute("select current_setting('TimeZone')").fetchall()
    assert zone == "UTC"


def test_w1_pages_follow_the_pointer_and_a_request_keeps_its_snapshot(published, tmp_path):
    from dashboard.reader import Reader

    folder = tmp_path / "published"
    folder.mkdir()
    for number in (1, 2):
        shutil.copyfile(published / "00000001.duckdb", folder / f"{number:08}.duckdb")
    pointer = folder / "current.duckdb"
    pointer.symlink_to("00000001.duckdb")
    reader = Reader(folder)
    with reader.current() as first:
        new = folder / "new"
        new.symlink_to("00000002.duckdb")
        new.rename(pointer)
        with reader.current() as second:
            assert second.snapshot.number == 2
            assert second.one("select count(*) as n from reports.stores")["n"] == 6
        (folder / "00000001.duckdb").unlink()
        assert first.snapshot.number == 1
        assert first.one("select count(*) as n from reports.stores")["n"] == 6
    reader.close()


def test_s2_the_servers_log_says_where_it_failed_and_quotes_nothing(monkeypatch):
    def said() -> str:
        try:
            raise KeyError("s3cr3t")
        except KeyError:
            failed = logging.LogRecord("uvicorn.error", logging.ERROR, "", 1, "Failed \x1b[2J", None, sys.exc_info())
        return LogLines().format(failed)

    assert said().startswith("Failed \\x1b[2J\nunexpected KeyError at tests/dashboard/test_server.py, line ")
    assert "s3cr3t" not in said()
    monkeypatch.setenv("SUPPLYSYNC_TRACEBACK", "1")
    assert "s3cr3t" in said()
