"""B16: every writer of replicas notes the rows that it touched, once something is published."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from sites.schema import SCHEMA
from sync_rules.frames import HeldRecord
from tests.warehouse.publishing import NOW, cycle, put, remove
from warehouse.connection import Connection
from warehouse.frames import Transfer
from warehouse.records import merges, publication
from warehouse.records.door import Records
from warehouse.records.facts import put_facts
from warehouse.records.home_stores import put_homes
from warehouse.records.links import put_links
from warehouse.records.publication import Publication

Write = Callable[[Connection], object]
HALVES = {"kind": "stock_transfer", "table_name": "invoice", "record_id": "sent", "from_store": "A", "to_store": "B",
          "responding_table": "invoice", "responding_id": "received", "is_deleted": False}  # fmt: skip
JOIN = {"item_id": "one", "store_id": "A"}


def _links(con: Connection) -> None:
    found = Transfer.of([{**dict.fromkeys(Transfer.names()), **HALVES}])
    put_links(Records(con, SCHEMA, 1), found)


def _collapses(con: Connection) -> None:
    pairs = pl.DataFrame({"merged_id": ["two"], "kept_id": ["one"]})
    records = Records(con, SCHEMA, 1)
    touched = merges.move_references(records, "item", pairs)
    assert touched.height == 2
    merges.collapse(records, touched)


WRITERS: dict[str, Write] = {
    "rows are merged": lambda con: put(con, "item", {"id": "one", "name": "Another"}, {"id": "three"}),
    "rows are removed": lambda con: remove(con, "item", "one"),
    "references move and joins collapse": _collapses,
    "halves are linked": _links,
    "people get homes": lambda con: put_homes(
        Records(con, SCHEMA, 1), "patient", pl.DataFrame({"record_id": ["p"], "owner": ["A"]})
    ),
}


@pytest.fixture
def con(con: Connection) -> Connection:
    """One of everything that the writers write to."""
    put(con, "item", {"id": "one"}, {"id": "two"}, {"id": "other"})
    put(con, "item_store_join", {"id": "a", **JOIN, "ignore_for_orders": True}, {"id": "b", **JOIN, "item_id": "two"})
    put(con, "stock_line", {"id": "line", "store_id": "A", "item_id": "two"})
    put(con, "patient", {"id": "p"}, {"id": "q"})
    put(con, "invoice", {"id": "sent", "store_id": "A", "type": "customer_invoice"},
        {"id": "received", "store_id": "B", "type": "supplier_invoice"}, {"id": "else", "store_id": "B"})  # fmt: skip
    known = HeldRecord.of(
        [(table, name, None, None, "otherwise", 1, None, [], [])
         for table, name in (("invoice", "sent"), ("invoice", "received"), ("patient", "p"))]
    )  # fmt: skip
    put_facts(con, known.with_columns(seq=pl.lit(1, pl.Int64)))
    return con


def replicas(con: Connection) -> dict[tuple[str, str], Any]:
    """Every row of every replica."""
    return {(table, row[0]): row for table in SCHEMA.tables for row in con.execute(f"from replica.{table}").fetchall()}


@pytest.mark.parametrize("writer", WRITERS)
def test_b16_what_is_written_or_deleted_is_noted(writer: str, con: Connection) -> None:
    assert con.execute("from ledger.unpublished").fetchall() == [], "before the first publication nothing is noted"
    cycle(con, 1)
    publication.enter_publication(con, Publication(1, 1), NOW)
    before = replicas(con)
    WRITERS[writer](con)
    after = replicas(con)
    touched = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    assert touched
    assert touched <= set(con.execute("select distinct table_name, record_id from ledger.unpublished").fetchall())
    publication.enter_publication(con, Publication(2, 1), NOW)
    assert publication.noted(con) == {}
