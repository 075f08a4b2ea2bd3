"""The names that a server is asked by: no foreign page can point its own name here (DNS rebinding)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

HOSTS = ("localhost", "127.0.0.1", "[::1]")
"""This machine's own names, which are always answered to."""

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^:\[\]]+?)\.?(:[0-9]{1,5})?")


class NamedHosts:
    """Answers only where the host asked is one of these, in one header, at any port."""

    def __init__(self, app: ASGIApp, names: Sequence[str]) -> None:
        """``names`` besides this machine's own."""
        self._app = app
        self._names = {*HOSTS, *(_written(name) for name in names)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on, or refuses in words."""
        if scope["type"] == "http" and not self._is_one(Headers(scope=scope).getlist("host")):
            refused = PlainTextResponse("This server is not asked by this name: see --name.\n", 400)
            await refused(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_one(self, given: list[str]) -> bool:
        found = _HOST.fullmatch(given[0].lower()) if len(given) == 1 else None
        return found is not None and found[1] in self._names


def _written(name: str) -> str:
    """As an address has it: of IPv6 in brackets."""
    return f"[{name.lower()}]" if ":" in name and not name.startswith("[") else name.lower().rstrip(".")
