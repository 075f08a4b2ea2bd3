"""What sites answered to their change sets, and what of these they did not take (M4, B19)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

import duckdb
import polars as pl

from sync_rules.words import Answer, EntryKind, Skip
from warehouse.connection import query, registered
from warehouse.frames import SetAnswer
from warehouse.records.door import Records
from warehouse.statements import statement
from wire.frames import SkippedRow


def take_answers(records: Records, said: Mapping[int, Answer], *, now: datetime) -> None:
    """Takes the answers of sites, by site: the sets are applied, positions move, skipped rows are retried (B19).

    An answer that is known already, or is to no registered set, changes nothing.
    """
    con = records.con
    told = SetAnswer.of(
        (
            site_id,
            one.number,
            one.content_hash,
            json.dumps([[row.table_name, row.record_id, row.why] for row in one.skipped]),
        )
        for site_id, one in said.items()
    )
    if told.is_empty():
        return
    with registered(con, told=told):
        new = query(con, statement("new_answers"))
    if new.is_empty():
        return
    with registered(con, new=new):
        con.execute(
            "update ledger.change_set set state = 'applied', answered_at = ?, answer = new.answer from new "
            "where change_set.site_id = new.site_id and change_set.number = new.number",
            [now],
        )
        con.execute(
            "update ledger.site set position = new.to_seq, change_set_number = new.number from new "
            "where site.site_id = new.site_id and site.change_set_number < new.number"
        )
        con.execute(statement("arrived"))
    for site_id in new["site_id"]:
        _list_skipped(records, site_id, said[site_id])


def _list_skipped(records: Records, site_id: int, answered: Answer) -> None:
    """Rows edited at the site are sent again in the next cycle; what it did not take stays listed."""
    if not answered.skipped:
        return
    skipped = SkippedRow.of((one.table_name, one.record_id, one.why, one.said) for one in answered.skipped).sort(
        "table_name", "record_id"
    )
    with registered(records.con, skipped=skipped):
        records.con.execute(
            "insert into ledger.skipped (site_id, number, table_name, record_id, why, said, is_open) "
            "select ?, ?, table_name, record_id, why, said, why <> ? from skipped",
            [site_id, answered.number, Skip.EDITED_SINCE_PULL],
        )
    edited = skipped.filter(pl.col("why") == Skip.EDITED_SINCE_PULL)
    records.address(EntryKind.RETRY, edited.with_columns(site_id=pl.lit(site_id, pl.Int64)))


def retry_skipped(records: Records, sites: Sequence[int]) -> None:
    """Tries again what ``sites`` could not remove, or would not have: something changed there (R7, B19)."""
    con = records.con
    condition = "site_id in (select unnest(?::bigint[])) and is_open and why <> ?"
    of_sites = [list(sites), Skip.ALTERED_BY_SITE]
    columns = "site_id, table_name, record_id"
    listed = query(con, f"select distinct {columns} from ledger.skipped where {condition} order by all", of_sites)
    if listed.height:
        con.execute(f"update ledger.skipped set is_open = false where {condition}", of_sites)
        records.address(EntryKind.RETRY, listed)


def fail(con: duckdb.DuckDBPyConnection, site_id: int, number: int, reason: str, *, now: datetime) -> None:
    """Keeps why a delivery failed; the next cycle sends what the site lacks in a new set."""
    con.execute(
        "update ledger.change_set set state = 'failed', answered_at = ?, answer = ? where site_id = ? and number = ?",
        [now, json.dumps(reason), site_id, number],
    )
