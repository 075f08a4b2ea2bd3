"""Patients and prescribers: where their homes are, who sees them, and what the home decides (B32 to B34)."""

from __future__ import annotations

from uuid import NAMESPACE_OID, uuid5

from tests.oracle.batch import Batch
from tests.oracle.sites import Change
from tests.oracle.topology import Row, Stores

PEOPLE = ("patient", "prescriber")
JOINS = {"patient": "patient_store_join", "prescriber": "prescriber_store_join"}


def join_kind(table: str) -> str:
    """Whose visibility a table has."""
    return next(kind for kind, join in JOINS.items() if join == table)


def fill_homes(batch: Batch) -> None:
    """B33: a home store left empty is the one held; a new record's is where its maker made it visible, else used it,
    if that is a store of the site."""
    for change in batch.changes:
        if change.table in PEOPLE and change.row is not None and change.row["home_store_id"] is None:
            held = batch.held(*change.key)
            home = held["home_store_id"] if held else None
            implied = _first_home(batch, change) if home is None else None
            if implied is not None and batch.stores.active_site(implied) == change.site_id:
                home = implied
            change.row = {**change.row, "home_store_id": home}


def _first_home(batch: Batch, change: Change) -> str | None:
    kind, record_id = change.key
    theirs = [one for one in batch.changes if one.site_id == change.site_id and one.row is not None]
    about = [one for one in theirs if one.table in (JOINS[kind], "prescription")]
    named = [(one, one.row["store_id"]) for one in about if one.row and one.row[f"{kind}_id"] == record_id]
    shown = {str(uuid5(NAMESPACE_OID, f"supplysync:patient_store_join:{record_id}:{store}")) for _, store in named}
    seen: list[tuple[str, str]] = sorted(  # what was made because the patient is new says nothing (B24)
        (one.key[1], store)
        for one, store in named
        if one.table == JOINS[kind] and store is not None and one.key[1] not in shown
    )
    if seen:
        return seen[0][1]
    used: list[str] = [store for one, store in named if one.table == "prescription"]
    return used[-1] if used else None


def visible_sites(stores: Stores, joins: dict[str, Row], patient_id: str) -> set[int | None]:
    """The sites where the patient is visible in an active store."""
    return {stores.active_site(row["store_id"]) for row in joins.values() if row["patient_id"] == patient_id}


class Subjects:
    """Who may edit data about a patient or prescriber, as central knows them or as one site sends them."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.joins = {key[1]: one.row for key, one in batch.records.items() if key[0] == JOINS["patient"]}

    def known(self, site_id: int, kind: str, record_id: str | None) -> Row | None:
        """The person as held, else as the site sends it."""
        return self.batch.held(kind, record_id) or self.batch.sent_by(site_id, kind, record_id)

    def home(self, person: Row) -> int | None:
        """The person's home site; None where it waits for a place."""
        return self.batch.stores.home_site(person["home_store_id"])

    def may(self, site_id: int, table: str, person: Row) -> bool:
        """Whether the site edits what ``table`` has about the person."""
        if self.home(person) == site_id:
            return True
        is_anywhere = table == "repeat" and self.batch.wanted.repeats_anywhere
        return is_anywhere and site_id in visible_sites(self.batch.stores, self.joins, person["id"])

    def lack(self, person: Row | None) -> str | None:
        """Why nobody can edit the person's data now."""
        if person is None:
            return "reference_missing"
        if self.home(person) is None:
            return self.batch.stores.why_nowhere(person["home_store_id"])
        return None

    def new_visibility(self, change: Change) -> str:
        """B32: a new visibility row; primary's are in order."""
        batch, row = self.batch, change.row or {}
        if change.site_id == batch.wanted.primary_id:
            return "authorised"
        kind = join_kind(change.table)
        person = self.known(change.site_id, kind, row[f"{kind}_id"])
        lack = self.lack(person)
        if person is None or lack:
            return lack or ""
        if self.home(person) != change.site_id:
            return "not_home_site"
        store = row["store_id"]
        if store is None:
            return "no_owner"
        active = batch.stores.active_site(store)
        if active is None:
            return batch.stores.why_nowhere(store)
        return "authorised" if active == change.site_id else "not_home_site"

    def is_stale(self, change: Change) -> bool:
        """R8: another site's change to a record that several may edit was admitted, and the site did not know of it."""
        if change.table != "repeat" or not self.batch.wanted.repeats_anywhere:
            return False
        position = self.batch.positions.get(change.site_id, 0)
        edits = self.batch.records[change.key].edits
        return any(site != change.site_id and version > position for site, version in edits.items())
