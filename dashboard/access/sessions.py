"""Who is signed in: sessions in the memory of one server, each known by a random id that only the browser has."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace

IDLE_S, LONGEST_S = 2 * 3600.0, 12 * 3600.0
"""A session ends so long after it was last used, and so long after it began."""

MOST_OF_ONE, MOST_SESSIONS = 20, 20_000
"""So many sessions has one name, and the server; the one that was used longest ago goes."""


@dataclass(frozen=True)
class SignedIn:
    """A session: of whom, by which state of the file of users, and what its forms carry."""

    name: str
    state: str
    form: str
    begun_at: float
    used_at: float


class Sessions:
    """Kept by the hash of their ids: who reads the server's memory signs in nowhere."""

    def __init__(self) -> None:
        """Nobody is signed in; a server that begins again has forgotten all."""
        self._lock = threading.Lock()
        self._kept: OrderedDict[bytes, SignedIn] = OrderedDict()

    def begin(self, name: str, state: str, now: float) -> str:
        """A new session at ``now`` in seconds; its id, which never was another's and was proposed by nobody."""
        made = secrets.token_urlsafe(32)
        with self._lock:
            own = [key for key, one in self._kept.items() if one.name == name]
            for key in own[: max(0, len(own) - MOST_OF_ONE + 1)]:
                del self._kept[key]
            if len(self._kept) >= MOST_SESSIONS:
                self._kept.popitem(last=False)
            self._kept[_hash(made)] = SignedIn(name, state, secrets.token_urlsafe(24), now, now)
        return made

    def find(self, given: str, now: float) -> SignedIn | None:
        """The session of an id, used now; None where there is none, or it has ended."""
        with self._lock:
            found = self._kept.pop(_hash(given), None)
            if found is None or now - found.used_at > IDLE_S or now - found.begun_at > LONGEST_S:
                return None
            self._kept[_hash(given)] = found = replace(found, used_at=now)
            return found

    def end(self, given: str) -> None:
        """Ends the session of an id, if there is one."""
        with self._lock:
            self._kept.pop(_hash(given), None)


class FormMarks:
    """What a form of somebody who is not signed in carries: made of a cookie, by a key that no other page has."""

    def __init__(self) -> None:
        """A new key: forms of before the server began are no good."""
        self._key = secrets.token_bytes(32)

    def mark(self, cookie: str) -> str:
        """What goes with the cookie."""
        return hmac.new(self._key, cookie.encode(), hashlib.sha256).hexdigest()

    def is_ours(self, cookie: str, mark: str) -> bool:
        """Was the mark made of this cookie?"""
        return bool(cookie) and same(self.mark(cookie), mark)


def same(one: str, other: str) -> bool:
    """Are they the same text? It takes as long to say no."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))


def _hash(given: str) -> bytes:
    return hashlib.sha256(given.encode("utf-8", "surrogatepass")).digest()
