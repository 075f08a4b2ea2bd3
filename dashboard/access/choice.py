"""How a server shall know who somebody is: what is asked for, unless that would let in anybody unsaid."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.access.door import SHORTEST_SECRET, SignIn
from dashboard.access.proxies import Proxies
from dashboard.guests.people import Roster

SECRET_VARIABLE = "SUPPLYSYNC_PROXY_SECRET"


class UnsafeSignIn(ValueError):
    """Served so, the pages would let in whoever gets there; or nobody at all."""


def chosen_sign_in(
    roster: Roster, kind: str | None, proxies: Sequence[str], header: str, secret: str, *, beyond: str | None
) -> tuple[SignIn, str | None]:
    """The sign-in, and what is to be warned of. ``kind`` is what was asked for, None where nothing was; ``beyond`` is
    the address listened at where others than this machine get to it.

    Raises UnsafeSignIn, BadProxy, RosterUnusable.
    """
    named = Proxies.named(proxies)
    is_used = bool(roster.viewers())
    _refuse_unsafe(kind, secret, is_used=is_used, is_proxied=bool(proxies), beyond=beyond)
    if kind == "header":
        return SignIn("header", roster, named, header, secret), None
    if kind != "none" and is_used:
        warning = "without https passwords can be read on their way: put a proxy before it (--proxy)"
        return SignIn("password", roster, named), warning if beyond and not proxies else None
    return SignIn(), f"nobody has to sign in: whoever gets to {beyond} sees everything" if beyond else None


def _refuse_unsafe(kind: str | None, secret: str, *, is_used: bool, is_proxied: bool, beyond: str | None) -> None:
    if kind == "header" and not (is_proxied and len(secret) >= SHORTEST_SECRET):
        raise UnsafeSignIn(
            f"--sign-in header needs --proxy ADDRESS and, in the environment or .env, {SECRET_VARIABLE} of at least "
            f"{SHORTEST_SECRET} characters, which the proxy sends as X-Supplysync-Secret: else anybody could say who "
            "they are"
        )
    if kind in ("header", "password") and not is_used:
        raise UnsafeSignIn("nobody may sign in yet: `supplysync dashboard users add NAME`")
    if kind is None and not is_used and beyond:
        raise UnsafeSignIn(
            f"at {beyond} whoever gets there would see everything: `supplysync dashboard users add NAME` lets people "
            "sign in; --sign-in none, if that is meant"
        )
