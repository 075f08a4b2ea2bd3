"""What a change deserves by itself (spec section 5): who may edit the record as it was, and as it will be."""

from __future__ import annotations

from collections.abc import Callable

from tests.oracle import procurement
from tests.oracle.batch import Batch, Record
from tests.oracle.homes import PEOPLE, Subjects, join_kind
from tests.oracle.moves import CENTRAL_DATA
from tests.oracle.sites import SYNCED_KEYS, TOPOLOGY_KEYS, Change
from tests.oracle.tables import ALWAYS_LEAVES, MERGES, TABLES
from tests.oracle.topology import Row

LACKING = ("parent_missing", "no_owner", "reference_missing")


class Alone:
    """Judges changes one by one."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.stores = batch.stores
        self.wanted = batch.wanted
        self.subjects = Subjects(batch)

    def reason(self, change: Change) -> str:
        """The reason code; a merge that is new is only looked at for what it is, not for what it joins."""
        held = self.batch.records.get(change.key)
        if change.malformed and (held is None or self._may_edit(change, held)):
            return "malformed_value"
        if change.row is not None and change.key in self.batch.merged.kept:
            return "merged_away"
        if change.row is None and held is None:
            return "nothing_to_delete"
        reason = self._by_policy(change)(change, held)
        is_judged_later = change.table in MERGES and reason == "authorised"
        if is_judged_later or reason not in ("authorised", "written_by_topology"):
            reason = self._on_its_way(change, held) or reason
        if reason == "authorised" and held is not None and change.row is not None:
            reason = self._sent_already(change) or reason
        is_equal = held is not None and change.renamed == held.row and not change.malformed
        if is_equal and (change.is_snapshot or reason != "authorised"):
            return "adopted" if change.is_snapshot else "unchanged"
        return reason

    def _sent_already(self, change: Change) -> str | None:
        """X5: what was sent goes to another receiver only while the first one has not taken it in, and gave it back."""
        is_taken_in = self.batch.redirected.get((change.site_id, change.key))
        return None if is_taken_in is None else "taken_in_already" if is_taken_in else "waits_for_receiver"

    def _may_edit(self, change: Change, held: Record) -> bool:
        """Whether the site may edit the record as it is held: what is malformed of its own stays there (A3)."""
        policy = TABLES[change.table].policy
        if change.table in MERGES or policy in ("sync_settings", "message", "new_user"):
            return False
        if policy == "local" and held.row["key"] in TOPOLOGY_KEYS:
            return False
        if policy in ("store", "prescription"):
            return self.stores.active_site(self.batch.owner_held(change.key)) == change.site_id
        if policy == "procurement":
            return self._buyer(self.batch.document_held(change.key)) == change.site_id
        if policy in ("patient", "prescriber", "repeat"):
            person = self._person_of(change, held.row, is_held=True)
            return person is not None and self.subjects.may(change.site_id, change.table, person)
        return change.site_id == {
            "central_server": self.wanted.central_id,
            "store_record": self.wanted.store_keeper_id,
        }.get(policy, self.wanted.primary_id)

    def _on_its_way(self, change: Change, held: Record | None) -> str | None:
        """B47: what the site may not edit, because it handed that over, or because that is nobody's now."""
        store = self._mover(change, held)
        left = self.batch.moves.left(change.site_id, self.stores.active, self.wanted.primary_id)
        if store is None or self._may_edit_first(change, held):
            return None
        return "moved_away" if store in left else "store_moving" if store in self.stores.moving else None

    def _mover(self, change: Change, held: Record | None) -> str | None:
        """The store that decides on the record as held, else as it will be; CENTRAL_DATA for what primary edits."""
        policy, row = TABLES[change.table].policy, held.row if held else change.row
        if row is None:
            return None
        if policy in ("patient", "prescriber", "repeat", "patient_visibility"):
            person = self._about(change, row, is_held=held is not None)
            return person["home_store_id"] if person else None
        if policy == "message":
            sender: str | None = row["from_store_id"]
            return sender
        if policy in ("store", "prescription", "procurement"):
            document = self.batch.document_held(change.key) if held else self.batch.document_sent(change)
            is_primarys = policy == "procurement" and document is not None and document["is_centralised"]
            return CENTRAL_DATA if is_primarys else document["store_id"] if document else None
        is_primarys = policy in ("central", "central_dispensary", "central_store", "local")
        return CENTRAL_DATA if is_primarys else None

    def _about(self, change: Change, row: Row, *, is_held: bool) -> Row | None:
        if change.table in MERGES:
            return self.subjects.known(change.site_id, MERGES[change.table], row["kept_id"])
        if TABLES[change.table].policy != "patient_visibility":
            return self._person_of(change, row, is_held=is_held)
        kind = join_kind(change.table)
        return self.subjects.known(change.site_id, kind, row[f"{kind}_id"])

    def _may_edit_first(self, change: Change, held: Record | None) -> bool:
        """Whether the site may edit the record as held, or a new one as it will be."""
        if held is not None and change.table not in MERGES:
            return self._may_edit(change, held)
        policy = TABLES[change.table].policy
        if policy in ("store", "prescription", "procurement"):
            document = self.batch.document_held(change.key) if held else self.batch.document_sent(change)
            buyer = self._buyer(document) if policy == "procurement" else None
            owner = document["store_id"] if document else None
            return (buyer or self.stores.active_site(owner)) == change.site_id
        if policy in ("patient", "prescriber", "repeat"):
            row = held.row if held else change.row
            person = self._about(change, row, is_held=held is not None) if row else None
            return person is not None and self.subjects.may(change.site_id, change.table, person)
        return policy != "message" and change.site_id == self.wanted.primary_id

    def _by_policy(self, change: Change) -> Callable[[Change, Record | None], str]:
        if change.table in MERGES:
            return self._merge
        return {
            "store": self._of_a_store,
            "prescription": self._of_a_store,
            "procurement": self._procured,
            "new_user": self._of_a_user,
            "patient": self._of_a_person,
            "prescriber": self._of_a_person,
            "repeat": self._of_a_person,
            "patient_visibility": self._visibility,
            "message": self._message,
            "local": self._preference,
        }.get(TABLES[change.table].policy, self._of_one_site)

    # -- data that one site of the network may edit, whatever store it is about

    def _of_one_site(self, change: Change, held: Record | None) -> str:
        policy = TABLES[change.table].policy
        if policy == "sync_settings":
            return "written_by_topology"
        editor, denied = {
            "central_server": (self.wanted.central_id, "not_central"),
            "store_record": (self.wanted.store_keeper_id, f"not_{self.wanted.store_records_on}"),
        }.get(policy, (self.wanted.primary_id, "not_primary"))
        return self._by_site(change, held, editor, denied)

    @staticmethod
    def _by_site(change: Change, held: Record | None, editor: int, denied: str) -> str:
        if change.site_id == editor:
            return "authorised"
        return "differs_at_first_contact" if change.is_snapshot and held else denied

    def _preference(self, change: Change, held: Record | None) -> str:
        keys = {row["key"] for row in (change.row, held.row if held else None) if row}
        if keys & TOPOLOGY_KEYS:
            return "written_by_topology"
        assert keys <= SYNCED_KEYS
        return self._by_site(change, held, self.wanted.primary_id, "not_primary")

    # -- what may be made and not edited

    @staticmethod
    def _of_a_user(change: Change, held: Record | None) -> str:
        if held is None:
            return "authorised"
        return "kept_at_site" if held.maker == change.site_id else "takes_over"

    def _message(self, change: Change, held: Record | None) -> str:
        if held is not None:
            return "differs_at_first_contact" if change.is_snapshot else "immutable"
        sender = change.row["from_store_id"] if change.row else None
        if sender is None:
            return "authorised"
        active = self.stores.active_site(sender)
        if active is None:
            return self.stores.why_nowhere(sender)
        return "authorised" if active == change.site_id else "not_owner"

    def _merge(self, change: Change, held: Record | None) -> str:
        if held is not None:
            if self._has_no_place(change, held.row):
                return "store_not_placed"
            return "differs_at_first_contact" if change.is_snapshot else "immutable"
        match TABLES[change.table].policy:
            case "store":
                return self._of_a_store(change, None)
            case "central":
                return self._of_one_site(change, None)
        return "authorised"

    def _has_no_place(self, change: Change, held: Row) -> bool:
        """Whether the store that decides on a merge is active nowhere now."""
        if change.table == "location_merge":
            return self.stores.active_site(held["store_id"]) is None
        kept = self.batch.held(MERGES[change.table], held["kept_id"]) if MERGES[change.table] in PEOPLE else None
        return kept is not None and self.subjects.home(kept) is None

    def _visibility(self, change: Change, held: Record | None) -> str:
        if held is None:
            return self.subjects.new_visibility(change)
        return self._by_site(change, held, self.wanted.primary_id, "not_primary")

    # -- what somebody has authority over as it was and as it will be (R2)

    def _of_a_person(self, change: Change, held: Record | None) -> str:
        before = self._person_of(change, held.row, is_held=True) if held else None
        if before is not None and self.subjects.home(before) is None:
            return "store_not_placed"
        may_before = None if before is None else self.subjects.may(change.site_id, change.table, before)
        if may_before and self.subjects.is_stale(change):
            return "edited_elsewhere"
        after = self._person_of(change, change.row, is_held=False) if change.row else None
        return self._two_sided(
            change,
            may_before=may_before,
            may_after=after is not None and self.subjects.may(change.site_id, change.table, after),
            lack=self.subjects.lack(after),
            denied="not_home_site",
        )

    def _person_of(self, change: Change, row: Row, *, is_held: bool) -> Row | None:
        if change.table in PEOPLE:
            return row
        if is_held:
            return self.batch.held("patient", row["patient_id"])
        return self.subjects.known(change.site_id, "patient", row["patient_id"])

    def _of_a_store(self, change: Change, held: Record | None) -> str:
        before = self.stores.active_site(self.batch.owner_held(change.key)) if held else None
        if held is not None and before is None:
            return "store_not_placed"
        document = self.batch.document_sent(change)
        owner = document["store_id"] if document else None
        reason = self._two_sided(
            change,
            may_before=None if held is None else before == change.site_id,
            may_after=self.stores.active_site(owner) == change.site_id,
            lack=self._lack_of_owner(change, owner),
            denied="not_owner",
        )
        return self._unless_it_stays(change, owner, reason)

    def _procured(self, change: Change, held: Record | None) -> str:
        was, will = self.batch.document_held(change.key), self.batch.document_sent(change)
        before, after = self._buyer(was), self._buyer(will)
        if held is not None and before is None:
            return "store_not_placed"
        owner = will["store_id"] if will else None
        deciding = was if held is not None else will
        reason = self._two_sided(
            change,
            may_before=None if held is None else before == change.site_id,
            may_after=after == change.site_id,
            lack=None if will and will["is_centralised"] else self._lack_of_owner(change, owner),
            denied="not_primary" if deciding and deciding["is_centralised"] else "not_owner",
        )
        if reason == "takes_over" and was and was["is_centralised"]:
            return "differs_at_first_contact" if change.is_snapshot else "not_primary"
        return self._if_it_may_be_bought(change, held, reason)

    def _if_it_may_be_bought(self, change: Change, held: Record | None, reason: str) -> str:
        """B37: what the switches say to a change that is otherwise in order, or to any of a finished order."""
        was, will = self.batch.document_held(change.key), self.batch.document_sent(change)
        owner = will["store_id"] if will else None
        if self._buyer(was) == change.site_id and was and not was["is_centralised"]:
            is_finished = procurement.is_finished(was, change.table)
            if is_finished and (switch := procurement.switched_off(self.wanted, change)):
                return switch
        if will is None or reason != "authorised":
            return reason
        if will["is_centralised"]:
            is_refused = held is None and procurement.is_local_only(
                self.wanted, change.table, self.stores.active_site(owner)
            )
            return "local_procurement" if is_refused else reason
        reason = self._unless_it_stays(change, owner, reason)
        is_document = TABLES[change.table].lines_of is None
        known = None if is_document else self.batch.held(*self._document_of(change))
        is_refused = (is_document and held is None) or procurement.is_finished(known, change.table)
        switch = procurement.switched_off(self.wanted, change)
        return switch if switch and is_refused and reason == "authorised" else reason

    @staticmethod
    def _document_of(change: Change) -> tuple[str, str]:
        parent = TABLES[change.table].lines_of or change.table
        return parent, change.row[f"{parent}_id"] if change.row else change.key[1]

    def _buyer(self, document: Row | None) -> int | None:
        if document is None:
            return None
        return self.wanted.primary_id if document["is_centralised"] else self.stores.active_site(document["store_id"])

    def _unless_it_stays(self, change: Change, owner: str | None, reason: str) -> str:
        """T6, B22: nothing is kept of what the store's site keeps to itself."""
        is_kept = change.table not in ALWAYS_LEAVES
        keeps = is_kept and self.stores.keeps(owner, is_stock=TABLES[change.table].is_stock)
        return "stays_at_site" if change.row is not None and reason == "authorised" and keeps else reason

    def _lack_of_owner(self, change: Change, owner: str | None) -> str | None:
        if owner is None:
            return "parent_missing" if TABLES[change.table].lines_of else "no_owner"
        return self.stores.why_nowhere(owner) if self.stores.active_site(owner) is None else None

    @staticmethod
    def _two_sided(change: Change, *, may_before: bool | None, may_after: bool, lack: str | None, denied: str) -> str:
        """``may_before`` is None for a new record; ``lack``: why nobody could edit it as it will be."""
        if may_before is None:
            return "authorised" if may_after else lack or denied
        if change.row is None:
            return "authorised" if may_before else denied
        if not may_before:
            if change.is_snapshot:
                return "differs_at_first_contact"
            return "takes_over" if may_after else denied
        if may_after:
            return "authorised"
        return lack if lack in LACKING else "gives_away"
