"""What is said when something is refused or fails: a page in words, and nothing of the inside."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from dashboard.answers import error_page
from dashboard.conditions import BadFilter
from dashboard.downloads.queue import TooManyDownloads
from dashboard.guests.guest import NotAllowed
from dashboard.languages.language import spoken
from dashboard.languages.text import marked, translated
from dashboard.links import ServedLinks
from dashboard.view import NotThere
from warehouse.exports.words import CannotExport
from warehouse.snapshots.current import NothingPublished, PublishedEarlier
from wire.file_errors import FileUnusable

_TITLES = {
    400: marked("This address is not right"),
    403: marked("This is not for you to see"),
    404: marked("There is no such page"),
    405: marked("Pages are read only"),
    500: marked("The published file cannot be read"),
    503: marked("There is no room for this now"),
}


def handlers() -> Mapping[Any, Any]:
    """What is said when something is refused or fails."""
    return {
        NotAllowed: _refusal(HTTPStatus.FORBIDDEN),
        NotThere: _refusal(HTTPStatus.NOT_FOUND),
        BadFilter: _refusal(HTTPStatus.BAD_REQUEST),
        CannotExport: _refusal(HTTPStatus.BAD_REQUEST),
        NothingPublished: _refusal(HTTPStatus.SERVICE_UNAVAILABLE),
        PublishedEarlier: _refusal(HTTPStatus.SERVICE_UNAVAILABLE),
        TooManyDownloads: _refusal(HTTPStatus.SERVICE_UNAVAILABLE),
        FileUnusable: _refusal(HTTPStatus.INTERNAL_SERVER_ERROR),
        HTTPException: _refusal(None),
        Exception: _failure,
    }


def _refusal(status: HTTPStatus | None) -> Any:
    def refuse(request: Request, error: Exception) -> Response:
        code = status if status is not None else error.status_code if isinstance(error, HTTPException) else 500
        message = _message(request, error)
        title = _TITLES.get(code, marked("Refused"))
        if isinstance(error, NothingPublished):
            title = marked("Nothing is published yet")
        if isinstance(error, PublishedEarlier):
            title = marked("The published file is of an earlier version")
        headers = dict(getattr(error, "headers", None) or {})
        return _error(request, int(code), translated(title), message, headers)

    return refuse


def _message(request: Request, error: Exception) -> str:
    if isinstance(error, HTTPException) and error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return translated("%(method)s is not possible here: these pages change nothing.", method=request.method)
    if isinstance(error, HTTPException):
        return str(error.detail)
    if isinstance(error, NothingPublished) and spoken().code != "en":
        return translated("There is nothing to show before the first cycle: run `supplysync sync`.")
    if isinstance(error, PublishedEarlier):
        return translated(
            "This needs what it does not have: the next cycle publishes one that has it, or `supplysync warehouse "
            "publish`. Other pages may work."
        )
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


def _failure(request: Request, _: Exception) -> Response:
    title, message = (
        translated("Something went wrong here"),
        translated("The server's log says what. Other pages may work."),
    )
    return _error(request, 500, title, message, {})


def _error(request: Request, code: int, title: str, message: str, headers: dict[str, str]) -> Response:
    links = ServedLinks(request.scope.get("root_path", ""))
    return Response(
        error_page(links, title, message),
        code,
        media_type="text/html; charset=utf-8",
        headers={**headers, "Cache-Control": "no-store"},
    )
