"""Transfers in the warehouse: what began one, what responds to it, and the documents themselves (section 8)."""

from __future__ import annotations

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD
from sync_rules.topology.frames import Parties
from sync_rules.transfers.waits import BY_HAND_ALONE
from warehouse.connection import Connection, query, registered
from warehouse.frames import Transfer

_COLUMNS = ", ".join(Transfer.schema)


def waiting(con: Connection) -> FrameOf[Transfer]:
    """The transfers that have no responding half yet."""
    return _those(con, "responding_id is null")


def at_their_sites(con: Connection) -> pl.DataFrame:
    """The initiating halves that their own site is to respond to (X1): table_name, record_id, from_store, and is_moved:
    another store had a half before; sorted."""
    return query(
        con,
        "select table_name, record_id, from_store, recalled_id is not null as is_moved from ledger.transfer "
        "where waits = 'at_its_site' order by all",
    )


def not_begun(con: Connection) -> pl.DataFrame:
    """The documents that begin when an operator says so, not by an edit of them (X6, B60): table_name, record_id,
    from_store, to_store, sorted."""
    return query(
        con,
        "select table_name, record_id, from_store, to_store from ledger.transfer where responding_id is null "
        "and waits in (select unnest(?)) order by all",
        [list(BY_HAND_ALONE)],
    )


def of_halves(con: Connection, halves: pl.DataFrame) -> FrameOf[Transfer]:
    """The transfers of which one half is among ``halves`` (keys)."""
    if halves.is_empty():
        return Transfer.empty()
    with registered(con, halves=halves.select(RECORD)):
        return _those(
            con,
            "(table_name, record_id) in (select h.table_name, h.record_id from halves as h) "
            "or (responding_table, responding_id) in (select h.table_name, h.record_id from halves as h)",
        )


def _those(con: Connection, condition: str) -> FrameOf[Transfer]:
    found = query(con, f"select {_COLUMNS} from ledger.transfer where {condition} order by table_name, record_id")
    return Transfer.take(found)


def put(con: Connection, transfers: FrameOf[Transfer]) -> None:
    """Replaces what is remembered of the initiating halves of ``transfers``."""
    forget(con, transfers)
    if transfers.is_empty():
        return
    with registered(con, transfers=transfers.sort(RECORD)):
        con.execute(f"insert into ledger.transfer ({_COLUMNS}) select {_COLUMNS} from transfers")


def forget(con: Connection, halves: pl.DataFrame) -> None:
    """Forgets the transfers that the initiating halves ``halves`` (keys) began."""
    if halves.is_empty():
        return
    with registered(con, halves=halves.select(RECORD)):
        con.execute(
            "delete from ledger.transfer where (table_name, record_id) in (select h.table_name, h.record_id from "
            "halves as h)"
        )


def parties(con: Connection) -> FrameOf[Parties]:
    """The stores that a transfer ties together, both ways (X7), sorted."""
    held = "not (is_deleted and is_responding_deleted)"
    found = query(
        con,
        "select from_store as store_id, to_store as other_id from ledger.transfer where responding_id is not null "
        f"and {held} "
        f"union select to_store, from_store from ledger.transfer where responding_id is not null and {held} order by "
        "all",
    )
    return Parties.check(found)


def store_names(con: Connection) -> pl.DataFrame:
    """store_id, name_id and is_disabled of the store records, by id."""
    return query(
        con,
        "select id as store_id, name_id, coalesce(is_disabled, false) as is_disabled from replica.store order by id",
    )
