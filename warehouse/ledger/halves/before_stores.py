"""History: documents that were in the state which begins a transfer while their other party was no store (B60)."""

from __future__ import annotations

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD, RecordKey
from sync_rules.transfers.frames import FinishedDocument
from warehouse.connection import Connection, query, registered

_COLUMNS = ", ".join(FinishedDocument.schema)
_NOW_NAMED = "coalesce(m.kept_id, b.other_name_id)"
_MERGED = "left join ledger.merged as m on m.table_name = 'name' and m.merged_id = b.other_name_id"


def remembered(con: Connection, documents: pl.DataFrame) -> FrameOf[FinishedDocument]:
    """Those of ``documents`` (keys) that are history: as they were when they became it, but that a name which was
    merged into another one is that one."""
    if documents.is_empty():
        return FinishedDocument.empty()
    columns = ", ".join(f"{_NOW_NAMED} as other_name_id" if name == "other_name_id" else f"b.{name}"
                        for name in FinishedDocument.schema)  # fmt: skip
    with registered(con, asked=documents.select(RECORD)):
        found = query(
            con,
            f"select {columns} from ledger.before_store as b {_MERGED} "
            "where (b.table_name, b.record_id) in (select a.table_name, a.record_id from asked as a) order by all",
        )
    return FinishedDocument.check(found)


def of_new_stores(con: Connection) -> FrameOf[RecordKey]:
    """The history whose other party is a store by now, and that is not listed among the transfers yet."""
    return RecordKey.check(
        query(
            con,
            f"select b.table_name, b.record_id from ledger.before_store as b {_MERGED} "
            f"join replica.store as s on s.name_id = {_NOW_NAMED} and s.id is distinct from b.store_id "
            "where (b.table_name, b.record_id) not in (select t.table_name, t.record_id from ledger.transfer as t) "
            "group by all order by all",
        )
    )


def forget_lost_stores(con: Connection) -> None:
    """History whose other party is no store any more is listed no longer; it stays history."""
    con.execute(
        "delete from ledger.transfer where waits = 'party_was_no_store' and (table_name, record_id, to_store) not in "
        f"(select b.table_name, b.record_id, s.id from ledger.before_store as b {_MERGED} "
        f"join replica.store as s on s.name_id = {_NOW_NAMED})"
    )


def remember(con: Connection, looked_at: pl.DataFrame, history: FrameOf[FinishedDocument]) -> None:
    """Of the documents ``looked_at`` (keys) those in ``history`` are, and no others."""
    if looked_at.is_empty() and history.is_empty():
        return
    with registered(con, looked_at=looked_at.select(RECORD), history=history.sort(RECORD)):
        con.execute(
            "delete from ledger.before_store where (table_name, record_id) in "
            "(select l.table_name, l.record_id from looked_at as l)"
        )
        con.execute(f"insert into ledger.before_store ({_COLUMNS}) select {_COLUMNS} from history")
