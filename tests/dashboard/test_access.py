"""Precision 37: who sees only some stores finds nothing of any other, on no page and in no download."""

from __future__ import annotations

import html
import io
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import polars as pl
import pytest
from openpyxl.reader.excel import load_workbook

from bench.networks.large_network import HOSTILE
from dashboard.access.door import SECRET_HEADER, SignIn
from dashboard.access.proxies import Proxies
from dashboard.answers import PAGES, QUESTIONS, RECORDS
from dashboard.app import make_app
from dashboard.guests.guest import may_be_of_some
from dashboard.guests.people import Roster, Sight, Viewer
from dashboard.reader import Reader
from tests.dashboard.client import TestClient
from tests.dashboard.test_pages import thirds
from warehouse.exports.write import FORMATS
from warehouse.reports.files import published_reports
from warehouse.snapshots.portion import REPORTS_OF_SOME

SECRET = "a secret of twenty and more letters"
MINE = "S02"
SENDER = "S01"
PAPER = "t4"
"""S02 got it of S01; t1 is of S01 and S03."""
OF_ONE_REGION = "Region 3"
QUESTION = {"/stock/pair": f"/stock/pair?item=PARA0001&store={MINE}"}
RECORD = {"/sync/": "/sync/site_2", "/stock/item/": "/stock/item/PARA0001", "/stock/store/": f"/stock/store/{MINE}",
          "/transfers/of/": f"/transfers/of/{PAPER}", "/runbook/": "/runbook/alerts", "/saved/": "/saved/asked",
          "/rejected/": "/rejected/1"}  # fmt: skip
ALL_ADDRESSES = [*PAGES, *(QUESTION[one] for one in QUESTIONS), *(RECORD[one] for one in RECORDS), "/metrics"]


@pytest.fixture(scope="module")
def roster(tmp_path_factory):
    made = Roster(tmp_path_factory.mktemp("project") / "dashboard-users.json")
    with made.changing() as viewers:
        for viewer in (
            Viewer("admin", Sight(is_all=True)),
            Viewer("keeper", Sight(stores=(MINE,))),
            Viewer("regional", Sight(regions=(OF_ONE_REGION,))),
            Viewer("nobody", Sight(stores=("S99",), regions=("Region 30",))),
            Viewer("half", Sight(stores=(MINE,), regions=("Old",))),
        ):
            viewers[viewer.name] = viewer
    return made


@pytest.fixture(scope="module")
def ask(published, roster):
    """Asks as somebody that a proxy lets in."""
    by = SignIn("header", roster, Proxies.named(["10.0.0.1"]), secret=SECRET)
    app = make_app(published, sign_in=by)
    with TestClient(app, base_url="http://localhost", client=("10.0.0.1", 5), raise_server_exceptions=False) as made:
        yield lambda name, path, **headers: made.get(
            path, headers={"x-forwarded-user": name, SECRET_HEADER: SECRET, **headers}
        )


def others(reading, *mine):
    """What tells of the other stores: their codes and names, and those of sites that are theirs."""
    rows = reading.rows("from reports.stores")
    codes = [row["store_code"] for row in rows if row["store_code"] not in mine]
    return codes, [row["store_name"] for row in rows if row["store_code"] not in mine]


def words_of(response):
    """All that a response says, however it is packed: as one text."""
    kind = response.headers["content-type"]
    if "spreadsheet" in kind:
        book = load_workbook(io.BytesIO(response.content), read_only=True)
        return "\n".join(str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row)
    if "parquet" in kind:
        frame = pl.read_parquet(io.BytesIO(response.content))
        return "\n".join(str(cell) for row in frame.rows() for cell in row)
    return html.unescape(response.text)


def assert_only(text, reading, mine, path="/"):
    """Papers between two stores name the other one."""
    is_paper = re.match(r"/(transfers|orders|export/(transfer|order_|lead_times))", path)
    both = (mine, SENDER) if is_paper or path.startswith("/stock/pair") else (mine,)
    codes, names = others(reading, *both)
    assert [code for code in codes if re.search(rf"(?<![\w]){re.escape(code)}(?!\w)", text)] == []
    assert [name for name in names if name in text] == []


@pytest.mark.parametrize("path", ALL_ADDRESSES)
def test_precision_37_a_page_of_one_store_tells_of_no_other_or_is_not_theirs(ask, reading, path):
    response = ask("keeper", path)
    is_theirs = may_be_of_some(urlsplit(path).path)
    assert response.status_code == (200 if is_theirs else 403), response.text
    assert_only(words_of(response), reading, MINE, path)


