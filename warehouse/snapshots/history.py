"""What snapshots said in figures, for ever: the ledger has it, and each snapshot all up to itself.

Snapshots go (B16), and so may one of both: a warehouse that is made of its cycles again takes the history from the
snapshot that is there, and a folder of snapshots that is gone begins with what the ledger, or its backup, has.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from warehouse.connection import Connection, query, quote, registered, value
from warehouse.snapshots import files
from warehouse.snapshots.current import NothingPublished, Snapshot, current, open_snapshot
from warehouse.statements import statement

_THERE = "select column_name from duckdb_columns() where schema_name = ? and table_name = 'snapshot_history'"


def write_headline(own: Connection) -> None:
    """Adds what ``snap`` says itself to the history that it has of the ledger; its reports are all there."""
    own.execute(statement("headline"))


def take_in(con: Connection, folder: Path) -> None:
    """Enters what the ledger lacks of the history that the current snapshot has. In the caller's transaction."""
    try:
        snapshot = current(folder)
    except NothingPublished:
        return
    last = value(con, "select coalesce(max(number), 0) from ledger.snapshot_history")
    if snapshot.number > last and files.is_whole(snapshot):
        lacking = _said(con, snapshot, last)
        if not lacking.is_empty():
            with registered(con, lacking=lacking):
                con.execute("insert into ledger.snapshot_history by name select * from lacking order by number")


def _said(con: Connection, snapshot: Snapshot, after: int) -> pl.DataFrame:
    """The rows after a number, with the columns that both know: another version may have written the snapshot."""
    ours = {name for (name,) in con.execute(_THERE, ["ledger"]).fetchall()}
    with open_snapshot(snapshot) as published:
        theirs = [name for (name,) in published.execute(_THERE, ["reports"]).fetchall() if name in ours]
        if "number" not in theirs:
            return pl.DataFrame()
        columns = ", ".join(quote(name) for name in theirs)
        return query(published, f"select {columns} from reports.snapshot_history where number > ?", [after])
