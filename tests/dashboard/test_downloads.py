"""Downloads: read some rows at a time; the large ones each by a process of its own, few at once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from dashboard.answers import export
from dashboard.app import make_app
from dashboard.downloads import queue
from dashboard.downloads.download import Download
from dashboard.downloads.pack import PackDownload
from dashboard.downloads.queue import Queue, StreamedDownload, TooManyDownloads
from dashboard.reader import Reading
from tests.dashboard.client import TestClient
from tests.dashboard.test_pages import links
from warehouse.exports.rows import rows_of_report
from warehouse.exports.write import FORMATS

PATHS = ["/export/stock_on_hand.{}", "/export/stock_by_batch.{}?store=S02&list=TRACER", "/export/not_taken.{}"]


@pytest.fixture
def all_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every download is made by a process."""
    monkeypatch.setattr("dashboard.downloads.download.SMALL", -1)


@pytest.mark.parametrize("condition", ["true", "store_code = 'S02'", "item_code = 'none'", "soh_units > 500"])
def test_rows_of_a_report_are_read_some_at_a_time_in_their_order(
    reading: Reading, monkeypatch: pytest.MonkeyPatch, condition: str
) -> None:
    """No part has more than its share, and together they are the rows that the condition holds for."""
    expected = reading.frame(f"select * from reports.stock_by_batch where {condition} order by rowid")
    monkeypatch.setattr("warehouse.exports.rows.CELLS_AT_ONCE", 3 * expected.width)
    rows = rows_of_report(reading.con, "stock_by_batch", condition, [])
    parts = list(rows.parts())
    assert rows.height == expected.height
    assert pl.concat([rows.shape, *parts]).equals(expected)
    assert all(0 < part.height <= 3 for part in parts)
    assert condition != "true" or len(parts) > 10


@pytest.mark.parametrize("path", [pytest.param(one, marks=[pytest.mark.long] * (one != PATHS[0])) for one in PATHS])
@pytest.mark.parametrize("file_format", FORMATS)
def test_a_process_makes_the_same_file(client: TestClient, request: Any, path: str, file_format: str) -> None:
    small = client.get(path.format(file_format))
    request.getfixturevalue("all_large")
    large = client.get(path.format(file_format))
    assert (large.status_code, large.content) == (200, small.content)
    for name in ("content-type", "content-disposition", "etag", "content-security-policy"):
        assert large.headers[name] == small.headers[name]
    assert ("content-encoding" in large.headers) == (file_format in ("csv", "json"))


