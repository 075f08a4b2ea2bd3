"""How far a running cycle is, for whoever looks on: the records left to come in and to go out, by site (M6)."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, Protocol

from sync_rules.screen import visible

_LOOK_S = 0.5
_LISTED = 3
_TROUBLES = 20


class Way(StrEnum):
    """Where the records of a stage go."""

    IN = "come in"
    OUT = "go out"


class Onlooker(Protocol):
    """Who looks on while a cycle runs."""

    def says(self, line: str) -> None:
        """Takes a line that stands for itself."""

    def looks(self, progress: Progress) -> None:
        """Looks at a stage: again and again, while it goes on and once it is over."""


_onlookers: list[Onlooker] = []


@contextmanager
def watched(onlooker: Onlooker) -> Iterator[None]:
    """Lets somebody look on at what runs in this process meanwhile."""
    _onlookers.append(onlooker)
    try:
        yield
    finally:
        _onlookers.remove(onlooker)


def tell(line: str) -> None:
    """Passes a line on to whoever looks on."""
    for onlooker in _onlookers:
        onlooker.says(line)


class Progress:
    """How far a stage is with its sites (codes by site id). Whoever works at a site says how many records are ``left``
    there, from any thread; until then that is not known."""

    def __init__(self, way: Way, sites: Mapping[int, str], left: Mapping[int, int] | None = None) -> None:
        self.way = way
        self._sites = sites
        self._left = dict(left or {})
        self._ended: set[int] = set()
        self._began = time.monotonic()
        self.moved = 0
        self.troubled = 0

    def left(self, site_id: int, records: int) -> None:
        """So many records of a site are not read, or not written, yet."""
        self._left[site_id] = records

    def ended(self, site_id: int, records: int, trouble: str | None = None) -> None:
        """A site is done: so many records moved, or what went wrong. The first that went wrong are told at once."""
        self._ended.add(site_id)
        self.moved += records
        if trouble is not None:
            self.troubled += 1
            if self.troubled <= _TROUBLES:
                tell(f"{self._sites[site_id]}: {trouble}")

    def by_site(self) -> list[tuple[str, int]]:
        """The sites that are not done of which it is known how much is left, most first: code and records."""
        known = [(self._sites[key], left) for key, left in list(self._left.items()) if key not in self._ended]
        return sorted(known, key=lambda one: (-one[1], one[0]))

    def not_asked(self) -> int:
        """How many sites there are of which nothing is known yet."""
        return len(self._sites) - len(self._ended | self._left.keys())

    @property
    def is_over(self) -> bool:
        """Whether all sites are done."""
        return len(self._ended) == len(self._sites)

    def head(self) -> str:
        """One line: ``"12 of 40 sites pulled, 2 were not reached or failed; 18,400 records came in"``."""
        done = "pulled" if self.way == Way.IN else "delivered to"
        moved = "came in" if self.way == Way.IN else "went out"
        was = "was" if self.troubled == 1 else "were"
        unwell = f", {self.troubled:,} {was} not reached or failed" if self.troubled else ""
        number = len(self._sites)
        sites = f"{len(self._ended) - self.troubled:,} of {number:,} site{'s' if number != 1 else ''} {done}"
        return f"{sites}{unwell}; {self.moved:,} record{'s' if self.moved != 1 else ''} {moved}"

    def rest(self) -> str:
        """What is left, by site: ``"to come in: clinic_1 3,000, clinic_7 20; 26 sites not asked yet"``."""
        known = self.by_site()
        listed = [f"{code} {left:,}" for code, left in known[:_LISTED]]
        if known[_LISTED:]:
            others = f"{len(known) - _LISTED:,} more site{'s' if len(known) > _LISTED + 1 else ''}"
            listed.append(f"{others} {sum(left for _, left in known[_LISTED:]):,}")
        unknown = self.not_asked()
        said = [f"to {self.way}: {', '.join(listed)}"] if listed else []
        said += [f"{unknown:,} site{'s' if unknown != 1 else ''} not asked yet"] if unknown else []
        return "; ".join(said)

    def each_as_it_ends(self, jobs: Collection[Future[Any]]) -> Iterator[Future[Any]]:
        """The jobs as they end, looked on at meanwhile; said in one line when all have."""
        waiting = set(jobs)
        while waiting:
            ended, waiting = wait(waiting, timeout=_LOOK_S, return_when=FIRST_COMPLETED)
            yield from ended
            for onlooker in _onlookers:
                onlooker.looks(self)

    def close(self) -> None:
        """Says what came of it."""
        for onlooker in _onlookers:
            onlooker.looks(self)
        tell(f"{self.head()} in {time.monotonic() - self._began:.1f} s")


class Lines:
    """An onlooker that writes a line at most every few seconds, for a log or a pipe."""

    def __init__(self, write: Callable[[str], Any], *, every_s: float = 5.0) -> None:
        self._write = write
        self._every_s = every_s
        self._last = time.monotonic()

    def says(self, line: str) -> None:
        """Writes it at once."""
        self._write(visible(line))

    def looks(self, progress: Progress) -> None:
        """Writes how far it is, unless it did so just now or it is over, which is told anyway."""
        if time.monotonic() - self._last >= self._every_s and not progress.is_over:
            self._last = time.monotonic()
            self._write(visible("; ".join(part for part in (progress.head(), progress.rest()) if part)))
