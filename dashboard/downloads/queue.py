"""Large downloads, few at a time: each is made by a process of its own and passed on as it comes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from dashboard.downloads.download import Download
from dashboard.downloads.pack import PackDownload
from dashboard.downloads.process import EARLIER
from dashboard.languages.text import translated
from warehouse.snapshots.current import PublishedEarlier

AT_ONCE = 2
"""So many processes make downloads; each needs some 150 MB."""

MOST_WAITING = 8
"""So many more wait for their turn; others are told to come again."""

PATIENCE_S = 60.0
"""Who takes nothing for so long is cut off: others wait for the place."""

_PIECE = 1 << 16


class TooManyDownloads(Exception):
    """More are asked for than can wait. The page says 503, and when to ask again."""

    headers: Mapping[str, str] = {"Retry-After": "30"}


class DownloadFailed(Exception):
    """The process ended before the file was whole."""


class Queue:
    """The places of one server."""

    def __init__(self) -> None:
        """Nobody is there."""
        self._places = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    @contextlib.asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """A place, once there is one. Raises TooManyDownloads."""
        if self._places.locked() and self._waiting >= MOST_WAITING:
            raise TooManyDownloads(translated("many downloads are being made: ask again in half a minute"))
        self._waiting += 1
        try:
            await self._places.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._places.release()


class StreamedDownload(Response):
    """A download as a process makes it: what is sent is all that this process ever holds of it."""

    def __init__(self, queue: Queue, asked: Download | PackDownload, headers: Mapping[str, str]) -> None:
        """``headers`` besides those that say what it is."""
        super().__init__(headers={**headers}, media_type=asked.media_type)
        del self.headers["content-length"]
        self._queue = queue
        self._asked = asked

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - as every response
        """Sends it; ends the process when whoever asked has gone."""
        making = asyncio.ensure_future(self._send(send))
        leaving = asyncio.ensure_future(_gone(receive))
        try:
            await asyncio.wait({making, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if making.done():
                making.result()
        finally:
            for task in (making, leaving):
                task.cancel()
            await asyncio.gather(making, leaving, return_exceptions=True)

    async def _send(self, send: Send) -> None:
        async with self._queue.place(), _process(self._asked) as process:
            assert process.stdout is not None
            piece = await process.stdout.read(_PIECE)
            if not piece:
                code = await process.wait()
                raise PublishedEarlier if code == EARLIER else DownloadFailed(f"exit code {code}")
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            while piece:
                body = {"type": "http.response.body", "body": piece, "more_body": True}
                await asyncio.wait_for(send(body), PATIENCE_S)
                piece = await process.stdout.read(_PIECE)
            if code := await process.wait():
                raise DownloadFailed(f"exit code {code}")  # without an end, so that nobody takes half for whole
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


@contextlib.asynccontextmanager
async def _process(asked: Download | PackDownload) -> AsyncIterator[Process]:
    """The process, told what to make; nothing of it is left afterwards."""
    with tempfile.TemporaryDirectory(prefix="supplysync-download-") as place:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "dashboard.downloads.process",
            stdin=PIPE, stdout=PIPE, limit=_PIECE, start_new_session=True,
            env={**os.environ, "POLARS_MAX_THREADS": "1", "MALLOC_ARENA_MAX": "1", "TMPDIR": place,
                 "ARROW_DEFAULT_MEMORY_POOL": "system"},
        )  # fmt: skip
        try:
            assert process.stdin is not None
            process.stdin.write(asked.text().encode())
            process.stdin.close()
            yield process
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.communicate()  # what is still in the pipe, without which nobody sees its end
