"""The last snapshot as the ground of the next: whether only what changed since is written, or everything (B16)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sync_rules.schema import Schema
from warehouse.connection import Connection, first
from warehouse.records import publication
from warehouse.snapshots import files
from warehouse.snapshots.contents import form
from warehouse.snapshots.current import NothingPublished, Snapshot, current, manifest
from warehouse.snapshots.database import as_of
from warehouse.statements import statement

MUCH_CHANGED = 0.3
"""From this share of rows on everything is written: deleting and inserting costs more than copying (decision 19)."""

MUCH_LARGER = 1.5
"""A file that is so many times as large as its rows need is written anew: DuckDB gives no space back."""

HEARD_WITHIN = timedelta(hours=1)
"""A cycle in which nothing happened is published no later than that after the last one (decision 19)."""

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


def is_up_to_date(
    con: Connection, ground: Predecessor, folder: Path, schema: Schema, cycle: int, now: datetime,
    questions: str | None = None,
) -> bool:  # fmt: skip
    """Whether nothing happened since but that sites were heard of: no row, no other version, nothing held or moved, no
    other ``questions`` (their digest; None: whichever); and it is the current one. When sites were heard of is
    published within the hour, and on each new day."""
    try:
        is_current = current(folder).number == ground.snapshot.number
    except NothingPublished:
        return False
    known = ground.document
    if not is_current or known["form"] != form(schema) or publication.noted(con):
        return False
    if questions is not None and known.get("questions") != questions:
        return False
    return known["cycle"] == cycle or (not _is_old(ground, now) and known.get("state") == state(con, now))


def _is_old(ground: Predecessor, now: datetime) -> bool:
    """Whether the snapshot is of another hour or day: when sites were heard of is to be published anew."""
    made, zone = datetime.fromisoformat(ground.document["as_of_at"]), ZoneInfo(ground.document["time_zone"])
    return now - made >= HEARD_WITHIN or now.astimezone(zone).date() != made.astimezone(zone).date()


def state(con: Connection, now: datetime) -> str:
    """What is published at ``now`` besides the rows of replicas and when sites were last heard of, as a number."""
    with as_of(con, now):
        return str((first(con, statement("published_state")) or ("",))[0])


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
