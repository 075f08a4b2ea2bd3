"""What happened to one record: its entries in the sequence, its change sets, what was held back of it (O7)."""

from __future__ import annotations

import polars as pl

from warehouse.connection import Connection, query, quote
from warehouse.statements import statement


def ids_beginning(con: Connection, table: str, text: str) -> list[str]:
    """The first few ids of a table's records that begin with ``text``, that were ever known here; itself alone where it
    is one."""
    return query(con, statement("ids_beginning"), [table, text])["record_id"].to_list()


def record_facts(con: Connection, table: str, record_id: str) -> pl.DataFrame:
    """owner, about, part, maker, document, scopes, shared of the record that central holds; no row where it holds
    none."""
    return query(
        con,
        "select owner, about, part, maker, document, scopes, shared from ledger.record where table_name = ? and "
        "record_id = ?",
        [table, record_id],
    )


def row(con: Connection, table: str, record_id: str) -> pl.DataFrame:
    """The replica's row."""
    return query(con, f"select * from replica.{quote(table)} where id = ?", [record_id])


def entries(con: Connection, table: str, record_id: str) -> pl.DataFrame:
    """seq, cycle, at, kind, op, maker, for_site of the sequence's entries about the record, in order."""
    return query(
        con,
        "select seq, cycle, c.started_at as at, kind, op, maker, for_site from ledger.sequence left join "
        "ledger.cycle as c using (cycle) "
        "where table_name = ? and record_id = ? order by seq",
        [table, record_id],
    )


def scopes(con: Connection, names: list[str]) -> pl.DataFrame:
    """site_id, scope: which sites have which of these scopes now."""
    return query(
        con,
        "select site_id, scope from ledger.site_scope where to_seq is null and scope in (select "
        "unnest(?::varchar[])) order by all",
        [names],
    )


def instances(con: Connection) -> pl.DataFrame:
    """site_id, store_id, sync_type as the last cycle left them."""
    return query(con, "select site_id, store_id, sync_type from ledger.instance")


def change_sets(con: Connection, sites: list[int]) -> pl.DataFrame:
    """site_id, number, cycle, path, state, answered_at, answer of all change sets of ``sites``, in order."""
    return query(
        con,
        "select site_id, number, cycle, path, state, answered_at, answer from ledger.change_set "
        "where site_id in (select unnest(?::bigint[])) order by number, site_id",
        [sites],
    )


def skipped(con: Connection, table: str, record_id: str) -> pl.DataFrame:
    """site_id, number, why, said, is_open: change sets whose row of the record is not at the site as sent (B19)."""
    return query(
        con,
        "select site_id, number, why, said, is_open from ledger.skipped where table_name = ? and record_id = ? "
        "order by number, site_id",
        [table, record_id],
    )


def makers_that_keep(con: Connection, table: str, record_id: str) -> list[int]:
    """Sites that made a change of the record and had none of its scopes then or since, and were addressed by nothing:
    nothing takes it from them."""
    found = query(
        con,
        statement("makers_that_keep"),
        [table, record_id],
    )
    return found["site_id"].to_list()


def held_back(con: Connection, table: str, record_id: str) -> pl.DataFrame:
    """The quarantine's entries about the record, without the rows themselves."""
    return query(
        con,
        "select id, site_id, op, verdict, reason, state, first_seen_at, first_cycle, cycle, closed_cycle, note, "
        "closed_by "
        "from ledger.quarantine where table_name = ? and record_id = ? order by id",
        [table, record_id],
    )


def merged_into(con: Connection, table: str, record_id: str, merge_table: str) -> pl.DataFrame:
    """kept_id, merge_id, maker, cycle of the merge that made the record another one."""
    return query(
        con,
        "select m.kept_id, r.id as merge_id, s.maker, s.cycle from ledger.merged as m "
        f"left join replica.{quote(merge_table)} as r on r.merged_id = m.merged_id "
        "left join ledger.sequence as s on s.table_name = ? and s.record_id = r.id and s.kind = 'change' "
        "where m.table_name = ? and m.merged_id = ? order by s.seq, r.id limit 1",
        [merge_table, table, record_id],
    )


def merged_at(con: Connection, kept: str) -> list[int]:
    """The sites that had a record which was merged into ``kept``."""
    found = query(
        con,
        "select distinct site_id from ledger.merged_at join ledger.merged using (table_name, merged_id) "
        "where kept_id = ? order by 1",
        [kept],
    )
    return found["site_id"].to_list()


def is_centralised_order(con: Connection, order_id: str) -> bool:
    """Whether central holds the purchase order, as a centralised one."""
    return bool(query(con, "select 1 from replica.purchase_order where id = ? and is_centralised", [order_id]).height)


def used_in(con: Connection, subject: str, record_id: str) -> list[str]:
    """The stores whose prescriptions name a patient or prescriber."""
    found = query(
        con,
        "select distinct store_id from replica.prescription "
        f"where {quote(subject + '_id')} = ? and store_id is not null",
        [record_id],
    )
    return found["store_id"].to_list()
