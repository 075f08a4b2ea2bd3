"""Which language a reader gets: the one they chose, else one that their browser asks for, else the network's.

Whoever follows a link with ``language=fr`` gets a cookie and is led to the same page without it: so that it is kept
without script, and what is sent on to somebody else is in their language.
"""

from __future__ import annotations

from contextvars import ContextVar
from http import HTTPStatus
from urllib.parse import parse_qsl, quote, urlencode

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.languages.language import speaking
from sync_rules.topology.topology import LANGUAGES

PARAMETER = COOKIE = "language"
_A_YEAR = 365 * 24 * 60 * 60
_MOST_ASKED = 20

_ASKED: ContextVar[str | None] = ContextVar("asked", default=None)


class Spoken:
    """Finds the language of each request, and says that pages differ by it."""

    def __init__(self, app: ASGIApp, default: str = "en") -> None:
        """``default`` is the network's."""
        self._app = app
        self._default = default

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on; or keeps what was chosen."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        chosen = request.query_params.get(PARAMETER)
        if chosen is not None and chosen in LANGUAGES and request.method in ("GET", "HEAD"):
            await _kept(request, chosen)(scope, receive, send)
            return
        asked = _ASKED.set(request.url.query)
        try:
            with speaking(self._of(request)):
                await self._app(scope, receive, _with_language(send))
        finally:
            _ASKED.reset(asked)

    def _of(self, request: Request) -> str:
        chosen = request.cookies.get(COOKIE, "")
        return chosen if chosen in LANGUAGES else preferred(request.headers.get("accept-language", ""), self._default)


def preferred(accepted: str, default: str) -> str:
    """The language of ours that a header Accept-Language likes most; the default where it names none."""
    weighted = []
    for place, part in enumerate(accepted.split(",")[:_MOST_ASKED]):
        tag, _, weight = part.strip().partition(";")
        code = tag.strip().lower().partition("-")[0]
        if code in LANGUAGES and (how_much := _weight(weight)) > 0:
            weighted.append((-how_much, place, code))
    return min(weighted)[2] if weighted else default


def _weight(text: str) -> float:
    """``q=0.8``; 1 where nothing is said, 0 for what is no weight."""
    name, _, value = text.strip().partition("=")
    if not name:
        return 1.0
    try:
        found = float(value) if name.strip() == "q" else 0.0
    except ValueError:
        return 0.0
    return found if 0 <= found <= 1 else 0.0


def ways() -> list[tuple[str, str, str]]:
    """Each language: its code, its name, and the address of this page in it; none where no page is asked for."""
    query = _ASKED.get()
    if query is None:
        return []
    kept = _without_language(query)
    return [(code, name, f"?{urlencode([*kept, (PARAMETER, code)])}") for code, name in LANGUAGES.items()]


def _without_language(query: str) -> list[tuple[str, str]]:
    return [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name != PARAMETER]


def _kept(request: Request, code: str) -> RedirectResponse:
    """The same page, and the choice in a cookie that no script sees."""
    query = urlencode(_without_language(request.url.query))
    # the last part of the address, as it was sent: wherever a proxy has put the server, nobody is led elsewhere
    sent = request.scope.get("raw_path") or quote(request.scope["path"]).encode()
    place = f"./{sent.partition(b'?')[0].decode('ascii', 'replace').rpartition('/')[2]}"
    headers = {"Cache-Control": "no-store"}
    answer = RedirectResponse(f"{place}?{query}" if query else place, HTTPStatus.SEE_OTHER, headers)
    answer.set_cookie(
        COOKIE, code, max_age=_A_YEAR, path=f"{request.scope.get('root_path', '')}/", httponly=True, samesite="lax",
        secure=request.url.scheme == "https",
    )  # fmt: skip
    return answer


def _with_language(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            if headers.get("content-type", "").startswith("text/html"):
                headers.add_vary_header("Accept-Language, Cookie")
        await send(message)

    return sending
