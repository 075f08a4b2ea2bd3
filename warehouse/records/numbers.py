"""Documents that have no number yet (B24)."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import RecordKey
from warehouse.connection import Connection, query, quote


def without_number(con: Connection, store_id: str, tables: Sequence[str], no_number: int) -> FrameOf[RecordKey]:
    """The documents of a store that carry ``no_number``, sorted."""
    found = [RecordKey.empty()]
    for table in sorted(tables):
        sql = f"select ? as table_name, id as record_id from replica.{quote(table)} where store_id = ? and number = ?"
        found.append(RecordKey.take(query(con, sql, [table, store_id, no_number])))
    return RecordKey.check(pl.concat(found).sort("table_name", "record_id"))
