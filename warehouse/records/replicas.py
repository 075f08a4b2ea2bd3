"""The replicas: reading what central holds, and for the door of records (``warehouse/records/door.py``) writing it
(M1).

No index on a replica: writing deletes the batch's keys and inserts its rows, which costs the same
however large the replica is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import Referrer, StoreName
from sync_rules.row_texts import as_text
from sync_rules.schema import Reference, Schema
from sync_rules.topology.frames import StoreRecord
from warehouse.connection import Connection, query, quote, registered
from warehouse.frames import CentralRow
from warehouse.records import publication


def stores(con: Connection) -> FrameOf[StoreRecord]:
    """The store records, by id, with the code by which the topology placed each."""
    sql = "select id, code, name_id, mode, placed_as from replica.store left join ledger.placed_store on id = store_id"
    return StoreRecord.check(query(con, f"{sql} order by id"))


def codes_of_none(con: Connection, table: str, codes: Sequence[str]) -> list[str]:
    """Those of ``codes`` that no record of the table has, sorted. ``table`` is one of ours, with a column `code`."""
    sql = f"select unnest(?::varchar[]) except select code from replica.{quote(table)} order by 1"
    return [code for (code,) in con.execute(sql, [list(codes)]).fetchall()]


def codes_in(con: Connection, table: str) -> list[str]:
    """The codes of the records of a table, sorted. ``table`` is one of ours, with a column `code`."""
    found = con.execute(f"select distinct code from replica.{quote(table)} where code is not null order by 1")
    return [code for (code,) in found.fetchall()]


def ids_of_code(con: Connection, table: str, code: str) -> list[str]:
    """The ids of the records of a table that have this code, sorted. ``table`` is one of ours, with a column `code`."""
    found = con.execute(f"select id from replica.{quote(table)} where code = ? order by id", [code]).fetchall()
    return [record_id for (record_id,) in found]


def bind_stores(con: Connection, by_code: Mapping[str, str]) -> None:
    """Remembers by which code the topology places each store, by id (T10)."""
    rows = sorted((store_id, code) for code, store_id in by_code.items())
    if rows == con.execute("select store_id, placed_as from ledger.placed_store order by all").fetchall():
        return
    con.execute("delete from ledger.placed_store")
    if rows:
        con.executemany("insert into ledger.placed_store values (?, ?)", rows)


def visible_names(con: Connection) -> FrameOf[StoreName]:
    """Each name that is a store's and visible in a store (T4)."""
    return StoreName.check(
        query(
            con,
            "select distinct store_id, name_id from replica.name_store_join "
            "where name_id in (select name_id from replica.store) and store_id is not null order by all",
        )
    )


def every_row(con: Connection, table: str, schema: Schema) -> pl.DataFrame:
    """All rows of a (small) replica, typed, by id."""
    columns = ", ".join(quote(column.name) for column in schema.travelling(table))
    return query(con, f"select {columns} from replica.{quote(table)} order by id").cast(schema.frame_schema(table))


def ids_of(con: Connection, table: str) -> frozenset[str]:
    """The ids of all rows of a (small) replica."""
    return frozenset(one for (one,) in con.execute(f"select id from replica.{quote(table)}").fetchall())


def rows_of(con: Connection, table: str, column: str, values: pl.Series, schema: Schema) -> pl.DataFrame:
    """The rows of a replica whose ``column`` is one of ``values``, typed, by id."""
    if values.is_empty():
        return pl.DataFrame(schema=schema.frame_schema(table))
    columns = ", ".join(quote(one.name) for one in schema.travelling(table))
    with registered(con, wanted=values.alias("value").to_frame()):
        found = query(
            con,
            f"select {columns} from replica.{quote(table)} where {quote(column)} in (select value from wanted) "
            "order by id",
        )
    return found.cast(schema.frame_schema(table))


def referring(con: Connection, keys: pl.DataFrame, references: Sequence[Reference]) -> FrameOf[Referrer]:
    """The held rows that refer to the records of ``keys`` (table_name, record_id)."""
    parents = set(keys["table_name"].unique())
    asked = [reference for reference in references if reference.parent in parents]
    if not asked or keys.is_empty():
        return Referrer.empty()
    with registered(con, wanted=keys):
        selects = [
            f"select '{one.parent}' as parent_table, {quote(one.column)} as parent_id, '{one.table}' as table_name, "
            "id as record_id "
            f"from replica.{quote(one.table)} where {quote(one.column)} in "
            f"(select record_id from wanted where table_name = '{one.parent}')"
            for one in asked
        ]
        return Referrer.check(query(con, " union all ".join(selects)))


def equal_rows(con: Connection, table: str, rows: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """site_id and record_id of those ``rows`` that are equal to the replica's, column by column (B4)."""
    same = " and ".join(
        f"b.{quote(column.name)} is not distinct from r.{quote(column.name)}" for column in schema.travelling(table)
    )
    with registered(con, batch=rows):
        return query(
            con,
            f"select b.from_site as site_id, b.id as record_id from batch as b join replica.{quote(table)} as r on "
            f"r.id = b.id where {same}",
        )


def ids_with_values(con: Connection, table: str, columns: Sequence[str]) -> pl.Series:
    """The ids of the rows that have a value in one of ``columns``."""
    filled = " or ".join(f"{quote(column)} is not null" for column in columns)
    return query(con, f"select id from replica.{quote(table)} where {filled} order by 1")["id"]


def put_rows(con: Connection, table: str, rows: pl.DataFrame, schema: Schema, *, is_new: bool = False) -> None:
    """Puts ``rows`` (the table's travelling columns, one row an id) in the place of those with their ids; ``is_new``:
    there are none."""
    columns = ", ".join(quote(column.name) for column in schema.travelling(table))
    with registered(con, batch=rows):
        if is_new:
            con.execute(publication.note_sql("select ?, id from batch"), [table])
        else:
            publication.note_as_they_are(con, table, "select id from batch")
            con.execute(f"delete from replica.{quote(table)} where id in (select id from batch)")
        con.execute(f"insert into replica.{quote(table)} ({columns}) select {columns} from batch")


def remove_rows(con: Connection, keys: pl.DataFrame) -> None:
    """Deletes the replica rows of ``keys`` (table_name, record_id), and what is known of those records."""
    if keys.is_empty():
        return
    with registered(con, gone=keys):
        for table in sorted(keys["table_name"].unique()):
            ids = f"select record_id as id from gone where table_name = '{table}'"
            publication.note_as_they_are(con, table, ids)
            con.execute(f"delete from replica.{quote(table)} where id in ({ids})")
        con.execute(
            "delete from ledger.record where (table_name, record_id) in (select table_name, record_id from gone)"
        )


def rows_as_text(con: Connection, keys: pl.DataFrame, schema: Schema) -> FrameOf[CentralRow]:
    """What central holds of the records of ``keys``, as JSON of texts."""
    frames: list[pl.DataFrame] = [CentralRow.empty()]
    for table in sorted(set(keys["table_name"].unique()) & schema.tables.keys()):
        wanted = keys.filter(pl.col("table_name") == table)
        with registered(con, wanted=wanted):
            rows = query(con, f"select * from replica.{quote(table)} where id in (select record_id from wanted)")
        frames.append(as_text(rows, schema.frame_schema(table)).select(
            table_name=pl.lit(table), record_id="id", central_row="json"
        ))  # fmt: skip
    return CentralRow.check(pl.concat(frames))
