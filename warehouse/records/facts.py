"""What is known of each record: whose it is, whom it is about, its part, its scopes."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import polars as pl

from warehouse.connection import query, registered


def put_records(con: duckdb.DuckDBPyConnection, records: pl.DataFrame) -> None:
    """Replaces the record entries of ``records``: table_name, record_id, owner, maker, document, scopes, seq, about,
    part, shared."""
    with registered(con, records=records):
        con.execute(
            "delete from ledger.record where (table_name, record_id) in (select table_name, record_id from records)"
        )
        con.execute(
            "insert into ledger.record "
            "select table_name, record_id, owner, maker, document, scopes, seq, about, part, shared from records"
        )


def lines_to_rescope(con: duckdb.DuckDBPyConnection, headers: pl.DataFrame) -> pl.DataFrame:
    """The held lines of documents that are not what their document is: HELD columns and new_owner, new_about,
    new_part.

    ``headers`` has table_name (of the lines), document, new_owner, new_about and new_part.
    """
    with registered(con, headers=headers):
        return query(
            con,
            "select r.table_name, r.record_id, r.owner, r.maker, r.document, r.scopes, r.shared, h.new_owner, h.new_about, h.new_part "
            "from ledger.record as r join headers as h on h.table_name = r.table_name and h.document = r.document "
            "where (r.owner, r.about, r.part) is distinct from (h.new_owner, h.new_about, h.new_part)",
        )


def records_owned_by(con: duckdb.DuckDBPyConnection, owners: Sequence[str], parts: pl.DataFrame) -> pl.DataFrame:
    """table_name, record_id, owner, scopes of the records of ``parts`` (table_name, part) that ``owners`` own, sorted;
    those that are part of a transfer left out."""
    with registered(con, parts=parts):
        return query(
            con,
            "select table_name, record_id, owner, scopes from ledger.record where owner in (select unnest(?::varchar[])) and len(shared) = 0 "
            "and (table_name, part) in (select table_name, part from parts) order by table_name, record_id",
            [list(owners)],
        )
