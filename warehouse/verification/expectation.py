"""What a site should have as central has it (B56): of its scopes, and nothing of it under way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import HeldRecord, MergedRecord, RecordKey
from warehouse.connection import Connection, query, registered, value
from warehouse.records.facts import held_records
from warehouse.statements import statement


@contextmanager
def expectation(
    con: Connection, site_id: int, position: int, tables: Iterable[str], edited: FrameOf[RecordKey]
) -> Iterator[None]:
    """While the body runs the temporary table ``expected`` has the records that the site should have as central has
    them, and ``unsettled`` those of which nothing can be said: what is past its position, was skipped, waits or was
    rejected, comes or goes with a store, or is ``edited`` at the site since it was pulled (B56)."""
    asked = {"site": site_id, "position": position}
    try:
        with registered(con, edited=edited):
            con.execute(statement("unsettled"), asked)
        con.execute(statement("expected"), {"site": site_id, "tables": sorted(tables)})
        yield
    finally:
        con.execute("drop table if exists temp.expected")
        con.execute("drop table if exists temp.unsettled")


def expected_counts(con: Connection) -> dict[str, int]:
    """How many records of each table the site should have."""
    return dict(con.execute("select table_name, count(*) from expected group by all order by all").fetchall())


def expected_by_owner(con: Connection) -> pl.DataFrame:
    """table_name, owner, records: the same by the store, or whoever else, that owns them."""
    return query(
        con,
        "select table_name, r.owner, count(*) as records from expected join ledger.record as r "
        "using (table_name, record_id) group by all order by all",
    )


def unsettled_of(con: Connection, table: str) -> pl.Series:
    """The ids of a table's records of which nothing can be said, sorted."""
    sql = "select record_id from unsettled where table_name = ? order by 1"
    return query(con, sql, [table])["record_id"]


def listed_of_site(con: Connection, site_id: int) -> int:
    """How many records of a site are on the list of what was rejected, waits, or was not taken there."""
    return value(
        con, "select count(*) from (select table_name, record_id from ledger.quarantine where state = 'open' and "
             "site_id = $1 union select table_name, record_id from ledger.skipped where is_open and site_id = $1)",
        [site_id],
    )  # fmt: skip


def explained(con: Connection, site_id: int, differing: FrameOf[RecordKey]) -> FrameOf[RecordKey]:
    """Those of ``differing`` that the site may have otherwise, or alone: what an operator discarded, what central let
    go of, and what belongs to the warehouse alone."""
    if differing.is_empty():
        return RecordKey.empty()
    with registered(con, differing=differing):
        return RecordKey.check(query(con, statement("explained"), [site_id]))


def facts_of(con: Connection, keys: pl.DataFrame) -> FrameOf[HeldRecord]:
    """What central holds of records, as far as it does."""
    return held_records(con, keys.select("table_name", "record_id"))


def merges_under_way(con: Connection) -> FrameOf[MergedRecord]:
    """The records that were merged away since the site was given anything, and what they are now."""
    sql = (
        "select m.table_name, m.merged_id, m.kept_id from ledger.merged as m semi join unsettled as u on "
        "u.table_name = m.table_name and u.record_id = m.merged_id order by all"
    )
    return MergedRecord.check(query(con, sql))
