"""Who receives which of central's records (spec section 3, ``receives``)."""

from __future__ import annotations

from collections.abc import Callable

from tests.oracle.batch import Batch
from tests.oracle.homes import JOINS
from tests.oracle.sites import TOPOLOGY_KEYS
from tests.oracle.tables import MERGES, TABLES, Key
from tests.oracle.topology import Row, WantedSite


class Audience:
    """What belongs on one site. ``known``: what it has; ``named``: what patients and prescribers that belonged
    there were merged into."""

    def __init__(self, batch: Batch, site: WantedSite, known: set[Key], named: set[Key]) -> None:
        self.batch = batch
        self.site = site
        self.known = known
        self.named = named
        self.is_primary = site.id == batch.wanted.primary_id
        self.is_central = site.code == batch.wanted.central
        self.has_dispensary = site.id in batch.stores.dispensing
        seen = batch.stores.seen(self._rows("name_store_join"))
        self.instances = {one: batch.stores.instance(site, one, seen) for one in batch.stores.records}
        self.visible = {
            row["patient_id"] for row in self._rows(JOINS["patient"]).values() if self._is_full(row["store_id"])
        }
        prescriptions = self._rows("prescription").values()
        self.dispensed_to = {row["patient_id"] for row in prescriptions if self._is_full(row["store_id"])}
        users = [*self._rows(JOINS["prescriber"]).values(), *prescriptions]
        self.prescribers = {row["prescriber_id"] for row in users if self._works_with(row["store_id"])}

    def belongs(self) -> set[Key]:
        """The records that belong on the site."""
        found = {key for key in self.batch.records if key[0] not in MERGES and self._receives(key)}
        return found | {key for key in self.batch.records if key[0] in MERGES and self._receives_merge(key, found)}

    def _rows(self, table: str) -> dict[str, Row]:
        return {key[1]: record.row for key, record in self.batch.records.items() if key[0] == table}

    def _is_active(self, store: str | None) -> bool:
        return store is not None and self.instances.get(store) == "active"

    def _collects(self, store: str | None) -> bool:
        """Central's collectors live in the warehouse (B36)."""
        is_collector = store is not None and self.instances.get(store) == "collector" and not self.is_central
        return is_collector and not self.batch.stores.is_withheld(store)

    def _is_full(self, store: str | None) -> bool:
        return self._is_active(store) or self._collects(store)

    def _works_with(self, store: str | None) -> bool:
        """Prescribers of the store are here: it is active here, where a dispensary is, or a full copy (T5)."""
        return (self.has_dispensary and self._is_active(store)) or self._collects(store)

    def _receives(self, key: Key) -> bool:
        by_policy: dict[str, Callable[[Key], bool]] = {
            "central": lambda key: True,
            "central_server": lambda key: True,
            "central_dispensary": lambda key: self.is_primary or self.has_dispensary,
            "central_store": self._has_visibility,
            "patient_visibility": self._has_visibility,
            "store_record": self._has_store_record,
            "sync_settings": lambda key: str(self._row(key).get("site_id", key[1])) == str(self.site.id),
            # the warehouse alone receives it; who has it keeps it
            "new_user": lambda key: key in self.known,
            "store": lambda key: self._has_owner(key) or (self.is_primary and self._is_ordered(key)),
            "procurement": self._procures,
            "patient": self._has_patient,
            "repeat": self._has_patient,
            "prescriber": self._has_prescriber,
            "prescription": lambda key: self._has_owner(key) or self._follows(key),
            "message": self._is_addressed,
            "local": self._has_preference,
        }
        return by_policy[TABLES[key[0]].policy](key)

    def _row(self, key: Key) -> Row:
        return self.batch.records[key].row

    def _has_visibility(self, key: Key) -> bool:
        return self.is_primary or self._is_full(self._row(key)["store_id"])

    def _has_store_record(self, key: Key) -> bool:
        keeps = self.site.id == self.batch.wanted.store_keeper_id
        is_store = key[0] == "store"
        return self.instances.get(key[1]) is not None if is_store else keeps or self.is_primary or self._is_full(key[1])

    def _has_owner(self, key: Key) -> bool:
        return self._is_full(self.batch.owner_held(key))

    def _has_preference(self, key: Key) -> bool:
        return self._row(key)["key"] not in TOPOLOGY_KEYS or key[1].endswith(f":{self.site.id}")

    def _has_prescriber(self, key: Key) -> bool:
        at_home = self.batch.stores.home_site(self._row(key)["home_store_id"]) == self.site.id
        return self.is_primary or at_home or key[1] in self.prescribers or key in self.named

    def _receives_merge(self, key: Key, found: set[Key]) -> bool:
        row = self.batch.records[key].row
        if TABLES[key[0]].policy in ("patient", "prescriber"):
            kept = row["kept_id"]
            has_kept = (MERGES[key[0]], kept) in found or (MERGES[key[0]], kept) in self.named
            return self.is_primary or has_kept or kept in self.prescribers  # though it was deleted since
        return self._receives(key)

    def _has_patient(self, key: Key) -> bool:
        row = self.batch.records[key].row
        patient = key[1] if key[0] == "patient" else row["patient_id"]
        is_named = key[0] == "patient" and (patient in self.dispensed_to or key in self.named)
        return self.is_primary or self._is_visible(patient) or is_named

    def _is_visible(self, patient: str) -> bool:
        """The patient is visible in a store here, or at home."""
        row = self.batch.held("patient", patient)
        at_home = row is not None and self.batch.stores.home_site(row["home_store_id"]) == self.site.id
        return at_home or patient in self.visible

    def _follows(self, key: Key) -> bool:
        document = self.batch.document_held(key)
        is_on = self.batch.wanted.prescriptions_follow_patient
        return is_on and document is not None and self._is_visible(document["patient_id"])

    def _procures(self, key: Key) -> bool:
        document = self.batch.document_held(key)
        if document is None:
            return False
        if document["is_centralised"]:
            return self.is_primary or self._is_full(document["store_id"])
        return self._is_full(document["store_id"])

    def _is_ordered(self, key: Key) -> bool:
        """X3, B36: goods received for a centralised order."""
        document = self.batch.document_held(key) or {}
        order = self.batch.held("purchase_order", document.get("purchase_order_id"))
        return bool(order and order["is_centralised"])

    def _is_addressed(self, key: Key) -> bool:
        record = self.batch.records[key]
        sender, receiver = record.row["from_store_id"], record.row["to_store_id"]
        sent_here = self._is_active(sender) if sender is not None else record.maker == self.site.id
        return sent_here or receiver is None or self._is_active(receiver)
