"""Stores on their way between sites, and central data on its way to another primary, as the network says (B47, B49).

How far each move is, is not worked out here: it depends on what sites answered. What follows from it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.oracle.topology import Row, Stores, Wanted

CENTRAL_DATA = ""
HANDED_OVER = ("filling", "activating", "done")
TOLD = {
    "wanted": ("active", "collector"),
    "cut": ("collector", "collector"),
    "filling": ("collector", "collector"),
    "activating": ("collector", "active"),
}


@dataclass(frozen=True)
class Move:
    """A store, or CENTRAL_DATA, and how far it is on its way from one site to another."""

    store_id: str
    before: int
    after: int
    state: str

    @property
    def is_over(self) -> bool:
        return self.state in ("done", "cancelled")

    @property
    def editor(self) -> int | None:
        """The site that may edit what moves; None while nobody may."""
        return {"filling": None, "activating": self.after}.get(self.state, self.before)


class Moves:
    """All moves, in the order in which they began."""

    def __init__(self, every: Sequence[Move] = ()) -> None:
        self.every = tuple(every)
        self.of_stores = {one.store_id: one for one in every if not one.is_over and one.store_id != CENTRAL_DATA}
        of_primary = [one for one in every if one.store_id == CENTRAL_DATA]
        self.primary = of_primary[-1] if of_primary and not of_primary[-1].is_over else None
        self.primaries = of_primary

    def placed(self, wanted: Wanted, records: dict[str, Row], bound: dict[str, str]) -> Stores:
        """The stores, each where it may be edited now."""
        own = {store_id: one.editor for store_id, one in self.of_stores.items()}
        dispensing = set[int]().union(*(end.dispensing for end in self.ends(wanted, records, bound)))
        moving = {store_id for store_id, site in own.items() if site is None}
        return Stores(wanted, records, bound, places=own, dispensing=dispensing, moving=moving)

    def ends(self, wanted: Wanted, records: dict[str, Row], bound: dict[str, str]) -> list[Stores]:
        """The networks by which sites have records: as before what is under way, and as after it (B47)."""
        ends = []
        for end in ("before", "after"):
            places = {store_id: getattr(one, end) for store_id, one in self.of_stores.items()}
            primary = wanted if self.primary is None else replace(wanted, holder=getattr(self.primary, end))
            ends.append(Stores(primary, records, bound, places=places))
        return ends if self.of_stores or self.primary else ends[1:]

    def told(self, store_id: str, site_id: int) -> str | None:
        """What a site that a store leaves, or goes to, is told of it; None for what moves do not say."""
        one = self.of_stores.get(store_id)
        if one is None or site_id not in (one.before, one.after):
            return None
        return TOLD[one.state][site_id == one.after]

    def told_primary(self, wanted: Wanted) -> dict[int, bool]:
        """The sites that are told whether they are primary: those that are, were or are to be (B49)."""
        if not self.primaries:
            return {}
        last = self.primaries[-1]
        sites = {site for one in self.primaries for site in (one.before, one.after)}
        primary = None if last.state in ("cut", "filling") else wanted.primary_id
        return {site: site == primary for site in sites | {wanted.primary_id} - {0}}

    def left(self, site_id: int, active: dict[str, int], primary_id: int) -> set[str]:
        """What a site handed over, and did not get back."""
        here = {store_id for store_id, site in active.items() if site == site_id}
        here |= {CENTRAL_DATA} if site_id == primary_id else set()
        return {one.store_id for one in self.every if one.before == site_id and one.state in HANDED_OVER} - here
