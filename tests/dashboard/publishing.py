"""A published snapshot made of a working warehouse: the tables of its reports, as pages read them."""

from __future__ import annotations

from pathlib import Path

from warehouse.connection import Connection, quote
from warehouse.views import NAMES


def publish(con: Connection, folder: Path, number: int = 1) -> Path:
    """Copies every report of the open warehouse into a snapshot, and lets the pointer name it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{number:08d}.duckdb"
    path.unlink(missing_ok=True)
    con.execute(f"attach '{path}' as snap")
    con.execute("create schema snap.reports")
    for name in sorted(NAMES):
        con.execute(f"create table snap.reports.{quote(name)} as from reports.{quote(name)}")
    con.execute(f"update snap.reports.snapshot set number = {number:d}")
    con.execute("detach snap")
    new = folder / "new.link"
    new.symlink_to(path.name)
    new.rename(folder / "current.duckdb")
    return path
