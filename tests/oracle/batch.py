"""Changes that are judged together, and what central holds while they are."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.oracle.merges import Merged
from tests.oracle.moves import Moves
from tests.oracle.sites import Change
from tests.oracle.tables import TABLES, Key
from tests.oracle.topology import Row, Stores

ADMITTED = {"authorised", "adopted", "unchanged", "kept_at_site", "nothing_to_delete", "stays_at_site"}
WAITING = {"store_unknown", "store_not_placed", "store_moving", "parent_missing", "reference_missing",
           "waits_for_receiver", "document_waits"}  # fmt: skip


def verdict(reason: str) -> str:
    """admitted, waiting or rejected (A1)."""
    return "admitted" if reason in ADMITTED else "waiting" if reason in WAITING else "rejected"


@dataclass
class Record:
    """What central holds of a record; ``version`` grows with every admitted change, ``edits`` has each site's last."""

    row: Row
    maker: int | None
    version: int
    edits: dict[int, int] = field(default_factory=dict)


class Batch:
    """The changes, central's records and stores; ``positions`` is the version at which each site was last delivered.

    ``redirected``: changes (site, key) that give another receiver to what was sent, and whether the first took it in.
    """

    def __init__(
        self,
        records: dict[Key, Record],
        stores: Stores,
        changes: list[Change],
        merged: Merged | None = None,
        positions: dict[int, int] | None = None,
        moves: Moves | None = None,
    ) -> None:
        self.records = records
        self.stores = stores
        self.wanted = stores.wanted
        self.changes = changes
        self.merged = merged or Merged()
        self.positions = positions or {}
        self.moves = moves or Moves()
        self.redirected: dict[tuple[int, Key], bool] = {}
        self.sent = {(change.site_id, change.key): change for change in changes if change.row is not None}

    def held(self, table: str, record_id: str | None) -> Row | None:
        """Central's row."""
        record = self.records.get((table, record_id)) if record_id is not None else None
        return record.row if record else None

    def sent_by(self, site_id: int, table: str, record_id: str | None) -> Row | None:
        """The row that a site sends in this batch."""
        change = self.sent.get((site_id, (table, record_id))) if record_id is not None else None
        return change.row if change else None

    def document_held(self, key: Key) -> Row | None:
        """The row that says whose central's record is: its own, or its document's (R1)."""
        row = self.held(*key)
        parent = TABLES[key[0]].lines_of
        return self.held(parent, row[f"{parent}_id"]) if row and parent else row

    def document_sent(self, change: Change) -> Row | None:
        """The row that says whose the row as sent is: its own, or its document's as sent, else as held."""
        parent = TABLES[change.table].lines_of
        if change.row is None or parent is None:
            return change.row
        document = change.row[f"{parent}_id"]
        return self.sent_by(change.site_id, parent, document) or self.held(parent, document)

    def owner_held(self, key: Key) -> str | None:
        """The store that central's record belongs to."""
        document = self.document_held(key)
        return document["store_id"] if document else None
