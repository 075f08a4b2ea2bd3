"""The last snapshot as the ground of the next: whether only what changed since is written, or everything (B16)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sync_rules.schema import Schema
from warehouse.connection import Connection
from warehouse.records import publication
from warehouse.snapshots import files
from warehouse.snapshots.contents import form
from warehouse.snapshots.current import NothingPublished, Snapshot, current, manifest

MUCH_CHANGED = 0.3
"""From this share of rows on everything is written: deleting and inserting costs more than copying (decision 19)."""

MUCH_LARGER = 1.5
"""A file that is so many times as large as its rows need is written anew: DuckDB gives no space back."""

SMALL = 64 * 1024 * 1024
"""Bytes up to which neither matters."""


@dataclass(frozen=True)
class Predecessor:
    """The snapshot that the ledger says was published last, and its manifest."""

    snapshot: Snapshot
    document: Mapping[str, Any]

    @property
    def rows(self) -> int:
        """The rows of its tables."""
        return sum(self.document["tables"].values())

    @property
    def bytes(self) -> int:
        """The size of its file."""
        return int(self.document["database"]["bytes"])

    @property
    def bytes_anew(self) -> float:
        """The size that its rows would need if they were all written anew, going by when that was last done."""
        rows, size = int(self.document["full"]["rows"]), int(self.document["full"]["bytes"])
        return size * max(self.rows, 1) / max(rows, 1)


def find(con: Connection, folder: Path) -> Predecessor | None:
    """What was published last; None where nothing was, or it is not there as it was written."""
    last = publication.last(con)
    if last is None:
        return None
    snapshot = Snapshot(last.number, folder / f"{last.number:08d}.duckdb")
    document = manifest(snapshot)
    return Predecessor(snapshot, document) if document and files.is_whole(snapshot) else None


def is_up_to_date(con: Connection, ground: Predecessor, folder: Path, schema: Schema, cycle: int) -> bool:
    """Whether nothing happened since: no cycle, no row, no other version; and it is the current one."""
    try:
        is_current = current(folder).number == ground.snapshot.number
    except NothingPublished:
        return False
    is_same = ground.document["form"] == form(schema) and ground.document["cycle"] == cycle
    return is_current and is_same and not publication.noted(con)


def why_full(ground: Predecessor | None, schema: Schema, changed: int) -> str:
    """Why everything is to be written; empty where only the ``changed`` rows are."""
    if ground is None:
        return "no last snapshot"
    if ground.document["form"] != form(schema):
        return "this version publishes in another form"
    if ground.bytes <= SMALL:
        return ""
    if changed > ground.rows * MUCH_CHANGED:
        return "much changed"
    if ground.bytes > ground.bytes_anew * MUCH_LARGER:
        return "the file grew"
    return ""
