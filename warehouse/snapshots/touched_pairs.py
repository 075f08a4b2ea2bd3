"""The pairs of store and item whose figures can be others than in the last snapshot, from what was noted since (B16).

A pair is touched where a row of a document, a line or a stock line says something else of it than before; where what
such a row looks up is other (an item, a supplier, a location); where something that is worked out whole and read by
pair is (what is known of the store, what waits); where a document of the one names a stock line of the other, or both
have the same codes. What cannot be told so touches all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from sync_rules.schema import Schema
from warehouse.connection import Connection, quote, value
from warehouse.records.pair_tables import DOCUMENTS, PAIR_TABLES, STOCK, DocumentTable
from warehouse.records.publication import noted_in
from warehouse.reports.evaluation import by_pair, in_memory, inputs_of_pairs, text_of
from warehouse.reports.files import ReportFile

LOOKED_UP = frozenset({"item", "location", "name", "reason_option", "store"})
"""Replicas besides documents and stock lines that figures by pair read. Others they may not."""

MUCH_TOUCHED = 0.4
"""From this share of the pairs on all are worked out: finding and replacing them costs more than they do."""

_ROUNDS = 5
"""So often what belongs together is looked for again; what goes on longer touches all."""

_OF_ALL = ("reason_option", "store")
_MOVING = "data_as_of_at"


def note_altered(own: Connection, schema: Schema) -> None:
    """Notes the rows looked up that differ from what ``snap`` still has, and the codes that altered items have or
    had."""
    found = " union all ".join(_altered(table, schema) for table in sorted(LOOKED_UP))
    own.execute(f"create temp table altered as {found}")
    items = "where id in (select id from altered where table_name = 'item')"
    own.execute(
        "create temp table touched_item_code as select coalesce(code, '') as item_code from "
        f"(select code from snap.main.item {items} union select code from replica.item {items})"
    )
    own.execute("create temp table touched_item as select id as item_id from altered where table_name = 'item'")


def find_touched(own: Connection, schema: Schema) -> bool:
    """Finds them, and the rows that figures of them rest on (``touched_rows``); false where all are touched. Call it
    when the inputs of pairs are worked out, in memory."""
    if value(own, f"select count(*) from altered where table_name in {_OF_ALL}") or not _are_stores_the_same(own):
        return False
    own.execute("create temp table touched_store (store_id varchar)")
    own.execute("create temp table touched_pair (store_id varchar, item_id varchar)")
    for file in inputs_of_pairs():
        _add_differing(own, file)
    _add_documents(own)
    for _ in range(_ROUNDS):
        _add_same_codes(own)
        if _share(own) > MUCH_TOUCHED:
            return False
        _take_rows(own, schema)
        if not _add_linked(own):
            _name_codes(own)
            return True
    return False


def is_touched(store: str, item: str) -> str:
    """Whether a store and an item are touched, as SQL over the columns of their ids."""
    return (
        f"coalesce({store} in (select store_id from touched_store) or {item} in (select item_id from touched_item) "
        f"or ({store}, coalesce({item}, '')) in (select store_id, item_id from touched_pair), false)"
    )


def has_touched_code() -> str:
    """Whether a row with the columns store_code and item_code is of a touched pair, as SQL."""
    return (
        "coalesce(store_code in (select store_code from touched_store_code) or coalesce(item_code, '') in "
        "(select item_code from touched_item_code) or (store_code, coalesce(item_code, '')) in "
        "(select store_code, item_code from touched_code), false)"
    )


def touched_rows(file: ReportFile) -> dict[str, str]:
    """What a report reads in the place of replicas."""
    return {table: in_memory(f"touched_{table}") for table in PAIR_TABLES - file.looks_up}


def _altered(table: str, schema: Schema) -> str:
    columns = ", ".join(quote(column.name) for column in schema.travelling(table))
    now, before = (
        f"select {columns} from {place}.{table} where id in ({noted_in(table)})" for place in ("replica", "snap.main")
    )
    return (
        f"select distinct '{table}' as table_name, id from (({now} except {before}) union all ({before} except {now}))"
    )


def _are_stores_the_same(own: Connection) -> bool:
    """Whether the stores in reports are those of before, since what any issued to another one is not used up; and each
    has a code of its own, now and before, by which its rows are found."""
    now, before = in_memory("reporting_store"), "snap.kept.reporting_store"
    others = f"select store_id from {now} union all select store_id from {before}"
    different = value(own, f"select count(*) from (from ({others}) group by 1 having count(*) <> 2)")
    doubled = [value(own, f"select count(*) - count(distinct store_code) from {place}") for place in (now, before)]
    return not different and not any(doubled)


def _add_differing(own: Connection, file: ReportFile) -> None:
    """Touches what differs of a whole input from what it was: the pair where it names one, else the store."""
    columns = ", ".join(name for name in file.columns if name != _MOVING)
    now, before = f"select {columns} from {in_memory(file.name)}", f"select {columns} from snap.kept.{file.name}"
    differs = f"(({now} except all {before}) union all ({before} except all {now}))"
    if "item_id" in file.columns:
        own.execute(f"insert into touched_pair select distinct store_id, coalesce(item_id, '') from {differs}")
    else:
        own.execute(f"insert into touched_store select distinct store_id from {differs}")


def _add_documents(own: Connection) -> None:
    """Touches the pairs that noted rows are of or were, or that look up what was altered."""
    for document in DOCUMENTS:
        own.execute(_of_documents(document))
    altered = "select id from altered where table_name = 'location'"
    own.execute(
        "insert into touched_pair select distinct store_id, coalesce(item_id, '') from ("
        f"select store_id, item_id from replica.{STOCK} where id in ({noted_in(STOCK)}) or location_id in ({altered}) "
        f"union all select store_id, item_id from ledger.unpublished where table_name = '{STOCK}') "
        "where store_id is not null"
    )
    own.execute(
        "insert into touched_pair select distinct store_id, coalesce(item_id, '') from snap.kept.stray_line "
        f"where stock_line_id in ({noted_in(STOCK)}) and store_id is not null"
    )


def _of_documents(one: DocumentTable) -> str:
    """Of each touched document the items that its touched lines have or had, in the stores that it has or had."""
    headers = noted_in(one.name)
    if one.name == "invoice":
        names = "select id from altered where table_name = 'name'"
        headers += f" union all select id from replica.invoice where other_name_id in ({names})"
    said = [
        f"select {one.key} as document_id, item_id from replica.{one.lines} "
        f"where id in ({noted_in(one.lines)}) or {one.key} in ({headers})",
        f"select document_id, item_id from ledger.unpublished where table_name = '{one.lines}'",
    ]
    if one.has_item:
        said.append(f"select id, item_id from replica.{one.name} where id in ({headers})")
        said.append(f"select record_id, item_id from ledger.unpublished where table_name = '{one.name}'")
    return (
        f"insert into touched_pair with said as ({' union '.join(said)}), "
        f"stores as (select id, store_id from replica.{one.name} where id in (select document_id from said) "
        f"union select record_id, store_id from ledger.unpublished where table_name = '{one.name}') "
        "select distinct stores.store_id, coalesce(said.item_id, '') from said join stores on "
        "stores.id = said.document_id where stores.store_id is not null"
    )


def _add_same_codes(own: Connection) -> None:
    """Touches what has the codes of what is touched: rows of reports name items by them."""
    own.execute(
        "insert into touched_item select id from replica.item where coalesce(code, '') in "
        "(select item_code from touched_item_code) and id not in (select item_id from touched_item)"
    )
    own.execute(
        "insert into touched_pair with shared as (select id, coalesce(code, '') as code from replica.item "
        "qualify count(*) over (partition by coalesce(code, '')) > 1) "
        "select distinct pair.store_id, other.id from touched_pair as pair join shared as one on one.id = pair.item_id "
        "join shared as other on other.code = one.code and other.id <> one.id "
        f"where not {is_touched('pair.store_id', 'other.id')}"
    )


def _share(own: Connection) -> float:
    """The share of the pairs that had stock or movements which is touched."""
    touched = f"count(*) filter ({is_touched('store_id', 'item_id')})"
    return value(own, f"select 1000 * {touched} // greatest(1, count(*)) from snap.kept.balance") / 1000


def _take_rows(own: Connection, schema: Schema) -> None:
    """The documents, lines and stock lines of what is touched, with the columns that are read."""
    for one in DOCUMENTS:
        of_line = is_touched("header.store_id", "line.item_id")
        own.execute(
            f"create or replace temp table touched_{one.lines} as select {_columns(one.lines, schema, 'line')} from "
            f"replica.{one.lines} as line join replica.{one.name} as header on header.id = line.{one.key} "
            f"where {of_line}"
        )
        itself = f" or {is_touched('store_id', 'item_id')}" if one.has_item else ""
        own.execute(
            f"create or replace temp table touched_{one.name} as select {_columns(one.name, schema, 'header')} from "
            f"replica.{one.name} as header where id in (select {one.key} from touched_{one.lines}){itself}"
        )
    own.execute(
        f"create or replace temp table touched_{STOCK} as select {_columns(STOCK, schema, 'line')} "
        f"from replica.{STOCK} as line where {is_touched('store_id', 'item_id')}"
    )


def _add_linked(own: Connection) -> bool:
    """Touches the pairs of stock lines that documents of touched ones name, or named, and those whose documents name
    stock lines of touched ones; whether there are such that were not touched."""
    [stray] = [file for file in by_pair() if file.looks_up]
    linked = [
        f"select named_store_id, named_item_id from ({text_of(stray, in_memory, touched_rows(stray))})",
        f"select named_store_id, named_item_id from snap.kept.{stray.name} where {is_touched('store_id', 'item_id')}",
        f"select store_id, item_id from snap.kept.{stray.name} where {is_touched('named_store_id', 'named_item_id')}",
    ]
    own.execute(
        "create or replace temp table linked as select distinct store_id, coalesce(item_id, '') as item_id "
        f"from ({' union all '.join(linked)}) as one (store_id, item_id) "
        f"where store_id is not null and not {is_touched('store_id', 'item_id')}"
    )
    own.execute("insert into touched_pair from linked")
    return value(own, "select count(*) from linked") > 0


def _name_codes(own: Connection) -> None:
    """The codes of what is touched, as reports have them or had them."""
    now = in_memory("reporting_store")
    own.execute(
        f"create temp table touched_store_code as select store_code from (from {now} union all "
        "from snap.kept.reporting_store) where store_id in (select store_id from touched_store)"
    )
    own.execute(
        "create temp table touched_code as select distinct store.store_code, coalesce(item.code, '') as item_code "
        f"from touched_pair as pair join {now} as store on store.store_id = pair.store_id "
        "join replica.item as item on item.id = pair.item_id"
    )


def _columns(table: str, schema: Schema, alias: str) -> str:
    named = _words()
    names = [column.name for column in schema.travelling(table) if column.name in named]
    return ", ".join(f"{alias}.{quote(name)}" for name in names)


@cache
def _words() -> frozenset[str]:
    """Every word in the texts of reports by pair: columns that are none of these no such report reads."""
    texts: Sequence[str] = [file.sql for file in by_pair()]
    return frozenset(re.findall(r"\w+", " ".join(texts))) | {"id"}
