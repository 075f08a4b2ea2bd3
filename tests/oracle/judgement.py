"""The verdict on each change, one record at a time (spec section 5).

``judge`` says what a change deserves by itself, then takes back what cannot stand with the others:
a row without what it refers to, a delete of something still referred to, part of a document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.oracle.sites import Change, Key
from tests.oracle.tables import DOCUMENTS, TABLES
from tests.oracle.topology import Row, Stores, WantedStore

ADMITTED = {"authorised", "adopted", "unchanged", "kept_at_site", "nothing_to_delete", "stays_at_site"}
WAITING = {"undecided", "store_unknown", "store_not_placed", "parent_missing", "reference_missing", "document_waits"}


def verdict(reason: str) -> str:
    """admitted, waiting or rejected (A1)."""
    return "admitted" if reason in ADMITTED else "waiting" if reason in WAITING else "rejected"


@dataclass
class Record:
    """What central holds of a record; ``version`` grows with every admitted change."""

    row: Row
    maker: int | None
    version: int


class Bench:
    """Central's records and stores while some sites' changes are judged together."""

    def __init__(
        self,
        records: dict[Key, Record],
        stores: Stores,
        changes: list[Change],
        placed: dict[str, WantedStore] | None = None,
    ) -> None:
        self.records = records
        self.placed = stores.placed if placed is None else placed  # before these changes
        self.stores = stores
        self.wanted = stores.wanted
        self.changes = changes
        self.sent = {(change.site_id, change.key): change for change in changes if change.row is not None}

    def judge(self) -> None:
        """Gives every change its reason. What would move a store is refused, and the others judged without it."""
        self._judge()
        refused = self._moving_stores()
        if refused:
            everything = self.changes
            self.changes = [change for change in everything if change not in refused]
            self._judge()
            self.changes = everything
        for change in refused:
            change.reason = "store_is_placed"

    def _judge(self) -> None:
        for change in self.changes:
            change.reason = self._own_reason(change)
        made: set[Key] = set()
        for change in self.changes:  # of two sites that make one record, the first makes it
            if change.reason == "authorised" and change.row is not None:
                change.reason = "takes_over" if change.key in made else "authorised"
                made.add(change.key)
        while any([self._take_back(self._lacks()), self._take_back(self._needed()), self._take_back(self._apart())]):
            continue

    def _moving_stores(self) -> list[Change]:
        """B18: changes of store records that would move a store behind the file's back: a placed one deleted or
        renamed, or its code used by a second record (of two new ones, the one of the lower id has it)."""
        holders = {store.code: store_id for store_id, store in self.placed.items()}
        refused = []
        stores = [change for change in self.changes if change.table == "store" and change.reason == "authorised"]
        for change in sorted(stores, key=lambda change: change.key):
            store_id, code = change.key[1], change.row["code"] if change.row else None
            own = self.placed[store_id].code if store_id in self.placed else None
            is_taken = own is None and code is not None and holders.setdefault(code, store_id) != store_id
            if (own is not None and own != code) or is_taken:
                refused.append(change)
        return refused

    @staticmethod
    def _take_back(found: list[tuple[Change, str]]) -> bool:
        for change, reason in found:
            change.reason = reason
        return bool(found)

    # -- a change by itself

    def _own_reason(self, change: Change) -> str:
        policy = TABLES[change.table].policy
        held = self.records.get(change.key)
        if policy == "undecided":
            return "undecided"
        if change.malformed:
            return "malformed_value"
        reason = self._by_policy(policy)(change, held)
        is_equal = held is not None and change.row == held.row
        if is_equal and (change.is_snapshot or reason != "authorised"):
            return "adopted" if change.is_snapshot else "unchanged"
        return reason

    def _by_policy(self, policy: str) -> Callable[[Change, Record | None], str]:
        return {"store": self._of_a_store, "new_user": self._of_a_user}.get(policy, self._of_one_site)

    def _of_one_site(self, change: Change, held: Record | None) -> str:
        """Data that one site of the network may edit, whatever store it is about."""
        policy = TABLES[change.table].policy
        if change.row is None and held is None:
            return "nothing_to_delete"
        if policy == "sync_settings":
            return "written_by_topology"
        editor, denied = {
            "central_server": (self.wanted.central_id, "not_central"),
            "store_record": (self.wanted.store_keeper_id, "not_central"),
        }.get(policy, (self.wanted.primary_id, "not_primary"))
        if change.site_id == editor:
            return "authorised"
        return "differs_at_first_contact" if change.is_snapshot and held else denied

    def _of_a_user(self, change: Change, held: Record | None) -> str:
        if held is None:
            return "nothing_to_delete" if change.row is None else "authorised"
        return "kept_at_site" if held.maker == change.site_id else "takes_over"

    def _of_a_store(self, change: Change, held: Record | None) -> str:
        if held is None:
            return "nothing_to_delete" if change.row is None else self._new(change)
        before = self.stores.active_site(self.owner_held(change.key))
        if before is None:
            return "store_not_placed"
        if change.row is None:
            return "authorised" if before == change.site_id else "not_owner"
        after = self.stores.active_site(self.owner_sent(change))
        if before != change.site_id:
            if change.is_snapshot:
                return "differs_at_first_contact"
            return "takes_over" if after == change.site_id else "not_owner"
        if after == change.site_id:
            return self._staying(change)
        if self.owner_sent(change) is None:
            return "parent_missing" if TABLES[change.table].lines_of else "no_owner"
        return "gives_away"

    def _new(self, change: Change) -> str:
        owner = self.owner_sent(change)
        if owner is None:
            return "parent_missing" if TABLES[change.table].lines_of else "no_owner"
        if owner not in self.stores.records:
            return "store_unknown"
        active = self.stores.active_site(owner)
        if active is None:
            return "store_not_placed"
        return self._staying(change) if active == change.site_id else "not_owner"

    def _staying(self, change: Change) -> str:
        keeps = self.stores.keeps(self.owner_sent(change), is_stock=TABLES[change.table].is_stock)
        return "stays_at_site" if keeps else "authorised"

    def owner_held(self, key: Key) -> str | None:
        """The store that central's record belongs to; a line's is its document's (R1)."""
        record = self.records.get(key)
        return self._owner_of(key[0], record.row, None) if record else None

    def owner_sent(self, change: Change) -> str | None:
        """The store that the row as sent belongs to: it, or its document as sent or held, says so."""
        return self._owner_of(change.table, change.row, change.site_id) if change.row else None

    def _owner_of(self, table: str, row: Row, site_id: int | None) -> str | None:
        parent = TABLES[table].lines_of
        owner: str | None
        if parent is None:
            owner = row["store_id"]
            return owner
        document = (parent, row[f"{parent}_id"])
        sent = self.sent.get((site_id, document)) if site_id is not None else None
        held = self.records.get(document)
        owner = sent.row["store_id"] if sent is not None and sent.row is not None else None
        return owner if owner is not None or held is None else held.row["store_id"]

    # -- changes together

    def _standing(self) -> Iterable[Change]:
        """What central will hold: data that stays at its site is admitted and not kept."""
        return (change for change in self.changes if change.reason in ADMITTED and change.reason != "stays_at_site")

    def _lacks(self) -> list[tuple[Change, str]]:
        """Rows that refer to a record neither held nor coming (A1, M3)."""
        coming = {change.key for change in self.changes if change.reason == "authorised" and change.row}
        found = []
        for change in self._standing():
            missing = [
                parent
                for column, parent in TABLES[change.table].refers.items()
                if change.row is not None and change.row[column] is not None
                if (parent, change.row[column]) not in self.records and (parent, change.row[column]) not in coming
            ]
            if missing:
                is_line = TABLES[change.table].lines_of in missing
                found.append((change, "parent_missing" if is_line else "reference_missing"))
        return found

    def _needed(self) -> list[tuple[Change, str]]:
        """Deletes of records that something held or coming refers to (R6)."""
        deletes = {
            change.key: change for change in self._standing() if change.reason == "authorised" and not change.row
        }
        rows = {key: record.row for key, record in self.records.items() if key not in deletes}
        rows |= {change.key: change.row for change in self.changes if change.reason == "authorised" and change.row}
        found = {}
        for (table, _), row in rows.items() if deletes else ():
            for column, parent in TABLES[table].refers.items():
                if (parent, row[column]) in deletes:
                    found[parent, row[column]] = deletes[parent, row[column]]
        return [(change, "still_referenced") for change in found.values()]

    def _apart(self) -> list[tuple[Change, str]]:
        """What stands of documents that cannot come whole (A4, A5)."""
        fates: dict[tuple[int, Key], str] = {}
        for change in self.changes:
            document = self._document(change)
            if document is None or change.row is None or change.reason in ADMITTED:
                continue
            is_header_rejected = change.key == document and change.reason not in WAITING | {"malformed_value"}
            if is_header_rejected or (change.site_id, document) not in fates:
                fates[change.site_id, document] = "parent_rejected" if is_header_rejected else "document_waits"
        found = []
        for change in self._standing():
            document = self._document(change)
            if document and (change.site_id, document) in fates:
                found.append((change, fates[change.site_id, document]))
        return found

    def _document(self, change: Change) -> Key | None:
        """The document that the change is part of; a delete is part of the one central knows."""
        row = change.row
        if row is None:
            held = self.records.get(change.key)
            row = held.row if held else None
        if row is None:
            return None
        if change.table in DOCUMENTS:
            return change.key
        parent = TABLES[change.table].lines_of
        return (parent, row[f"{parent}_id"]) if parent else None