def test_who_does_not_unpack_is_sent_it_plain(client: TestClient, all_large: None) -> None:
    plain = client.get("/export/stores.csv", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == client.get("/export/stores.csv").content


@pytest.mark.parametrize(("path", "status"), [("/export/amc.csv?band=x", 400), ("/export/nothing.csv", 404)])
def test_what_cannot_be_asked_is_refused_before_there_is_a_process(
    client: TestClient, all_large: None, monkeypatch: pytest.MonkeyPatch, path: str, status: int
) -> None:
    monkeypatch.setattr("dashboard.downloads.queue._process", None)
    assert client.get(path).status_code == status


def test_a_head_makes_nothing(client: TestClient, all_large: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.downloads.queue._process", None)
    response = client.head("/export/amc.csv")
    assert (response.status_code, response.content) == (200, b"")


def test_a_process_that_fails_is_an_error_and_no_empty_file(
    client: TestClient, all_large: None, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Download, "text", lambda _: "{}")
    response = client.get("/export/amc.csv")
    assert response.status_code == 500
    assert "Something went wrong here" in response.text


def test_a_file_that_breaks_off_is_not_taken_for_whole(
    published: Path, all_large: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """There is no end of the body: who downloads it is told so by HTTP itself."""
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho begun\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(broken))
    with (
        TestClient(make_app(published), base_url="http://localhost") as client,
        pytest.raises(queue.DownloadFailed, match="exit code 3"),
    ):
        client.get("/export/amc.xlsx")


class Browser:
    """Whoever asks: takes what is sent, or takes nothing, and leaves when told to."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.takes = asyncio.Event()
        self.leaves = asyncio.Event()

    @property
    def content(self) -> bytes:
        return b"".join(message["body"] for message in self.sent[1:])

    async def receive(self) -> dict[str, str]:
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.sent.append(message)
        if message["type"] == "http.response.body":
            await self.takes.wait()


def children() -> list[str]:
    """The processes of downloads that this one started."""
    found = []
    for task in Path(f"/proc/{os.getpid()}/task").iterdir():
        with contextlib.suppress(OSError):  # a thread or process that has just ended
            for child in (task / "children").read_text().split():
                if b"dashboard.downloads" in Path(f"/proc/{child}/cmdline").read_bytes():
                    found.append(child)
    return found


def begun(places: Queue, asked: Download | PackDownload) -> Iterator[tuple[Browser, asyncio.Task[None]]]:
    """Browsers that ask for it, each with its request under way."""
    while True:
        browser = Browser()
        response = StreamedDownload(places, asked, {})
        yield browser, asyncio.ensure_future(response({"type": "http"}, browser.receive, browser.send))


def played(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Plays it in a thread: there may be an event loop in this one, which a browser has."""
    with ThreadPoolExecutor(1) as threads:
        threads.submit(lambda: asyncio.run(story())).result()


async def until(holds: Any) -> None:
    """Waits until something is so; gives up after a minute."""
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


def test_few_are_made_at_once_others_wait_and_more_are_refused(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "MOST_WAITING", 1)
    asked = export(reading, "dictionary.json", {})

    async def story() -> None:
        asking = begun(Queue(), asked)
        first, second, third = next(asking), next(asking), next(asking)
        await until(lambda: first[0].sent and second[0].sent)
        assert len(children()) == queue.AT_ONCE == 2
        assert not third[0].sent
        with pytest.raises(TooManyDownloads, match="ask again"):
            await next(asking)[1]
        first[0].takes.set()
        await first[1]
        await until(lambda: third[0].sent)
        second[0].leaves.set()  # in the middle of it
        await second[1]
        third[0].takes.set()
        await third[1]
        assert first[0].content == third[0].content != b""
        assert first[0].sent[-1]["more_body"] is False
        assert children() == []

    played(story)


def test_who_takes_nothing_is_cut_off(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "PATIENCE_S", 0.05)

    async def story() -> None:
        browser, request = next(begun(Queue(), export(reading, "dictionary.json", {})))
        with pytest.raises(TimeoutError):
            await request
        assert [message["type"] for message in browser.sent] == ["http.response.start", "http.response.body"]
        assert children() == []

    played(story)


def test_too_many_are_told_when_to_come_again(client: TestClient, all_large: None, monkeypatch: Any) -> None:
    monkeypatch.setattr(queue, "MOST_WAITING", 0)
    monkeypatch.setattr("asyncio.Semaphore.locked", lambda _: True)
    response = client.get("/export/amc.csv")
    assert (response.status_code, response.headers["retry-after"]) == (503, "30")
    assert "Many downloads are being made" in response.text


@pytest.mark.parametrize(
    "path", ["/export/stock_by_batch.{}?sort=-value_amount&store=S02", "/export/amc.{}?sort=item_name"]
)
def test_a_download_has_the_order_of_the_page(client: TestClient, request: Any, path: str) -> None:
    """Made at once or by a process; also where what is sorted has nothing in the column."""
    small = client.get(path.format("csv")).content
    column = path.partition("sort=")[2].partition("&")[0]
    found = pl.read_csv(small, infer_schema_length=None)
    whole = pl.read_csv(client.get(path.format("csv").replace(f"sort={column}", "")).content, infer_schema_length=None)
    assert sorted(found.rows(), key=str) == sorted(whole.rows(), key=str)
    held = found[column.removeprefix("-")].to_list()
    kept = [value.lower() if isinstance(value, str) else value for value in held if value is not None]
    assert kept == sorted(kept, reverse=column.startswith("-"))
    assert held[len(kept) :] == [None] * (len(held) - len(kept))
    request.getfixturevalue("all_large")
    assert client.get(path.format("csv")).content == small
    assert client.get("/export/amc.csv?sort=nothing").status_code == 400


def test_a_page_leads_to_downloads_in_its_order(client: TestClient) -> None:
    assert "/export/stock_by_batch.csv?sort=-value_amount" in links(client.get("/batches?sort=-value_amount").text)
