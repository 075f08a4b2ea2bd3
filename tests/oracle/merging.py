"""Whether records may be merged (B35): one merge at a time, each seeing those before it."""

from __future__ import annotations

from tests.oracle.batch import Batch
from tests.oracle.homes import PEOPLE, Subjects
from tests.oracle.merges import Merged
from tests.oracle.sites import Change
from tests.oracle.tables import MERGES, Key
from tests.oracle.topology import Row

UNFINISHED = ("requisition", "goods_received", "invoice", "purchase_order")
"""Documents with another party."""


class Merging:
    """The merges of a batch; ``counted`` are its changes of which they may see the end (B61)."""

    def __init__(self, batch: Batch, counted: list[Change]) -> None:
        self.batch = batch
        self.counted = counted
        self.coming: dict[Key, Row] = {}
        for change in counted:
            if change.row is not None:
                self.coming.setdefault(change.key, change.row)
        self.subjects = Subjects(batch)
        self.merged = Merged(batch.merged.kept)

    def reason(self, change: Change) -> str:
        """The reason code of a new merge that its site may make."""
        table, row = MERGES[change.table], change.renamed or {}  # what an earlier round made of it is gone
        change.row = row = {**row, "kept_id": self.merged.now(table, row["kept_id"])}
        kept, gone = row["kept_id"], row["merged_id"]
        if kept is None or gone is None:
            return "merge_incomplete"
        if kept == gone:
            return "merge_in_circle"
        if (table, gone) in self.merged.kept:
            person = self._known(change.site_id, table, kept) if table in PEOPLE else None
            if person and self.subjects.home(person) != change.site_id:
                return "not_home_site"
            return "authorised" if self.merged.kept[table, gone] == kept else "merged_already"
        needed = [kept, gone] if table in (*PEOPLE, "location") else [kept]
        if any(not self._is_here(table, one) for one in needed):
            return "reference_missing"
        reason = self._of_its_kind(change, table, kept, gone)
        if reason == "authorised":
            self.merged.add(table, gone, kept)
        return reason

    def _is_here(self, table: str, record_id: str) -> bool:
        return (table, record_id) in self.batch.records or (table, record_id) in self.coming

    def _known(self, site_id: int, table: str, record_id: str) -> Row | None:
        """The record as it will be, else as central holds it, else as the site sends it."""
        coming = self.coming.get((table, record_id))
        return coming or self.batch.held(table, record_id) or self.batch.sent_by(site_id, table, record_id)

    def _of_its_kind(self, change: Change, table: str, kept: str, gone: str) -> str:
        if table in PEOPLE:
            return self._people(change, table, kept, gone)
        if table == "location":
            return self._locations(change, kept, gone)
        return self._names(kept, gone) if table == "name" else "authorised"

    def _people(self, change: Change, table: str, kept: str, gone: str) -> str:
        people = [self._known(change.site_id, table, one) for one in (kept, gone)]
        if None in people:
            return "reference_missing"
        homes = [self.subjects.home(person) for person in people if person]
        if None in homes:
            return "store_not_placed"
        editor = homes[0] if homes[0] == homes[1] else self.batch.wanted.primary_id
        return "authorised" if change.site_id == editor else "not_home_site"

    def _locations(self, change: Change, kept: str, gone: str) -> str:
        rows = [self._known(change.site_id, "location", one) for one in (kept, gone)]
        stores = {row["store_id"] if row else None for row in [*rows, change.row]}
        return "authorised" if len(stores) == 1 else "merge_across_stores"

    def _names(self, kept: str, gone: str) -> str:
        records = self.batch.stores.records.items()  # those that arrive with the merge too
        stores = {
            one: [key for key, row in records if one == self.merged.now("name", row["name_id"])] for one in (kept, gone)
        }
        if stores[kept] and stores[gone]:
            return "merge_of_stores"
        for name, other in ((kept, gone), (gone, kept)):
            for store in stores[name]:
                if self._is_customer(other, store):
                    return "own_customer"
        return "authorised"

    def _is_customer(self, name: str, store: str) -> bool:
        def is_meant(name_id: str | None) -> bool:
            return name in (name_id, self.merged.now("name", name_id))

        seen = any(is_meant(row["name_id"]) and row["store_id"] == store for _, row in self._rows("name_store_join"))
        return seen or any(
            is_meant(row["other_name_id"]) and row["store_id"] == store
            for table in UNFINISHED
            for _, row in self._rows(table)
            if row["status"] != "finalised"  # what is finished is history
        )

    def _rows(self, table: str) -> list[tuple[str, Row]]:
        """The rows of a table as they will be."""
        changed = {change.key for change in self.counted}
        held = [(key[1], one.row) for key, one in self.batch.records.items() if key[0] == table and key not in changed]
        return held + [(one.key[1], one.row) for one in self.counted if one.table == table and one.row is not None]
