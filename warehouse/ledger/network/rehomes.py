"""People whom an operator gave another home store (O8)."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from sync_rules.frame import FrameOf
from warehouse.connection import Connection, query, registered
from warehouse.ledger.network.frames import Rehome
from warehouse.statements import statement


def enter_rehome(con: Connection, number: int, table: str, store_id: str, ids: Sequence[str]) -> None:
    """Remembers a decision: the people of ``ids`` are to have this home store."""
    rows = Rehome.of((number, table, record_id, store_id, None) for record_id in sorted(set(ids)))
    with registered(con, rows=rows):
        con.execute(
            "insert into ledger.rehome select number, table_name, record_id, store_id, null from rows order by all"
        )


def open_rehomes(con: Connection) -> FrameOf[Rehome]:
    """Those that have not got it yet, as far as central knows them, in the order of the decisions."""
    return Rehome.check(query(con, statement("open_rehomes")))


def close_rehomes(con: Connection, done: pl.DataFrame, *, cycle: int) -> None:
    """These (number, record_id) have it now."""
    with registered(con, done=done):
        con.execute(
            "update ledger.rehome set cycle = ? from done as d "
            "where d.number = rehome.number and d.record_id = rehome.record_id",
            [cycle],
        )
