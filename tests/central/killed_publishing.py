"""Publishes in a process that is killed at a named point."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sites.schema import SCHEMA
from tests.central.killed_cycle import kill_at
from tests.central.small_network import NOW
from warehouse.connection import open_warehouse
from warehouse.snapshots.publish import publish

POINTS = {
    "after the last snapshot was copied": ("warehouse.snapshots.files", "copy", "after"),
    "before the manifest": ("warehouse.snapshots.files", "write_manifest", "before"),
    "after the files are whole, before they get their names": ("warehouse.snapshots.files", "announce", "before"),
    "between their names and the pointer": ("warehouse.snapshots.files", "_point", "before"),
    "between the two pointers": ("warehouse.snapshots.files", "_point", "after"),
    "after the pointers, before the ledger knows": ("warehouse.snapshots.files", "announce", "after"),
    "after the ledger knows, before pruning": ("warehouse.snapshots.publish", "prune", "before"),
}
LONG = (
    "after the last snapshot was copied",
    "before the manifest",
    "between their names and the pointer",
    "after the pointers, before the ledger knows",
    "after the ledger knows, before pruning",
)
"""Points between others that are tried all the same."""
SEEN = (
    "between the two pointers",
    "after the pointers, before the ledger knows",
    "after the ledger knows, before pruning",
)
"""Where the new snapshot is current already."""


def killed_publishing(warehouse: str, folder: str, point: str) -> None:
    """Publishes the warehouse, killed at ``point``."""
    kill_at(*POINTS[point])
    with open_warehouse(Path(warehouse), SCHEMA) as con:
        publish(con, Path(folder), SCHEMA, now=NOW + timedelta(hours=1))
