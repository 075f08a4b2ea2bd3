"""The server: reads only, says so in its headers, and trusts neither what is asked nor what sites have written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.access.door import Door, SignIn, mark_of
from dashboard.access.hosts import NamedHosts
from dashboard.access.readers import Readers
from dashboard.ages import Age, age
from dashboard.answers import FOLDER, answer, export, templates
from dashboard.conditions import LONGEST, MOST_VALUES, SEVERAL, BadFilter
from dashboard.downloads.download import Download
from dashboard.downloads.pack import PackDownload
from dashboard.downloads.queue import Queue, StreamedDownload
from dashboard.formats import figure
from dashboard.guests.guest import Guest, NotAllowed
from dashboard.guests.people import WHOLE, Viewer
from dashboard.languages.choice import Spoken
from dashboard.languages.language import spoken
from dashboard.languages.text import translated
from dashboard.links import ServedLinks
from dashboard.metrics import MEDIA_TYPE, metrics
from dashboard.reader import Reading
from dashboard.refusals import handlers
from warehouse.snapshots.current import NothingPublished
from wire.file_errors import FileUnusable

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

LOOPBACK = ("127.0.0.1", "::1")

_PASSED_ON = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")

ASSETS = {"style.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"}


class SecureHeaders:
    """Puts the headers on every response, also on refusals and failures."""

    def __init__(self, app: ASGIApp) -> None:
        """``app`` is the whole of the server."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on, adding headers."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                if "vary" in headers:  # ours and that of whoever compresses: once is enough
                    headers["Vary"] = ", ".join(dict.fromkeys(one.strip() for one in headers["vary"].split(",")))
            await send(message)

        await self._app(scope, receive, with_headers)


def _clock() -> datetime:
    return datetime.now(UTC)


def make_app(
    published: Path,
    names: Sequence[str] = (),
    clock: Callable[[], datetime] = _clock,
    sign_in: SignIn = SignIn(),  # noqa: B008 - it is frozen
    *,
    language: str = "en",
    is_private: bool = False,
) -> ASGIApp:
    """The server over the snapshots in a folder, asked by ``names`` besides this machine's own; by ``clock`` it knows
    how old they are, by ``sign_in`` who somebody is; in ``language`` for who asks for none. Operators see both versions
    of rejected changes; where nobody signs in, who is at this machine, if ``is_private``: no other can ask."""
    pages = _Pages(Readers(published), clock, is_private=is_private)
    templates()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> Any:
        yield
        pages.readers.close()

    compressed = [Middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)]
    routes = [
        Route("/export/{name:path}", pages.export),  # what makes a download compresses it
        Route("/healthz", pages.health),
        Route("/metrics", pages.metrics),
        *(Route(f"/{name}", _asset(name), middleware=compressed) for name in ASSETS),
        Route("/{path:path}", pages.page, middleware=compressed),
    ]
    middleware = [Middleware(NamedHosts, names=names), Middleware(Door, sign_in=sign_in)]
    served = Starlette(routes=routes, middleware=middleware, exception_handlers=handlers(), lifespan=lifespan)
    return SecureHeaders(Spoken(served, language))


