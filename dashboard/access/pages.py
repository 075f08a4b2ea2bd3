"""The page to sign in, and what is said to who is not signed in."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from dashboard.answers import bare_page
from dashboard.links import ServedLinks

SIGN_IN, SIGN_OUT = "/sign-in", "/sign-out"

_NO_STORE = {"Cache-Control": "no-store"}
_LONGEST_WAY = 2000


def sign_in_page(
    request: Request, mark: str, way: str, *, name: str = "", wrong: str = "", status: int = 200
) -> Response:
    """The form; ``way`` is where it leads, ``wrong`` what was wrong with the last try."""
    links = ServedLinks(request.scope.get("root_path", ""))
    body = bare_page("sign_in.html", links, mark=mark, way=way, name=name, wrong=wrong)
    return Response(body, status, media_type="text/html; charset=utf-8", headers=_NO_STORE)


def refusal(request: Request, status: int, title: str, message: str) -> Response:
    """A page in words, without anything of a snapshot."""
    links = ServedLinks(request.scope.get("root_path", ""))
    body = bare_page("error.html", links, title=title, message=message)
    return Response(body, status, media_type="text/html; charset=utf-8", headers=_NO_STORE)


def not_signed_in(request: Request, path: str) -> Response:
    """People are led to the form; programs are told how to say who they are."""
    if "text/html" in request.headers.get("accept", "") and request.method in ("GET", "HEAD"):
        query = request.url.query
        return led(request, f"{SIGN_IN}?to={quote(f'{path}?{query}' if query else path, safe='')}")
    headers = {**_NO_STORE, "WWW-Authenticate": 'Basic realm="supplysync", charset="UTF-8"'}
    return PlainTextResponse("Sign in: name and password, as HTTP Basic.\n", HTTPStatus.UNAUTHORIZED, headers)


def led(request: Request, path: str, headers: Mapping[str, str] | None = None) -> Response:
    """On to a page of ours, by GET."""
    root = request.scope.get("root_path", "")
    return RedirectResponse(f"{root}{path}", HTTPStatus.SEE_OTHER, {**_NO_STORE, **(headers or {})})


def way_to(text: str) -> str:
    """Where somebody wanted to go, if that is a page here; else the first page: nobody is sent elsewhere."""
    is_plain = len(text) <= _LONGEST_WAY and text.isprintable() and text.isascii() and "\\" not in text
    if not is_plain or not text.startswith("/") or text.startswith("//"):
        return "/"
    try:
        found = urlsplit(text)
    except ValueError:
        return "/"
    is_ours = not found.scheme and not found.netloc and not found.path.startswith(("//", SIGN_IN, SIGN_OUT))
    return text if is_ours else "/"
