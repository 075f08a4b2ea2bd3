"""How often somebody may try: wrong passwords are counted by name, by address, and by both, known names or not."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

WINDOW_S = 900.0
"""So long a wrong try counts."""

MOST = {"both": 5, "address": 30, "name": 100}
"""So many wrong tries count in that time: of one name from one address, from one address, of one name from anywhere.
Of one name there may be many, so that nobody is shut out by somebody elsewhere who knows the name and no more."""

_MOST_KEPT = 50_000

_Key = tuple[str, str, str]


class TooManyAttempts(Exception):
    """It was tried too often; ``wait_s`` says how long to wait."""

    def __init__(self, wait_s: float) -> None:
        """``wait_s`` in seconds."""
        super().__init__(f"too many tries: wait {wait_s:.0f} s")
        self.wait_s = wait_s


@dataclass(frozen=True)
class Attempt:
    """A try that counts as wrong until it is known to be right."""

    keys: tuple[_Key, ...]
    at: float


class Attempts:
    """The tries of the last quarter of an hour, in the memory of one server."""

    def __init__(self) -> None:
        """Nobody tried."""
        self._lock = threading.Lock()
        self._tries: OrderedDict[_Key, list[float]] = OrderedDict()

    def begin(self, name: str, address: str, now: float) -> Attempt:
        """Counts a try at ``now`` in seconds, before the password is looked at: many at once are many. Raises
        TooManyAttempts."""
        keys = (("both", name, address), ("address", "", address), ("name", name, ""))
        with self._lock:
            waits = [self._wait(key, now) for key in keys]
            if max(waits) > 0:
                raise TooManyAttempts(max(waits))
            for key in keys:
                self._tries.setdefault(key, []).append(now)
                self._tries.move_to_end(key)
            while len(self._tries) > _MOST_KEPT:
                self._tries.popitem(last=False)
        return Attempt(keys, now)

    def was_right(self, attempt: Attempt) -> None:
        """It does not count; nor do earlier tries of this name from this address."""
        with self._lock:
            self._tries.pop(attempt.keys[0], None)
            for key in attempt.keys[1:]:
                if attempt.at in (tries := self._tries.get(key, [])):
                    tries.remove(attempt.at)

    def _wait(self, key: _Key, now: float) -> float:
        """How long until there may be another, in seconds; forgets what does not count any more."""
        tries = [at for at in self._tries.get(key, []) if now - at < WINDOW_S]
        if tries:
            self._tries[key] = tries
        else:
            self._tries.pop(key, None)
        return tries[-MOST[key[0]]] + WINDOW_S - now if len(tries) >= MOST[key[0]] else 0.0
