"""Signing in and out by name and password."""

from __future__ import annotations

import asyncio
import binascii
import hashlib
import logging
import secrets
import time
from base64 import b64decode
from collections.abc import Callable
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from dashboard.access.attempts import Attempts, TooManyAttempts
from dashboard.access.pages import led, not_signed_in, refusal, sign_in_page, way_to
from dashboard.access.passwords import is_right
from dashboard.access.proxies import Proxies
from dashboard.access.sessions import LONGEST_S, FormMarks, Sessions, SignedIn, same
from dashboard.guests.guest import Guest
from dashboard.guests.people import Roster, Viewer
from dashboard.languages.text import marked, translated

_LARGEST_FORM = 8192
_AT_ONCE, _MOST_WAITING = 2, 30
"""So many passwords are looked at at once, of 32 MB each; so many more wait."""

_WRONG = marked("The name or the password is wrong.")

_log = logging.getLogger("supplysync.dashboard")


class _TooMuch(Exception):
    """A form that is larger than any of ours, or too many wait to sign in."""


class PasswordDesk:
    """Looks at passwords, and keeps the sessions."""

    def __init__(self, roster: Roster, proxies: Proxies, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` gives seconds."""
        self._roster = roster
        self._proxies = proxies
        self._clock = clock
        self._attempts = Attempts()
        self._sessions = Sessions()
        self._marks = FormMarks()
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0

    async def guest(self, request: Request) -> tuple[Viewer, Guest] | Response | None:
        """Who is signed in, by a session, or with this request alone; None where nobody is."""
        found = self._session(request)
        if found is not None:
            viewer, session = found
            return viewer, Guest(viewer.name, viewer.sees, session.form)
        given = _basic(request)
        if given is None:
            return None
        viewer_or_refusal = await self._checked(request, *given)
        if isinstance(viewer_or_refusal, Response):
            return viewer_or_refusal
        if viewer_or_refusal is None:
            return not_signed_in(request, "/")
        return viewer_or_refusal, Guest(viewer_or_refusal.name, viewer_or_refusal.sees)

    async def sign_in(self, request: Request) -> Response:
        """The form, and what is sent with it. A new session each time: nothing that was there before is taken on."""
        if request.method in ("GET", "HEAD"):
            way = way_to(request.query_params.get("to", "/"))
            return led(request, way) if self._session(request) else self._form(request, way)
        if request.method != "POST":
            return _not_so(request)
        try:
            sent = await _sent(request)
        except _TooMuch:
            return _too_large(request)
        way = way_to(sent.get("to", "/"))
        cookie = request.cookies.get(self._cookie(request, "form"), "")
        if _is_foreign(request) or not self._marks.is_ours(cookie, sent.get("form", "")):
            return self._form(request, way, wrong=translated("This form was too old: try again."), status=403)
        name = sent.get("name", "").strip()
        checked = await self._checked(request, name, sent.get("password", ""))
        if isinstance(checked, Response):
            return checked
        if checked is None:
            return self._form(request, way, name=name, wrong=translated(_WRONG), status=401)
        self._sessions.end(self._given(request))
        answer = led(request, way)
        self._set(answer, request, "session", self._sessions.begin(checked.name, _state(checked), self._clock()))
        self._set(answer, request, "form", "")
        return answer

    async def sign_out(self, request: Request) -> Response:
        """Ends the session; by a form of ours alone, so that no other page signs anybody out."""
        if request.method != "POST":
            return _not_so(request)
        found = self._session(request)
        if found is None:
            return led(request, "/sign-in")
        try:
            sent = await _sent(request)
        except _TooMuch:
            return _too_large(request)
        if _is_foreign(request) or not same(found[1].form, sent.get("form", "")):
            return refusal(request, 403, translated("This form is not ours"), translated("Nobody was signed out."))
        self._sessions.end(self._given(request))
        answer = led(request, "/sign-in")
        self._set(answer, request, "session", "")
        return answer

    def _session(self, request: Request) -> tuple[Viewer, SignedIn] | None:
        """The session, if who it is of may still come in as they were when it began."""
        given = self._given(request)
        found = self._sessions.find(given, self._clock()) if given else None
        viewer = self._roster.find(found.name) if found else None
        if found is None or viewer is None or _state(viewer) != found.state:
            self._sessions.end(given)
            return None
        return viewer, found

    async def _checked(self, request: Request, name: str, password: str) -> Viewer | Response | None:
        """Who that is; None where name or password is wrong, of which nothing says which. Or that it was tried too
        often."""
        address = self._proxies.address(request)
        try:
            attempt = self._attempts.begin(name.lower()[:200], address, self._clock())
        except TooManyAttempts as error:
            _log.warning("too many wrong tries to sign in from %s", address)
            said = translated("Try again in %(minutes)s minutes.", minutes=round(error.wait_s / 60 + 1))
            answer = refusal(request, 429, translated("Too many tries"), said)
            answer.headers["Retry-After"] = f"{error.wait_s + 1:.0f}"
            return answer
        if self._waiting >= _MOST_WAITING:
            return refusal(request, 503, translated("Too many sign in at once"), translated("Try again in a minute."))
        known = self._roster.find(name)
        self._waiting += 1
        try:
            async with self._places:
                right = await run_in_threadpool(is_right, password, known.password if known else None)
        finally:
            self._waiting -= 1
        if not right:
            return None
        self._attempts.was_right(attempt)
        return known

    def _form(self, request: Request, way: str, name: str = "", wrong: str = "", status: int = 200) -> Response:
        cookie = secrets.token_urlsafe(24)
        answer = sign_in_page(request, self._marks.mark(cookie), way, name=name, wrong=wrong, status=status)
        self._set(answer, request, "form", cookie)
        return answer

    def _given(self, request: Request) -> str:
        return request.cookies.get(self._cookie(request, "session"), "")

    def _cookie(self, request: Request, kind: str) -> str:
        """Its name; behind https one that no other host and no page without https can set."""
        return f"{'__Host-' if self._proxies.is_https(request) else ''}supplysync-{kind}"

    def _set(self, answer: Response, request: Request, kind: str, value: str) -> None:
        answer.set_cookie(
            self._cookie(request, kind),
            value,
            max_age=int(LONGEST_S) if value else 0,
            path="/",
            secure=self._proxies.is_https(request),
            httponly=True,
            samesite="lax" if kind == "session" else "strict",
        )


def _state(viewer: Viewer) -> str:
    """What of a viewer a session rests on: with another password, sight or role it has ended."""
    return hashlib.sha256(repr((viewer.name, viewer.sight, viewer.is_operator, viewer.password)).encode()).hexdigest()


def _is_foreign(request: Request) -> bool:
    """Does the browser say that another site's page sent this?"""
    return request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")


def _too_large(request: Request) -> Response:
    return refusal(request, 413, translated("This is no form of ours"), translated("It is too large."))


def _not_so(request: Request) -> Response:
    said = translated("%(method)s is not possible here.", method=request.method)
    answer = refusal(request, 405, translated("This is not done so"), said)
    answer.headers["Allow"] = "GET, HEAD, POST"
    return answer


async def _sent(request: Request) -> dict[str, str]:
    """The fields of a form. Raises _TooMuch."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _LARGEST_FORM:
            raise _TooMuch
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=None))


def _basic(request: Request) -> tuple[str, str] | None:
    """Name and password of HTTP Basic; None where there are none."""
    kind, _, text = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        name, between, password = b64decode(text.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, ValueError):
        return None
    return (name, password) if between else None
