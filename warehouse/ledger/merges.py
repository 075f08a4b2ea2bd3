"""Merges of records as central remembers them: what was merged into what, and which sites had it (section 7)."""

from __future__ import annotations

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import MergedRecord
from warehouse.connection import Connection, query, registered
from warehouse.statements import statement


def merged_records(con: Connection) -> FrameOf[MergedRecord]:
    """Every record that was merged away and what it is now."""
    return MergedRecord.check(query(con, "select table_name, merged_id, kept_id from ledger.merged order by all"))


def put_merged(con: Connection, known: FrameOf[MergedRecord]) -> None:
    """Replaces what is known of merged records."""
    with registered(con, known=known):
        con.execute("delete from ledger.merged")
        con.execute("insert into ledger.merged select table_name, merged_id, kept_id from known")


def remember_holders(con: Connection, records: pl.DataFrame, *, cycle: int) -> None:
    """Remembers which sites may hold the records of ``records`` (table_name, record_id, scopes) that are merged away:
    they have one of the scopes now, or had it when they were last delivered, or could not let go of it (R7)."""
    with registered(con, records=records):
        con.execute(statement("remember_holders"), [cycle])


def left_behind(con: Connection, records: pl.DataFrame) -> pl.DataFrame:
    """table_name, record_id, site_id of those of ``records`` (table_name, record_id) that sites could not let go of;
    they are listed no longer: it is tried again now."""
    named = "(table_name, record_id) in (select table_name, record_id from records)"
    condition = f"is_open and why = 'still_referenced' and {named}"
    with registered(con, records=records):
        found = query(
            con, f"select distinct table_name, record_id, site_id from ledger.skipped where {condition} order by all"
        )
        con.execute(f"update ledger.skipped set is_open = false where {condition}")
    return found
