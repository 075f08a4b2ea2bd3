"""The central sequence: the numbered list of all that was admitted or addressed to a site (B5)."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import ChangeKey
from warehouse.connection import Connection, query, registered, value
from warehouse.statements import statement


def last_seq(con: Connection) -> int:
    """The last number of the central sequence; 0 before the first."""
    return value(con, "select last_seq from ledger.counter")


def take_seq(con: Connection) -> int:
    """The next number of the sequence, for a change that is no record's: subscriptions begin and end at it."""
    return _advance(con, 1)


def tables_since(con: Connection, seq: int) -> set[str]:
    """The tables of the entries past a number."""
    found = con.execute("select distinct table_name from ledger.sequence where seq > ?", [seq]).fetchall()
    return {table for (table,) in found}


def made_in(con: Connection, site_id: int, cycle: int) -> pl.DataFrame:
    """table_name, record_id of the records that a site changed in a cycle."""
    return query(
        con,
        "select distinct table_name, record_id from ledger.sequence where cycle = ? and maker = ? and kind = 'change' "
        "order by all",
        [cycle, site_id],
    )


def append(con: Connection, entries: pl.DataFrame, cycle: int) -> pl.Series:
    """Appends ``entries`` (Entry without seq, in order) to the sequence; returns the number of each."""
    if entries.is_empty():
        return pl.Series("seq", [], pl.Int64)
    last = _advance(con, entries.height)
    numbers = pl.int_range(last - entries.height + 1, last + 1, dtype=pl.Int64, eager=True).alias("seq")
    with registered(con, entries=entries.with_columns(numbers)):
        con.execute(
            "insert into ledger.sequence "
            "select seq, ?, kind, table_name, record_id, op, maker, for_site, scopes_before from entries order by seq",
            [cycle],
        )
    return numbers


def forget_removals(con: Connection, has: FrameOf[ChangeKey]) -> None:
    """Forgets that sites were to lose what they have (keys of records, site_id) because another site deleted it."""
    if has.is_empty():
        return
    with registered(con, has=has):
        con.execute(
            "delete from ledger.sequence as q using has as h where q.kind = 'remove' and q.for_site = h.site_id "
            "and q.maker <> h.site_id and q.table_name = h.table_name and q.record_id = h.record_id"
        )


def forget_entries(con: Connection, bound: int, *, away_since: datetime) -> int:
    """Forgets the entries up to number ``bound``, and returns how many went (B5). Of those past the position of a site
    that was not reached since ``away_since`` enough stays to tell what the site lacks when it returns."""
    needed = statement("entries_of_away_sites")
    return value(
        con, f"delete from ledger.sequence where seq <= $1 and seq not in (select seq from ({needed}))",
        [bound, away_since],
    )  # fmt: skip


def _advance(con: Connection, by: int) -> int:
    """Takes that many numbers; returns the last of them."""
    return value(con, "update ledger.counter set last_seq = last_seq + ? returning last_seq", [by])
