"""The door of the server: who somebody is, before anything of a snapshot is read. Nobody is let in by default."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, field
from typing import Literal

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.access.pages import SIGN_IN, SIGN_OUT, not_signed_in, refusal
from dashboard.access.proxies import Proxies
from dashboard.access.sessions import same
from dashboard.access.sign_in import PasswordDesk
from dashboard.guests.guest import Guest
from dashboard.guests.people import EVERYBODY, WHOLE, Roster, RosterUnusable, Viewer
from dashboard.languages.text import translated

SECRET_HEADER = "x-supplysync-secret"
SHORTEST_SECRET = 20
OPEN = frozenset({"/healthz", "/style.css", "/icon.svg"})
"""What everybody may have: nothing of a store is in it."""

_log = logging.getLogger("supplysync.dashboard")


@dataclass(frozen=True)
class SignIn:
    """How the server knows who somebody is: not at all, by ``password``, or by the ``header`` that a proxy sets along
    with the ``secret``."""

    kind: Literal["none", "password", "header"] = "none"
    roster: Roster | None = None
    proxies: Proxies = field(default_factory=Proxies)
    header: str = "X-Forwarded-User"
    secret: str = field(default="", repr=False)


class Door:
    """Puts a ``viewer`` and a ``guest`` into the state of each request that passes."""

    def __init__(self, app: ASGIApp, sign_in: SignIn) -> None:
        """``app`` is what is behind the door."""
        self._app = app
        self._by = sign_in
        self._desk = PasswordDesk(sign_in.roster, sign_in.proxies) if sign_in.roster else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on who may come in; answers others."""
        if scope["type"] != "http" or _path(scope) in OPEN:
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            found = await self._found(request, _path(scope))
        except RosterUnusable as error:
            _log.error("%s", error)
            found = refusal(request, 503, translated("Nobody can be let in"), translated("The server's log says why."))
        if isinstance(found, Response):
            await found(scope, receive, send)
            return
        viewer, guest = found
        scope.setdefault("state", {}).update(viewer=viewer, guest=guest)
        await self._app(scope, receive, send if self._by.kind != "password" else _unkept(send))

    async def _found(self, request: Request, path: str) -> Response | tuple[Viewer, Guest | None]:
        if self._by.kind == "none":
            return Viewer("", WHOLE), None
        if self._by.kind == "header":
            return self._by_header(request)
        assert self._desk is not None
        if path == SIGN_IN:
            return await self._desk.sign_in(request)
        if path == SIGN_OUT:
            return await self._desk.sign_out(request)
        signed_in = await self._desk.guest(request)
        if isinstance(signed_in, Response):
            return signed_in
        return signed_in or not_signed_in(request, path)

    def _by_header(self, request: Request) -> Response | tuple[Viewer, Guest | None]:
        """Believed of a named proxy that knows the secret, once in the request."""
        given, names = (request.headers.getlist(one) for one in (SECRET_HEADER, self._by.header))
        is_proxy = self._by.proxies.sent(request) and len(given) == 1 and same(given[0], self._by.secret)
        if not is_proxy or len(names) != 1 or not names[0].strip():
            return refusal(
                request,
                403,
                translated("Nobody comes in this way"),
                translated("The pages are behind a proxy, which says who somebody is."),
            )
        assert self._by.roster is not None
        name = names[0].strip()
        known = self._by.roster.find(name) if name != EVERYBODY else None
        viewer = known or self._by.roster.find(EVERYBODY)
        if viewer is None:
            said = translated("Who runs the server can put you on the list.")
            return refusal(request, 403, translated("You may not see these pages"), said)
        return viewer, Guest(name, viewer.sees)


def mark_of(viewer: Viewer, guest: Guest | None) -> str:
    """A word that differs where what is shown does: for the tag of a page."""
    said = repr((guest, viewer.name, viewer.sight, viewer.is_operator)).encode()
    return hashlib.sha256(said).hexdigest()[:12] if guest else ""


def _path(scope: Scope) -> str:
    """The path below where a proxy has put the server."""
    path, root = str(scope["path"]), str(scope.get("root_path", ""))
    return path.removeprefix(root) if root and path.startswith(f"{root}/") else path


def _unkept(send: Send) -> Send:
    """What was shown to somebody signed in is kept by no browser: others use the machine after them."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["Cache-Control"] = "private, no-store"
        await send(message)

    return sending
