"""Precision 33, at a site: what its version of the program has not got is left out, by pull, delivery and own steps."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest

from sites.capture import triggers
from sites.capture.generations import Capture
from sites.capture.triggers import upgrade
from sites.own_edits.patient_visibility import show_new_patients
from sites.own_edits.rights import StoreRights
from sites.own_edits.transfers.respond import respond_locally
from sites.schema import SCHEMA
from sync_rules.egress import Leaving
from sync_rules.schema import Column, Kind, Schema
from tests.sites.conftest import LEAVING, NOW, REFERENCE_LEAVING, TABLES, Site
from tests.sites.test_own_steps import fill, half, numbers, rows

NOBODY = pl.DataFrame(schema={"table_name": pl.String, "record_id": pl.String})
NOT_NAMED = NOBODY.with_columns(is_moved=pl.lit(None, pl.Boolean))
NOT_BEGUN = NOBODY.with_columns(to_store=pl.lit(None, pl.String))


@pytest.fixture
def place(reference_site):
    """A pulled site of an older program, where stores s and t are active."""
    db = reference_site.db
    db.script(
        f"drop table {table}"
        for table in (
            "document_number", "transfer_log", "goods_received_line", "goods_received", "purchase_order_line",
            "purchase_order", "store_preference", "prescription_line", "prescription", "drug_interaction",
        )
    )  # fmt: skip
    db.execute("alter table store rename column is_disabled to is_closed")
    db.execute("alter table invoice_line drop column batch")
    db.execute("alter table asset drop column location_id")
    fill(db)
    reference_site.pull(REFERENCE_LEAVING)
    return reference_site


def test_a_pull_leaves_out_what_is_not_there_and_says_so(site):
    site.db.execute("alter table invoice rename column store_id to owner")
    site.db.execute("alter table invoice drop column total")
    site.db.execute("alter table item add column colour text")
    site.db.execute("drop table barcode")
    site.db.execute("insert into item values ('i1', 'a', 'red')")
    first = site.pull()
    assert first.rows["item"].columns == ["id", "name"]
    capture = Capture.of_text(first.capture)
    assert capture.lacking == {"barcode": None, "invoice": ["store_id", "total"], "invoice_line": []}
    assert capture.problems_since(None) == [
        "table `invoice` is not collected: it has no column `store_id`",
        "table `invoice_line` is not collected: its records belong to those of table `invoice`, which is not collected",
    ]  # fmt: skip
    site.db.execute("insert into item values ('i2', 'b', 'red')")
    assert site.changes() == [("item", "i2", "upsert")]


def test_what_appears_is_read_whole_and_a_new_table_is_captured(site, tmp_path):
    """A table that comes back tells nothing of deletes: it is not compared."""
    site.db.execute("insert into item values ('i1', 'a'), ('i2', 'b')")
    site.db.execute("insert into invoice (id, store_id) values ('v1', 's')")
    site.pull()
    for statement in ("drop table barcode", "alter table invoice drop column comment"):
        site.db.execute(statement)
    gone = site.pull()
    assert Capture.of_text(gone.capture).problems_since(None) == []
    assert gone.appeared == {}
    site.db.execute("create table barcode (id text primary key, code text, item_id text references item (id))")
    site.db.execute("insert into barcode values ('b1', '111', 'i1')")
    site.db.execute("alter table invoice add column comment text default 'it''s new'")
    upgrade(site.db, site.schema, absent=["barcode"])
    back = site.pull()
    assert (back.appeared, back.compared) == ({"barcode": None, "invoice": {"comment": "it's new"}}, ("invoice",))
    assert {table: rows["id"].to_list() for table, rows in back.rows.items()} == {"barcode": ["b1"], "invoice": ["v1"]}
    site.db.execute("delete from barcode where id = 'b1'")
    assert (site.changes(), site.pull().appeared) == ([("barcode", "b1", "delete")], {})


def test_a_table_that_is_not_captured_is_refused_and_nothing_else(site):
    """A new version of central's asks for it, and nobody ran `capture install` since."""
    site.db.execute("create table shelf (id text primary key, name text)")
    wider = Schema({**site.schema.tables, "shelf": TABLES["item"]}, site.schema.references)
    site.pull()
    site.schema = wider
    site.db.execute("insert into shelf values ('s1', 'a')")
    site.db.execute("insert into item values ('i1', 'a')")
    leaving = {**LEAVING, "shelf": Leaving("shelf")}
    pulled = site.pull(leaving)
    assert pulled.changes["table_name"].to_list() == ["item"]
    assert Capture.of_text(pulled.capture).refused == {
        "shelf": "its changes were never logged; run `supplysync capture install`"
    }
    upgrade(site.db, wider)
    assert [one.table for one in triggers.status(site.db, wider) if not one.is_captured] == []
    site.db.execute("insert into shelf values ('s2', 'b')")
    back = site.pull(leaving)
    assert (back.appeared, back.rows["shelf"]["id"].to_list()) == ({"shelf": None}, ["s1", "s2"])


