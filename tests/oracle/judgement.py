"""The verdict on each change, one record at a time (spec section 5).

``judge`` says what a change deserves by itself, then takes back what cannot stand with the others:
a row without what it refers to, a delete of something still referred to, part of a document.
"""

from __future__ import annotations

from collections.abc import Iterable

from tests.oracle.alone import Alone
from tests.oracle.batch import ADMITTED, WAITING, Batch, Record
from tests.oracle.homes import PEOPLE, fill_homes
from tests.oracle.merges import Merged
from tests.oracle.merging import Merging
from tests.oracle.moves import Moves
from tests.oracle.sites import Change
from tests.oracle.tables import DOCUMENTS, MERGES, TABLES, Key
from tests.oracle.topology import Stores, WantedStore


class Bench(Batch):
    """A batch with its verdicts."""

    def __init__(
        self,
        records: dict[Key, Record],
        stores: Stores,
        changes: list[Change],
        placed: dict[str, WantedStore] | None = None,
        merged: Merged | None = None,
        positions: dict[int, int] | None = None,
        moves: Moves | None = None,
    ) -> None:
        super().__init__(records, stores, changes, merged, positions, moves)
        self.placed = stores.placed if placed is None else placed  # before these changes

    def judge(self) -> None:
        """Gives every change its reason. What would move a store is refused, and the others judged without it."""
        for change in self.changes:  # late changes name what was kept
            change.row = change.renamed = self.merged.rewritten(change.table, change.sent) if change.sent else None
        fill_homes(self)
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
        alone = Alone(self)
        reasons = [alone.reason(change) for change in self.changes]
        counted = [change for change, one in zip(self.changes, reasons, strict=True) if one == "authorised"]
        is_settled = False
        while not is_settled:
            for change, reason in zip(self.changes, reasons, strict=True):
                change.reason = reason
            self._judge_merges(counted)
            self._once_only()
            while self._take_all_back():
                continue
            standing = [change for change in counted if change.reason == "authorised"]
            is_settled = len(standing) == len(counted) or all(change.table not in MERGES for change in self.changes)
            counted = standing

    def _take_all_back(self) -> bool:
        return any([self._take_back(self._lacks()), self._take_back(self._needed()), self._take_back(self._apart())])

    def _judge_merges(self, counted: list[Change]) -> None:
        """Merges that may be made where they were, in their order; they see the end of what is ``counted`` (B61)."""
        merging = Merging(self, counted)
        for change in self.changes:
            if change.table in MERGES and change.reason == "authorised" and change.row is not None:
                change.reason = merging.reason(change)

    def _once_only(self) -> None:
        """Of two sites that make one record, the first makes it; of two that change a repeat, too (R8)."""
        made: set[Key] = set()
        for change in self.changes:
            if change.reason != "authorised":
                continue
            is_shared = TABLES[change.table].policy == "repeat" and change.key in self.records
            if change.key in made:
                change.reason = "takes_over" if not is_shared else "edited_elsewhere"
                if is_shared and change.row is not None and change.renamed == self.records[change.key].row:
                    change.reason = "unchanged"
            elif is_shared or change.row is not None:
                made.add(change.key)

    def _moving_stores(self) -> list[Change]:
        """B18: changes of store records that would move a store behind the file's back: a placed one deleted, or its
        code used by a second record (of two new ones, the one of the lower id has it)."""
        holders = {store.code: store_id for store_id, store in self.placed.items()}
        newcomers: dict[str, str] = {}
        refused = []
        stores = [change for change in self.changes if change.table == "store" and change.reason == "authorised"]
        for change in sorted(stores, key=lambda change: change.key):
            store_id, code = change.key[1], change.row["code"] if change.row else None
            own = self.placed[store_id].code if store_id in self.placed else None
            is_taken = code is not None and holders.get(code, store_id) != store_id
            if own is None and code is not None:
                is_taken |= newcomers.setdefault(code, store_id) != store_id
            if (own is not None and change.row is None) or is_taken:
                refused.append(change)
        return refused

    @staticmethod
    def _take_back(found: list[tuple[Change, str]]) -> bool:
        for change, reason in found:
            change.reason = reason
        return bool(found)

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
                for column, parent in self._needs(change)
                if change.renamed is not None and change.renamed[column] is not None
                if (parent, change.renamed[column]) not in self.records
                if (parent, change.renamed[column]) not in coming
                if (parent, change.renamed[column]) not in self.merged.kept  # it was here
            ]
            if missing:
                is_line = TABLES[change.table].lines_of in missing
                found.append((change, "parent_missing" if is_line else "reference_missing"))
        return found

    @staticmethod
    def _needs(change: Change) -> Iterable[tuple[str, str]]:
        """What a row cannot come without: by its foreign keys; the prescriber of visibility; what a merge keeps."""
        facts = TABLES[change.table]
        if change.table in MERGES:
            columns = ["kept_id", "merged_id"] if MERGES[change.table] in (*PEOPLE, "location") else ["kept_id"]
            return [(column, MERGES[change.table]) for column in columns]
        return (facts.loose if facts.policy == "patient_visibility" and not facts.refers else facts.refers).items()

    def _needed(self) -> list[tuple[Change, str]]:
        """Deletes of records that something held or coming refers to (R6)."""
        deletes = {
            change.key: change for change in self._standing() if change.reason == "authorised" and not change.row
        }
        coming = [change for change in self.changes if change.reason == "authorised" and change.row]
        changed = {change.key for change in coming}
        named = [
            (parent, change.row[column]) for change in coming if change.row for column, parent in self._needs(change)
        ]
        merged = self._merged_here()
        for key, record in self.records.items() if deletes else ():
            if key not in deletes and key not in changed and key not in merged:
                named += [(parent, record.row[column]) for column, parent in TABLES[key[0]].refers.items()]
        found = {key: deletes[key] for key in named if key in deletes}
        return [(change, "still_referenced") for key, change in found.items() if key not in merged]

    def _merged_here(self) -> set[Key]:
        """Records that merges of this batch take away."""
        return {
            (MERGES[change.table], change.row["merged_id"])
            for change in self.changes
            if change.table in MERGES and change.reason == "authorised" and change.row is not None
        }

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
            if document and change.reason != "adopted" and (change.site_id, document) in fates:
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
