"""The columns by which the halves of transfers name each other (section 8)."""

from __future__ import annotations

import polars as pl

from sync_rules.frames import RecordKey
from sync_rules.transfers.kinds import KINDS, TransferKind
from warehouse.connection import query, quote, registered
from warehouse.records.door import Records


def put_links(records: Records, transfers: pl.DataFrame) -> None:
    """Makes both halves of ``transfers`` name each other; one whose other half was deleted by its maker
    names it no longer (B30).

    A responding half that is not of the kind, or in another store than the transfer says, is nobody's to change.
    """
    found: list[pl.DataFrame] = [RecordKey.empty()]
    for kind in KINDS:
        own = transfers.filter((pl.col("kind") == kind.name) & pl.col("responding_id").is_not_null())
        if own.is_empty():
            continue
        responding = f"replica.{quote(kind.responding_table)}"
        here = f"select r.id from {responding} as r where r.store_id = l.to_store{of_type(kind)}"
        with registered(records.con, links=own.select("record_id", "responding_id", "to_store", "is_deleted")):
            links = query(
                records.con,
                f"select l.record_id, l.responding_id, l.is_deleted from links as l where l.responding_id in ({here})",
            )
        back = pl.when(~pl.col("is_deleted")).then("record_id")
        found += [
            records.set_column(kind.table, kind.link, links.select(id="record_id", value="responding_id")),
            records.set_column(kind.responding_table, kind.back, links.select(id="responding_id", value=back)),
        ]
    records.alter(pl.concat(found).unique())


def of_type(kind: TransferKind) -> str:
    """The SQL condition for responding halves ``r`` that are of the kind by their type; empty where it has none."""
    return f" and r.type = '{kind.responding_type}'" if kind.responding_type else ""