class _Pages:
    """What is answered from the snapshots."""

    def __init__(self, readers: Readers, clock: Callable[[], datetime], *, is_private: bool) -> None:
        self._is_private = is_private
        self.readers = readers
        self._clock = clock
        self._queue = Queue()

    def page(self, request: Request) -> Response:
        """A page; nothing but its tag where the browser has it."""
        links = ServedLinks(request.scope.get("root_path", ""))
        asked = _asked(request)
        viewer, guest = _who(request)
        with self.readers.of(viewer.sight).current() as reading:
            now = self._clock()
            tag = _tag(reading, age(reading.as_of_at, now), mark_of(viewer, guest))
            if request.headers.get("if-none-match") == tag:
                return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=_caching(tag))
            may_see = viewer.is_operator if guest else self._is_private and _is_from_here(request)
            reading = replace(reading, is_for_operators=may_see and not reading.is_part)
            made = answer(reading, links, "/" + request.path_params["path"], asked, now, guest)
        return Response(made.body, media_type=made.media_type, headers=_caching(tag))

    async def export(self, request: Request) -> Response:
        """A report as a file: a small one at once, a large one by a process of its own, when it is its turn."""
        found = await run_in_threadpool(self._export, request)
        if isinstance(found, Response):
            return found
        asked, headers = found
        return StreamedDownload(self._queue, asked, headers)

    def _export(self, request: Request) -> Response | tuple[Download | PackDownload, dict[str, str]]:
        asked = _asked(request)
        viewer, guest = _who(request)
        with self.readers.of(viewer.sight).current() as reading:
            tag = _tag(reading, age(reading.as_of_at, self._clock()), mark_of(viewer, guest))
            if request.headers.get("if-none-match") == tag:
                return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=_caching(tag))
            may_zip = "gzip" in request.headers.get("accept-encoding", "")
            found = export(reading, request.path_params["name"], asked, may_zip=may_zip)
            headers = {**_caching(tag), "Content-Disposition": f'attachment; filename="{quote(found.filename)}"'}
            if found.is_zipped:
                headers["Content-Encoding"] = "gzip"
            if request.method == "HEAD":
                return Response(media_type=found.media_type, headers=headers)
            if not found.is_small(reading.con):
                return found, headers
            out = BytesIO()
            found.write_to(out, reading.con)
        return Response(out.getvalue(), media_type=found.media_type, headers=headers)

    def metrics(self, request: Request) -> Response:
        """The state of the network, for a monitor that sees all stores."""
        viewer, _ = _who(request)
        if not viewer.sight.is_all:
            raise NotAllowed(translated("this is of the whole network: it is for who sees all stores"))
        try:
            with self.readers.of(viewer.sight).current() as reading:
                text = metrics(reading, self._clock())
        except (NothingPublished, FileUnusable) as error:
            return PlainTextResponse(f"{error}\n", HTTPStatus.SERVICE_UNAVAILABLE)
        return Response(text, headers={"Content-Type": MEDIA_TYPE, "Cache-Control": "no-store"})

    def health(self, _: Request) -> Response:
        """How old what is shown is, for a monitor."""
        try:
            with self.readers.of(WHOLE).current() as reading:
                old = age(reading.as_of_at, self._clock())
                told = {
                    "snapshot": reading.snapshot.number,
                    "as_of_at": reading.as_of_at.isoformat(),
                    "age_seconds": old.seconds,
                    "age_days": old.days,
                    "state": old.state,
                }
        except (NothingPublished, FileUnusable) as error:
            return JSONResponse({"error": str(error)}, HTTPStatus.SERVICE_UNAVAILABLE)
        return JSONResponse(told)


def _who(request: Request) -> tuple[Viewer, Guest | None]:
    """Who the door let in. Raises KeyError where nobody was: there is no way round it."""
    return request.scope["state"]["viewer"], request.scope["state"]["guest"]


def _asked(request: Request) -> dict[str, str]:
    """The parameters; of one that is there several times all values. A form sends empty ones along, which choose
    nothing. Raises BadFilter."""
    found: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        if len(value) > LONGEST:
            raise BadFilter(
                translated("the value of `%(name)s` is longer than %(most)s letters", name=name, most=figure(LONGEST))
            )
        if SEVERAL in value:
            raise BadFilter(translated("the value of `%(name)s` has a letter that nobody writes", name=name))
        if value and value not in found.setdefault(name, []):
            found[name].append(value)
        if len(found.get(name, [])) > MOST_VALUES:
            raise BadFilter(
                translated("`%(name)s` can have up to %(most)s values at once", name=name, most=MOST_VALUES)
            )
    return {name: SEVERAL.join(values) for name, values in found.items() if values}


def _is_from_here(request: Request) -> bool:
    """Whether nobody passed the request on, as far as it says."""
    is_near = request.client is None or request.client.host in LOOPBACK
    return is_near and not any(name in request.headers for name in _PASSED_ON)


def _caching(tag: str) -> dict[str, str]:
    return {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Accept-Encoding"}


def _tag(reading: Reading, told: Age, mark: str) -> str:
    return f'W/"{reading.version}-{version("supplysync")}-{told.state}-{told.days}-{spoken().code}{mark}"'


def _asset(name: str) -> Any:
    body = (FOLDER / "static" / name).read_bytes()

    def asset(_: Request) -> Response:
        return Response(body, media_type=ASSETS[name], headers={"Cache-Control": "private, max-age=300"})

    return asset