@pytest.mark.parametrize("path", thirds(path for path in ALL_ADDRESSES if path not in ("/metrics", "/rejected/1")))
def test_precision_37_who_sees_all_sees_every_page(ask, client, path):
    found, open_to_all = ask("admin", path), client.get(path)
    assert found.status_code == open_to_all.status_code
    main = re.compile(r"<main.*</main>", re.DOTALL)
    assert main.findall(found.text) == main.findall(open_to_all.text)


@pytest.mark.parametrize(
    "file_format", [pytest.param(one, marks=[pytest.mark.long] * (one in ("parquet", "xlsx"))) for one in FORMATS]
)
def test_precision_37_a_download_of_one_store_has_no_other_or_is_not_theirs(ask, reading, file_format):
    for report in published_reports():
        response = ask("keeper", path := f"/export/{report.name}.{file_format}")
        assert response.status_code == (200 if report.name in REPORTS_OF_SOME else 403), report.name
        assert_only(words_of(response), reading, MINE, path)


def test_precision_37_a_download_says_to_which_stores_it_is_limited(ask):
    """Whoever is given the file cannot ask who made it."""
    said = ask("keeper", "/export/stock_on_hand.json").json()
    assert said["about"]["filters"] == {"limited to stores": MINE}
    assert "limited to stores" not in ask("admin", "/export/stock_on_hand.json").text
    book = load_workbook(io.BytesIO(ask("keeper", "/export/stock_on_hand.xlsx").content))
    cells = [str(cell.value) for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    assert any("limited to stores" in cell and MINE in cell for cell in cells)
    cover = load_workbook(io.BytesIO(ask("keeper", "/export/month-2026-10.xlsx").content)).worksheets[0]
    assert {row[0]: row[2] for row in cover.iter_rows(values_only=True)}["Limited to stores"] == MINE


@pytest.mark.long
def test_precision_37_every_link_that_they_are_shown_leads_to_what_is_theirs(ask, reading):
    """Walks from page to page: one of each kind, with each parameter alone; every download once."""
    waiting, kinds = ["/"], set()
    while waiting:
        path = waiting.pop()
        parameters = set(re.findall(r"[?&]([a-z_]+)=", path))
        section = next((start for start in RECORDS if path.startswith(start)), urlsplit(path).path)
        kind = (section, *(parameters if not path.startswith("/export") else ()))
        if kind in kinds or (len(parameters) > 1 and not path.startswith(("/export", "/stock/pair"))):
            continue
        kinds.add(kind)
        response = ask("keeper", path)
        assert response.status_code == 200, (path, response.text)
        assert_only(words_of(response), reading, MINE, path)
        if "text/html" in response.headers["content-type"]:
            waiting += [html.unescape(link) for link in re.findall(r'href="?(/[^" >]*)', response.text)]
    assert len(kinds) > 150


def test_precision_37_asking_for_another_store_is_asking_for_one_that_is_not_there(ask, reading):
    [other, *_] = [code for code in others(reading, MINE)[0] if code.startswith("S")]
    for path in (f"/stock/store/{other}", f"/sync/site_{int(other[1:])}"):
        theirs, none = (
            ask("keeper", path),
            ask("keeper", path.replace(other, "S99").replace(f"_{int(other[1:])}", "_99")),
        )
        assert (theirs.status_code, none.status_code) == (404, 404)
    for path in ("/stock/list", "/expiry", "/value", "/stock/card", "/batches", "/usage", "/stock/months"):
        assert ask("keeper", f"{path}?store={other}").status_code == 400
    assert ask("keeper", f"/stock/pair?item=PARA0001&store={other}").status_code == 404
    found = ask("keeper", "/stock/list?store_name=clinic")
    assert_only(words_of(found), reading, MINE)


def test_precision_37_transfers_are_theirs_of_which_their_store_is_a_party(ask, reading):
    """On the page, in downloads and in sums; with what both papers say, and of others' not that they are there."""
    mine = "from reports.transfers where 'S02' in (from_store_code, to_store_code)"
    wanted = {row["initiating_id"] for row in reading.rows(mine)}
    page = ask("keeper", "/transfers")
    assert {*re.findall(r"/transfers/of/(\w+)", page.text)} == wanted == {"t4", "t8", "t12"}
    assert "Central Medical Store" in page.text
    assert ">B4</a>" in ask("keeper", f"/transfers/of/{PAPER}").text
    sent = pl.read_csv(io.BytesIO(ask("keeper", "/export/transfers.csv").content), comment_prefix="#")
    assert {*sent["initiating_id"]} == wanted
    lines = ask("keeper", "/transfers/lines").text
    assert "Central Medical Store" in lines
    theirs, none = (ask("keeper", f"/transfers/of/{code}") for code in ("t1", "t99"))
    assert (theirs.status_code, none.status_code) == (404, 404)
    assert theirs.text.replace("t1", "t99") == none.text
    assert ask("keeper", f"/transfers?store={SENDER}").status_code == 400
    assert ask("nobody", f"/transfers/of/{PAPER}").status_code == 403


def test_precision_37_figures_are_those_that_all_see_of_the_store(ask, reading):
    theirs = pl.read_csv(io.BytesIO(ask("keeper", "/export/stock_on_hand.csv").content), comment_prefix="#")
    whole = pl.read_csv(io.BytesIO(ask("admin", f"/export/stock_on_hand.csv?store={MINE}").content), comment_prefix="#")
    assert theirs.equals(whole)
    assert theirs.height > 3


def test_precision_37_a_region_is_its_stores(ask, reading):
    mine = {row["store_code"] for row in reading.rows("from reports.stores") if row["region_name"] == OF_ONE_REGION}
    response = ask("regional", "/export/stock_value.parquet")
    assert set(pl.read_parquet(io.BytesIO(response.content))["store_code"]) == mine != set()


GONE = "region Region 30 and store S99"


@pytest.mark.parametrize("path", [path for path in ALL_ADDRESSES if path != "/metrics"] + ["/export/amc.csv"])
def test_w4_who_may_see_what_is_not_there_is_told_so_and_sees_no_zeros(ask, reading, path):
    """A region that was renamed is no network without stock. Only pages without figures are left."""
    response = ask("nobody", path)
    has_figures = not path.startswith(("/dictionary", "/runbook"))
    assert response.status_code == (403 if has_figures else 200)
    said = html.unescape(re.sub("<[^>]*>", "", response.text))
    assert f"you may see, {GONE} is not" in said or f"may see {GONE}, and nothing of that is in" in said
    assert "0 of 0" not in said
    assert_only(words_of(response), reading, MINE)  # which is asked for: nothing else is said of it
    assert HOSTILE not in words_of(response)


@pytest.mark.parametrize("path", ["/", "/stock", "/value"])
def test_w4_who_may_see_some_that_is_there_is_told_of_the_rest(ask, path):
    said = html.unescape(re.sub("<[^>]*>", "", ask("half", path).text))
    assert "Of what you may see, region Old is not in what is published" in said
    assert "Of what you may see" not in ask("keeper", path).text


def test_precision_37_nothing_that_one_sees_is_kept_for_another(ask):
    """The tag of a page is of who sees it too."""
    tag = ask("admin", "/stock").headers["etag"]
    assert ask("admin", "/stock", **{"if-none-match": tag}).status_code == 304
    assert ask("keeper", "/stock", **{"if-none-match": tag}).status_code == 200


def test_w1_who_sees_some_stores_sees_the_next_snapshot_when_it_is_there(tmp_path, published, roster):
    """And what was written of the one before last goes."""
    folder = tmp_path / "published"
    folder.mkdir()
    source = (published / "current.duckdb").resolve()
    by = SignIn("header", roster, Proxies.named(["10.0.0.1"]), secret=SECRET)
    headers = {"x-forwarded-user": "keeper", SECRET_HEADER: SECRET}
    with TestClient(make_app(folder, sign_in=by), base_url="http://localhost", client=("10.0.0.1", 5)) as made:
        for number in (1, 2, 3):
            (folder / f"{number:08d}.duckdb").write_bytes(source.read_bytes())
            (folder / "current.duckdb").unlink(missing_ok=True)
            (folder / "current.duckdb").symlink_to(f"{number:08d}.duckdb")
            sent = made.get("/export/stores.csv", headers=headers).headers["content-disposition"]
            assert f"stores-{number:08d}.csv" in sent


def test_w1_who_comes_while_the_next_part_is_written_reads_on_in_the_one_before(tmp_path, published):
    source = (published / "current.duckdb").resolve()
    begun, may_end = threading.Event(), threading.Event()

    def number():
        with reader.current() as found:
            return found.snapshot.number

    def publish(one):
        (tmp_path / f"{one:08d}.duckdb").write_bytes(source.read_bytes())
        (tmp_path / "current.duckdb").unlink(missing_ok=True)
        (tmp_path / "current.duckdb").symlink_to(f"{one:08d}.duckdb")

    def part(whole):
        if whole.number == 2:
            begun.set()
            assert may_end.wait(20)
        return whole

    reader = Reader(tmp_path, part)
    publish(1)
    assert number() == 1
    publish(2)
    with ThreadPoolExecutor() as threads:
        first = threads.submit(number)
        assert begun.wait(20)
        assert number() == 1
        may_end.set()
        assert first.result(20) == 2
    assert number() == 2
    reader.close()