@pytest.mark.parametrize(
    ("kind", "sql", "found"),
    [
        ("text", "'e'", "e"),
        ("numeric(15, 6)", "-1.5", "-1.500000"),
        ("integer", "7", "7"),
        ("boolean", "true", "true"),
        ("date", "'2026-01-31'", "2026-01-31"),
        ("text", "current_timestamp", None),
    ],
)
def test_what_a_new_column_has_by_itself_is_told(site: Site, kind: str, sql: str, found: str | None):
    kinds = {"numeric(15, 6)": Kind.DECIMAL, "integer": Kind.INTEGER, "boolean": Kind.BOOLEAN, "date": Kind.DATE}
    column = Column("more", kinds.get(kind, Kind.TEXT))
    site.schema = Schema({**site.schema.tables, "item": (*TABLES["item"], column)}, site.schema.references)
    site.pull()
    if sql == "current_timestamp":  # SQLite adds no column with such a default
        site.db.execute("alter table item add column more text")
        assert site.pull().appeared == {"item": {"more": None}}
        return
    site.db.execute(f"alter table item add column more {kind} default {sql}")
    assert site.pull().appeared == {"item": {"more": found}}


def test_delivery_leaves_out_what_is_not_there(place, tmp_path):
    """What refers to a merged record in columns that are not there is no matter; numbers go by the documents."""
    place.db.insert_rows("invoice", rows("invoice", half("b", number=40)).select("id", "store_id", "type", "number"))
    place.pull(REFERENCE_LEAVING)
    sent = {
        "item": rows("item", {"id": "i3", "name": "New"}),
        "invoice": rows("invoice", half("a"), half("b", number=-1, created_at=NOW - timedelta(days=1))),
        "invoice_line": rows("invoice_line", {"id": "a-1", "invoice_id": "a", "item_id": "i3", "batch": "x"}),
        "purchase_order": rows("purchase_order", {"id": "o", "store_id": "s", "number": 5}),
        "location_merge": rows("location_merge", {"id": "m", "store_id": "s", "kept_id": "l1", "merged_id": "l2"}),
        "location": rows("location", {"id": "l1", "store_id": "s"}),
    }
    deletes = [("drug_interaction", "d1"), ("item", "i2"), ("prescription", "rx")]
    change_set = place.sending(tmp_path, sent, deletes)
    answer = place.deliver(change_set, rights=StoreRights(frozenset({"s", "t"})))
    assert (answer.content_hash, answer.skipped) == (change_set.content_hash, ())
    assert place.db.execute("select id, name from item order by id") == [("i1", None), ("i3", "New")]
    assert numbers(place) == [("a", 41), ("b", 40)]
    assert place.db.execute("select item_id from invoice_line") == [("i3",)]
    assert place.deliver(change_set) == answer


def test_own_steps_do_what_can_be_done(place):
    """X1 for the kinds of transfer that the site has tables of; B24 without prescriptions and preferences."""
    db = place.db
    db.execute(
        "insert into invoice (id, store_id, other_name_id, type, status, number, on_hold, finalised_at) "
        "values ('v', 's', 'nt', 'customer_invoice', 'finalised', 3, false, '2026-11-20T00:00:00Z')"
    )
    db.execute("insert into invoice_line (id, invoice_id, item_id, packs) values ('v-1', 'v', 'i1', 3)")
    db.execute("insert into patient (id, home_store_id) values ('p1', 's')")
    made = respond_locally(
        db, since=place.since, stores=["s", "t"], is_primary=True, named=NOT_NAMED, not_begun=NOT_BEGUN,
        age_limit_months=3, schema=SCHEMA, now=NOW,
    )  # fmt: skip
    assert made == 1
    assert db.execute("select store_id, type, number from invoice where id <> 'v'") == [("t", "supplier_invoice", 1)]
    assert show_new_patients(db, SCHEMA, since=place.since, dispensaries=["s", "t"], stores=["s", "t"], unknown=()) == 1
    assert {table for table, _, _ in place.changes(REFERENCE_LEAVING)} >= {"invoice", "patient_store_join"}
