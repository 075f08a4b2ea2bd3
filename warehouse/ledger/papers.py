"""The documents of transfers in the replicas: what begins one, its lines, what responds to it, and what is logged
(section 8)."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD
from sync_rules.schema import Schema
from sync_rules.transfers.kinds import (
    CURRENCIES,
    HALVES,
    HEADERS,
    KINDS,
    LOG_COLUMNS,
    LOG_TABLE,
    HalfCondition,
    Papers,
)
from warehouse.connection import Connection, query, quote, registered
from warehouse.frames import LinkFits, LostHalf, RespondingHalf, SharedRecord
from warehouse.records.links import of_type
from warehouse.statements import statement


def begun_papers(con: Connection, schema: Schema, asked: pl.DataFrame) -> Papers:
    """The documents among ``asked`` (keys) whose status begins a transfer, and the orders and requisitions they
    name."""
    found = {table: schema.no_rows(table) for table in HEADERS}
    with registered(con, asked=asked.select(RECORD)):
        for table in sorted({kind.table for kind in KINDS}):
            statuses = sorted({status for kind in KINDS if kind.table == table for status in kind.statuses})
            condition = (
                f"id in (select record_id from asked where table_name = '{table}') and status in (select unnest(?))"
            )
            found[table] = _rows(con, table, schema, condition, [statuses])
    for table in ("purchase_order", "requisition"):
        link_fits = found["invoice"].select(id=f"{table}_id").drop_nulls().unique()
        with registered(con, link_fits=link_fits):
            context = _rows(con, table, schema, "id in (select n.id from link_fits as n)")
        found[table] = pl.concat([found[table], context]).unique("id").sort("id")
    return found


def with_lines(con: Connection, schema: Schema, papers: Papers, begun: pl.DataFrame) -> Papers:
    """``papers`` with the lines of the documents ``begun`` (keys) and of all orders, and the currencies."""
    wanted = pl.concat(
        [
            begun.select(RECORD),
            papers["purchase_order"].select(pl.lit("purchase_order").alias("table_name"), record_id="id"),
        ]
    ).unique()
    lines = {}
    with registered(con, wanted=wanted):
        for table in sorted({kind.table for kind in KINDS}):
            condition = f"{quote(f'{table}_id')} in (select record_id from wanted where table_name = '{table}')"
            lines[f"{table}_line"] = _rows(con, f"{table}_line", schema, condition)
    return {**papers, **lines, CURRENCIES: _rows(con, CURRENCIES, schema, "true")}


def _rows(con: Connection, table: str, schema: Schema, condition: str, values: Sequence[object] = ()) -> pl.DataFrame:
    columns = ", ".join(quote(column.name) for column in schema.travelling(table))
    sql = f"select {columns} from replica.{quote(table)} where {condition} order by id"
    return query(con, sql, list(values)).cast(schema.frame_schema(table))


def responding_halves(con: Connection, begun: pl.DataFrame) -> FrameOf[RespondingHalf]:
    """The halves that name the initiating halves ``begun`` (InitiatingHalf), of the right kind
    and in the right store. Of several the one with the lowest id."""
    found: list[pl.DataFrame] = [RespondingHalf.empty()]
    for kind in KINDS:
        own = begun.filter(pl.col("kind") == kind.name).select("record_id", "to_store")
        if own.is_empty():
            continue
        with registered(con, own=own):
            found.append(
                query(
                    con,
                    f"select '{kind.table}' as table_name, o.record_id, min(r.id) as responding_id from own as o "
                    f"join replica.{quote(kind.responding_table)} as r on r.{quote(kind.back)} = o.record_id "
                    f"and r.store_id = o.to_store{of_type(kind)} group by all",
                )
            )
    return RespondingHalf.check(pl.concat(found))


def link_fits(con: Connection, begun: pl.DataFrame) -> FrameOf[LinkFits]:
    """Of the initiating halves ``begun`` (InitiatingHalf) that name a record which central holds: whether that
    is of the right kind, in the right store, and the half of no other document."""
    found: list[pl.DataFrame] = [LinkFits.empty()]
    for kind in KINDS:
        own = begun.filter((pl.col("kind") == kind.name) & pl.col("linked_id").is_not_null())
        if own.is_empty():
            continue
        of_type = f" and r.type is not distinct from '{kind.responding_type}'" if kind.responding_type else ""
        back = f"r.{quote(kind.back)}"
        with registered(con, own=own.select("record_id", "to_store", "linked_id")):
            found.append(
                query(
                    con,
                    f"select '{kind.table}' as table_name, o.record_id, r.store_id is not distinct from "
                    f"o.to_store{of_type} "
                    f"and ({back} is null or {back} = o.record_id) as fits "
                    f"from own as o join replica.{quote(kind.responding_table)} as r on r.id = o.linked_id",
                )
            )
    return LinkFits.check(pl.concat(found))


def lost_halves(con: Connection, asked: pl.DataFrame) -> FrameOf[LostHalf]:
    """Of the initiating halves ``asked`` (RECORD, responding_table, derived_id, to_site), which name the half that
    central would make and does not hold, those whose half was made by a server that is lost (B53)."""
    if asked.is_empty():
        return LostHalf.empty()
    with registered(con, asked=asked.select(*RECORD, "responding_table", "derived_id", "to_site")):
        return LostHalf.check(query(con, statement("lost_halves")))


def halves_among(con: Connection, records: pl.DataFrame) -> pl.DataFrame:
    """The keys of those of ``records`` that are halves of transfers by what they say (B22), or lines of such ones."""
    with registered(con, records=records.select(RECORD)):
        headers = [
            f"select '{table}' as table_name, t.id as record_id from replica.{quote(table)} as t where "
            f"t.other_name_id in (select name_id from replica.store) and ({' or '.join(_meets(one) for one in halves)})"
            for table, halves in HALVES.items()
        ]
        lines = " union all ".join(f"select '{table}_line' as table_name, '{table}' as header" for table in HALVES)
        return query(
            con,
            f"with halves as ({' union all '.join(headers)}), lines as ({lines}) "
            "select r.table_name, r.record_id from records as r semi join halves as h "
            "on h.table_name = r.table_name and h.record_id = r.record_id union "
            "select r.table_name, r.record_id from records as r "
            "join ledger.record as k on k.table_name = r.table_name and k.record_id = r.record_id "
            "join lines as l on l.table_name = r.table_name "
            "join halves as h on h.table_name = l.header and h.record_id = k.document order by all",
        )


def _meets(condition: HalfCondition) -> str:
    """A condition of HALVES as SQL; its values are words of the rules, never of a row."""
    parts = [f"t.{quote(condition.filled)} is not null"] if condition.filled else []
    for column, allowed in sorted(condition.values.items()):
        words = ", ".join(f"'{word}'" for word in allowed)
        parts.append(f"t.{quote(column)} in ({words})")
    return f"({' and '.join(parts)})"


def centralised_halves(con: Connection, transfers: pl.DataFrame) -> pl.DataFrame:
    """The keys of the initiating halves among ``transfers`` that are centralised orders, or made for one
    (X4)."""
    with registered(con, asked=transfers.select(RECORD)):
        return query(
            con,
            statement("centralised_halves"),
        )


def with_lines_of(con: Connection, documents: pl.DataFrame) -> FrameOf[SharedRecord]:
    """``documents`` (keys, shared) and a row for each of their lines, with the same ``shared``."""
    tables = pl.DataFrame({"table_name": list(HEADERS), "line_table": [f"{table}_line" for table in HEADERS]})
    wanted = documents.join(tables, on="table_name")
    with registered(con, wanted=wanted):
        lines = query(
            con,
            "select r.table_name, r.record_id, w.shared from wanted as w join ledger.record as r "
            "on r.table_name = w.line_table and r.document = w.record_id",
        )
    return SharedRecord.check(pl.concat([SharedRecord.take(documents), SharedRecord.take(lines)]))


def messages(con: Connection, touched: pl.DataFrame, halves: pl.DataFrame) -> FrameOf[SharedRecord]:
    """The log messages that are ``touched`` or about one of ``halves`` (keys): the scopes that the
    initiating half has as part of its transfer."""
    about = " union all ".join(
        f"select m.id, '{table}' as table_name, m.{quote(column)} as record_id from replica.{LOG_TABLE} as m "
        f"where m.{quote(column)} is not null"
        for table, column in LOG_COLUMNS.items()
    )
    with registered(con, touched=touched.select(RECORD), halves=halves.select(RECORD)):
        found = query(
            con,
            f"select '{LOG_TABLE}' as table_name, a.id as record_id, r.shared from ({about}) as a "
            "join ledger.record as r on r.table_name = a.table_name and r.record_id = a.record_id "
            "where len(r.shared) > 0 and (a.id in (select t.record_id from touched as t where t.table_name = "
            f"'{LOG_TABLE}') "
            "or (a.table_name, a.record_id) in (select h.table_name, h.record_id from halves as h)) "
            "qualify row_number() over (partition by a.id order by a.table_name) = 1",
        )
    return SharedRecord.take(found)
