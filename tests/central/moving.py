"""Stores on their way, as tests bring them along (B47)."""

from __future__ import annotations

from central.cycle.stages import Asked, admit_next, publish_last, route_last
from central.plan.apply import apply_wanted
from central.plan.plan import NetworkPlan
from central.project import load
from tests.central.clinics import SITES, Clinics

OVER = {"done", "cancelled"}


def apply(clinics: Clinics, *, is_forced: bool = False) -> NetworkPlan | None:
    """What `apply` does."""
    asked = Asked(load(clinics.folder), clinics.later(), "ana@server")
    made = apply_wanted(asked, is_forced=is_forced)
    for stage in (admit_next, route_last, publish_last):
        stage(asked)
    return made


def state(clinics: Clinics) -> list[str]:
    """The states of all moves."""
    return [row[0] for row in clinics.warehouse("select state from ledger.move order by move")]


def told(clinics: Clinics, store: str) -> dict[str, str]:
    """What each site says of a store, by its own table (T7)."""
    rows = {site: clinics.rows(site, "store_site", "sync_type", f"store_id = '{store}'") for site in SITES}
    return {site: own[0][0] for site, own in rows.items() if own}


def active(clinics: Clinics, store: str) -> list[str]:
    """The sites where the store is active, by what they were told themselves."""
    return [site for site, kind in told(clinics, store).items() if kind == "active"]


def moving(clinics: Clinics, store: str, until: str, *, to: str = "south") -> None:
    """A store on its way, up to a state."""
    clinics.configure({}, **{store: {"active_on": to, "collector_on": []}})
    apply(clinics)
    while state(clinics)[-1] != until:
        clinics.sync()


def finish(clinics: Clinics) -> None:
    """Cycles until every move is over, and one more."""
    for _ in range(8):
        clinics.sync()
        if set(state(clinics)) <= OVER:
            clinics.sync()
            return
    raise AssertionError(clinics.warehouse("select * from ledger.move"))
