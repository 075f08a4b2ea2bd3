"""A backup that is killed at a named point, for a process of its own."""

from __future__ import annotations

from pathlib import Path

from central.backup.backup import back_up
from central.project import load
from tests.central.killed_cycle import kill_at
from tests.central.small_network import NOW

POINTS = {
    "before the warehouse is copied": ("central.backup.backup", "copy_warehouse", "before"),
    "before kept files are copied": ("central.backup.backup", "copy_kept", "before"),
    "among the kept files": ("central.checkpoints.kept_files", "_copy_folder", "after"),
    "before its manifest": ("central.backup.backup", "_described", "after"),
    "before it is on the list": ("central.backup.backup", "enter_backups", "before"),
}
OFTEN = ("before it is on the list",)
"""Points that are tried each time."""


def killed_backup(folder: str, place: str, point: str) -> None:
    """Makes a backup, and is killed."""
    kill_at(*POINTS[point])
    back_up(load(Path(folder)), Path(place), note=None, now=NOW)
