"""The server: reads only, says so in its headers, and trusts neither what is asked nor what sites have written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.ages import age
from dashboard.answers import FOLDER, Reply, answer, error_page, templates
from dashboard.conditions import LONGEST, BadFilter
from dashboard.links import ServedLinks
from dashboard.metrics import MEDIA_TYPE, metrics
from dashboard.reader import Reader
from dashboard.view import NotThere
from warehouse.exports.words import CannotExport
from warehouse.snapshots.current import NothingPublished
from wire.file_errors import FileUnusable

HOSTS = ("localhost", "127.0.0.1")
"""Names that the server answers to; others are refused, so that no foreign page can point its name here."""

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

ASSETS = {"style.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"}
_TITLES = {
    400: "This address is not right",
    404: "There is no such page",
    405: "Pages are read only",
    500: "The published file cannot be read",
}


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
                    headers["Vary"] = "Accept-Encoding"
            await send(message)

        await self._app(scope, receive, with_headers)


def _clock() -> datetime:
    return datetime.now(UTC)


def make_app(published: Path, hosts: Sequence[str] = HOSTS, clock: Callable[[], datetime] = _clock) -> ASGIApp:
    """The server over the snapshots in a folder; by ``clock`` it knows how old they are."""
    pages = _Pages(Reader(published), clock)
    templates()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> Any:
        yield
        pages.reader.close()

    routes = [
        Route("/healthz", pages.health),
        Route("/metrics", pages.metrics),
        *(Route(f"/{name}", _asset(name)) for name in ASSETS),
        Route("/{path:path}", pages.page),
    ]
    middleware = [
        Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False),
        Middleware(GZipMiddleware, minimum_size=1000, compresslevel=5),
    ]
    return SecureHeaders(
        Starlette(routes=routes, middleware=middleware, exception_handlers=_handlers(), lifespan=lifespan)
    )


class _Pages:
    """What is answered from the snapshots."""

    def __init__(self, reader: Reader, clock: Callable[[], datetime]) -> None:
        self.reader = reader
        self._clock = clock

    def page(self, request: Request) -> Response:
        """A page or a download; nothing but its tag where the browser has it."""
        links = ServedLinks(request.scope.get("root_path", ""))
        asked = _asked(request)
        with self.reader.current() as reading:
            now = self._clock()
            told = age(reading.as_of_at, now)
            tag = f'W/"{reading.version}-{version("supplysync")}-{told.state}-{told.days}"'
            if request.headers.get("if-none-match") == tag:
                return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=_caching(tag))
            made = answer(reading, links, "/" + request.path_params["path"], asked, now)
        return Response(made.body, media_type=made.media_type, headers={**_caching(tag), **_disposition(made)})

    def metrics(self, _: Request) -> Response:
        """The state of the network, for a monitor."""
        try:
            with self.reader.current() as reading:
                text = metrics(reading, self._clock())
        except (NothingPublished, FileUnusable) as error:
            return PlainTextResponse(f"{error}\n", HTTPStatus.SERVICE_UNAVAILABLE)
        return Response(text, headers={"Content-Type": MEDIA_TYPE, "Cache-Control": "no-store"})

    def health(self, _: Request) -> Response:
        """How old what is shown is, for a monitor."""
        try:
            with self.reader.current() as reading:
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


def _handlers() -> Mapping[Any, Any]:
    """What is said when something is refused or fails."""
    return {
        NotThere: _refusal(HTTPStatus.NOT_FOUND),
        BadFilter: _refusal(HTTPStatus.BAD_REQUEST),
        CannotExport: _refusal(HTTPStatus.BAD_REQUEST),
        NothingPublished: _refusal(HTTPStatus.SERVICE_UNAVAILABLE),
        FileUnusable: _refusal(HTTPStatus.INTERNAL_SERVER_ERROR),
        HTTPException: _refusal(None),
        Exception: _failure,
    }


def _asked(request: Request) -> dict[str, str]:
    """The parameters, each once; a form sends empty ones along, which choose nothing. Raises BadFilter."""
    found: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name in found:
            raise BadFilter(f"`{name}` is there twice")
        if len(value) > LONGEST:
            raise BadFilter(f"the value of `{name}` is longer than {LONGEST:,} letters")
        found[name] = value
    return {name: value for name, value in found.items() if value}


def _caching(tag: str) -> dict[str, str]:
    return {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Accept-Encoding"}


def _disposition(made: Reply) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{quote(made.filename)}"'} if made.filename else {}


def _asset(name: str) -> Any:
    body = (FOLDER / "static" / name).read_bytes()

    def asset(_: Request) -> Response:
        return Response(body, media_type=ASSETS[name], headers={"Cache-Control": "private, max-age=300"})

    return asset


def _refusal(status: HTTPStatus | None) -> Any:
    def refuse(request: Request, error: Exception) -> Response:
        code = status if status is not None else error.status_code if isinstance(error, HTTPException) else 500
        message = _message(request, error)
        title = "Nothing is published yet" if code == HTTPStatus.SERVICE_UNAVAILABLE else _TITLES.get(code, "Refused")
        headers = dict(getattr(error, "headers", None) or {})
        return _error(request, int(code), title, message, headers)

    return refuse


def _message(request: Request, error: Exception) -> str:
    if isinstance(error, HTTPException) and error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return f"{request.method} is not possible here: these pages change nothing."
    if isinstance(error, HTTPException):
        return str(error.detail)
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


def _failure(request: Request, _: Exception) -> Response:
    return _error(request, 500, "Something went wrong here", "The server's log says what. Other pages may work.", {})


def _error(request: Request, code: int, title: str, message: str, headers: dict[str, str]) -> Response:
    links = ServedLinks(request.scope.get("root_path", ""))
    return Response(
        error_page(links, title, message),
        code,
        media_type="text/html; charset=utf-8",
        headers={**headers, "Cache-Control": "no-store"},
    )
