"""P1, B10: every change of a captured table is in the log, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from sites.capture import triggers
from sites.capture.generations import Capture
from sites.engines.connection import SiteFailed, open_site
from sites.schema import SCHEMA
from sites.schema.presence import presence
from sync_rules.schema import Column, Kind, Schema


def test_p1_insert_update_delete_are_logged_in_order(site):
    site.db.execute("insert into item values ('i1', 'a')")
    site.db.execute("update item set name = 'b' where id = 'i1'")
    site.db.execute("delete from item where id = 'i1'")
    operations = [op for _, _, op in site.log()]
    assert operations == ["I", "U", "D"]
    assert {row[:2] for row in site.log()} == {("item", "i1")}


def test_p1_each_row_of_a_statement_is_logged(site):
    site.db.execute("insert into item values ('i1', 'a'), ('i2', 'b'), ('i3', 'c')")
    site.db.execute("update item set name = 'x' where id <> 'i2'")
    site.db.execute("delete from item")
    assert sorted(site.log()) == sorted(
        [("item", f"i{n}", op) for n in (1, 2, 3) for op in "ID"] + [("item", "i1", "U"), ("item", "i3", "U")]
    )


def test_p1_a_changed_key_is_a_delete_and_an_insert(site):
    site.db.execute("insert into item values ('i1', 'a')")
    site.pull()
    site.db.execute("update item set id = 'i9' where id = 'i1'")
    assert site.log()[-2:] == [("item", "i1", "D"), ("item", "i9", "I")]
    assert sorted(site.changes()) == [("item", "i1", "delete"), ("item", "i9", "upsert")]


def test_p1_a_rolled_back_transaction_is_not_logged(site):
    with pytest.raises(SiteFailed), site.db.transaction(write=True):  # noqa: PT012 - the error is the transaction's
        site.db.execute("insert into item values ('i1', 'a')")
        site.db.execute("insert into item values ('i1', 'again')")
    assert site.log() == []


def test_p1_cascades_are_logged(site):
    site.db.script(
        [
            "create table line (id text primary key, item_id text references item (id) on delete cascade)",
            "insert into item values ('i1', 'a')",
            "insert into line values ('l1', 'i1')",
        ]
    )
    wider = Schema({**site.schema.tables, "line": (Column("id", Kind.TEXT), Column("item_id", Kind.TEXT))}, ())
    triggers.install(site.db, wider)
    site.db.execute("delete from item where id = 'i1'")
    assert ("line", "l1", "D") in site.log()


def test_b10_a_replace_that_cascades_is_logged(sqlite_site):
    db = sqlite_site.db
    db.script(
        [
            "create table line (id text primary key, item_id text references item (id) on delete cascade)",
            "insert into item values ('i1', 'a')",
            "insert into line values ('l1', 'i1')",
        ]
    )
    wider = Schema({**sqlite_site.schema.tables, "line": (Column("id", Kind.TEXT),)}, ())
    triggers.install(db, wider)
    db.execute("insert or replace into item values ('i1', 'b')")
    assert db.execute("select count(*) from line") == [(0,)]
    assert ("line", "l1", "D") in sqlite_site.log()


def test_b10_upsert_of_an_existing_row_nets_to_an_upsert(site):
    sql = "insert into item values ('i1', ?) on conflict (id) do update set name = excluded.name"
    site.db.execute(sql, ("a",))
    assert site.changes() == [("item", "i1", "upsert")]
    site.db.execute(sql, ("b",))
    assert site.changes() == [("item", "i1", "upsert")]
    site.db.execute(sql, ("c",))
    site.db.execute("delete from item")
    assert site.changes() == [("item", "i1", "delete")]


def test_b10_insert_or_replace_over_a_second_unique_key_logs_the_displaced_row(sqlite_site):
    db = sqlite_site.db
    assert db.execute("pragma recursive_triggers") == [(0,)]
    db.execute("insert into barcode (id, code) values ('b1', '111'), ('b2', '222')")
    sqlite_site.changes()
    db.execute("insert or replace into barcode (id, code) values ('b3', '111')")
    assert db.execute("select id from barcode order by id") == [("b2",), ("b3",)]
    assert sqlite_site.changes() == [("barcode", "b1", "delete"), ("barcode", "b3", "upsert")]


def test_b10_update_or_replace_over_either_key_logs_the_displaced_row(sqlite_site):
    db = sqlite_site.db
    db.execute("insert into barcode (id, code) values ('b1', '111'), ('b2', '222'), ('b3', '333')")
    sqlite_site.changes()
    db.execute("update or replace barcode set code = '111' where id = 'b2'")
    assert sqlite_site.changes() == [("barcode", "b1", "delete"), ("barcode", "b2", "upsert")]
    db.execute("update or replace barcode set id = 'b3' where id = 'b2'")
    assert db.execute("select id, code from barcode") == [("b3", "111")]
    assert sorted(sqlite_site.changes()) == [("barcode", "b2", "delete"), ("barcode", "b3", "upsert")]


def test_b10_replace_of_one_row_that_displaces_two(sqlite_site):
    db = sqlite_site.db
    db.execute("insert into barcode (id, code) values ('b1', '111'), ('b2', '222')")
    sqlite_site.changes()
    db.execute("insert or replace into barcode (id, code) values ('b1', '222')")
    assert sorted(sqlite_site.changes()) == [("barcode", "b1", "upsert"), ("barcode", "b2", "delete")]


def test_b10_replace_then_delete_is_a_delete(sqlite_site):
    db = sqlite_site.db
    db.execute("insert into item values ('i1', 'a')")
    sqlite_site.changes()
    db.execute("insert or replace into item values ('i1', 'b')")
    db.execute("delete from item where id = 'i1'")
    assert sqlite_site.changes() == [("item", "i1", "delete")]


def test_b10_insert_or_ignore_of_an_existing_row_loses_nothing(sqlite_site):
    db = sqlite_site.db
    db.execute("insert into item values ('i1', 'a')")
    sqlite_site.changes()
    db.execute("insert or ignore into item values ('i1', 'b')")
    assert sqlite_site.pull().rows.get("item", pl.DataFrame({"name": ["a"]}))["name"].to_list() == ["a"]


def test_b10_a_unique_index_that_ignores_case_is_watched_the_same_way(new_site, schema):
    with open_site(new_site("sqlite"), Path()) as db:
        db.execute("create table item (id text primary key, name text)")
        db.execute("create unique index item_name on item (name collate nocase)")
        triggers.install(db, Schema({"item": schema.tables["item"]}, ()))
        db.execute("insert into item values ('i1', 'Zinc')")
        db.execute("insert or replace into item values ('i2', 'ZINC')")
        log = db.execute("select record_id, op from supplysync_change_log order by seq")
        assert log == [("i1", "I"), ("i1", "D"), ("i2", "I")]


def uncaptured(site):
    return {one.table: one.problem for one in triggers.status(site.db, site.schema) if one.problem}


@pytest.mark.parametrize("is_installed", [True, False])
def test_b10_a_unique_index_on_an_expression_refuses_its_table_alone(sqlite_site, is_installed):
    """And those whose records belong to it (precision 33). Once it is gone the table is read whole and compared: what
    was replaced by way of that index was not logged."""
    db = sqlite_site.db
    db.execute("insert into preference values ('p1', 'k', '1'), ('p2', 'l', '2')")
    sqlite_site.pull()
    db.execute("create unique index odd on preference (lower(key))")
    db.execute("insert into item values ('i1', 'a')")
    triggers.upgrade(db, sqlite_site.schema)
    triggers.note_version(db, sqlite_site.schema)
    if is_installed:
        assert triggers.install(db, sqlite_site.schema) == frozenset()
    assert list(uncaptured(sqlite_site)) == ["preference"]
    assert "unique index `odd`" in uncaptured(sqlite_site)["preference"]
    pulled = sqlite_site.pull()
    assert pulled.changes["table_name"].to_list() == ["item"]
    [(table, why)] = Capture.of_text(pulled.capture).refused.items()
    assert table == "preference"
    assert "run `supplysync capture install`" in why
    db.execute("insert or replace into preference values ('p3', 'K', '3')")
    db.execute("drop index odd")
    triggers.upgrade(db, sqlite_site.schema)
    triggers.note_version(db, sqlite_site.schema)
    back = sqlite_site.pull()
    assert (back.compared, back.rows["preference"]["id"].sort().to_list()) == (("preference",), ["p2", "p3"])
    assert (uncaptured(sqlite_site), sqlite_site.pull().compared) == ({}, ())


def test_b10_tables_that_cannot_be_watched_from_the_first_are_left_out(new_site):
    """One without a key, and one whose index is on an expression."""
    with open_site(new_site("sqlite"), Path()) as db:
        db.script(["create table thing (id text, name text)", "create table item (id text primary key, name text)"])
        db.script(["create table unit (id text primary key)", "create unique index odd on item (lower(name))"])
        schema = Schema(dict.fromkeys(("item", "thing", "unit"), (Column("id", Kind.TEXT),)), ())
        assert triggers.install(db, schema) == frozenset()
        assert [(one.table, one.is_captured) for one in triggers.status(db, schema)] == [
            ("item", False), ("thing", False), ("unit", True),
        ]  # fmt: skip
        assert set(presence(db, schema).refused) == {"item", "thing"}
        db.execute("drop index odd")
        triggers.upgrade(db, schema)
        assert [one.table for one in triggers.status(db, schema) if one.problem] == ["thing"]
        with pytest.raises(SiteFailed, match="table `thing` cannot be captured: its `id` is not a key"):
            db.capture_triggers(["thing"])


def test_b10_a_site_is_claimed_without_a_table_that_cannot_be_watched_but_not_without_stores(new_captured_site):
    with open_site(new_captured_site("sqlite"), Path()) as db:
        db.execute("create unique index odd on barcode (lower(barcode))")
        assert triggers.install(db, SCHEMA) == frozenset()
        triggers.require_installed(db, SCHEMA)
        db.execute("create unique index more on store (lower(code))")
        with pytest.raises(SiteFailed, match=r"nothing was written.*table `store`: its unique index `more`"):
            triggers.require_installed(db, SCHEMA)
        with pytest.raises(SiteFailed, match="capture cannot start: table `store`: its unique index `more`"):
            triggers.install(db, SCHEMA)


def test_b10_truncate_logs_a_delete_for_each_row(postgresql_site):
    db = postgresql_site.db
    db.execute("insert into item values ('i1', 'a'), ('i2', 'b')")
    db.execute("insert into barcode values ('b1', '111', 'i1')")
    postgresql_site.changes()
    db.execute("truncate item cascade")
    assert sorted(postgresql_site.changes()) == [
        ("barcode", "b1", "delete"), ("item", "i1", "delete"), ("item", "i2", "delete"),
    ]  # fmt: skip


def test_b10_a_role_without_rights_on_the_log_works_and_is_logged(postgresql_site, postgres_server):
    db = postgresql_site.db
    role = postgresql_site.url.partition("?")[0].rpartition("/")[2] + "_clerk"
    db.execute(f"create role {role} login")
    db.execute(f"grant select, insert, update, delete, truncate on item to {role}")
    as_clerk = postgresql_site.url.replace("supplysync@", f"{role}@")
    try:
        with open_site(as_clerk, Path()) as clerk:
            clerk.execute("insert into item values ('i1', 'a')")
            clerk.execute("update item set name = 'b'")
            with pytest.raises(SiteFailed, match="permission denied"):
                clerk.execute("select * from supplysync_change_log")
            with pytest.raises(SiteFailed, match="permission denied"):
                clerk.execute("delete from supplysync_change_log")
            # a table of the clerk's own with the log's name must not catch the entries
            clerk.execute("create temp table supplysync_change_log (table_name text, record_id text, op text)")
            clerk.execute("delete from item")
        assert [op for _, _, op in postgresql_site.log()] == ["I", "U", "D"]
    finally:
        db.execute(f"drop owned by {role}")
        db.execute(f"drop role {role}")


def test_p1_install_twice_changes_nothing(site):
    site.db.execute("insert into item values ('i1', 'a')")
    before = site.db.execute("select log_id from supplysync_control")
    triggers.install(site.db, site.schema)
    assert site.db.execute("select log_id from supplysync_control") == before
    site.db.execute("insert into item values ('i2', 'a')")
    assert site.log() == [("item", "i1", "I"), ("item", "i2", "I")]


def test_p1_install_where_there_are_no_stores_installs_nothing(site_url):
    with open_site(site_url, Path()) as db:
        db.execute("create table item (id text primary key, name text)")
        with pytest.raises(SiteFailed, match="`store` is missing; run `schema create`"):
            triggers.install(db, SCHEMA)
        assert not any(row.is_captured for row in triggers.status(db, SCHEMA))


def test_p1_remove_then_status_then_install(site):
    assert all(row.is_captured for row in triggers.status(site.db, site.schema))
    triggers.remove(site.db)
    triggers.remove(site.db)
    report = triggers.status(site.db, site.schema)
    assert [row.table for row in report] == sorted(site.schema.tables)
    assert all(not row.is_captured and row.problem for row in report)
    site.db.execute("insert into item values ('i1', 'a')")
    with pytest.raises(SiteFailed, match="capture missing"):
        site.pull()
    triggers.install(site.db, site.schema)
    assert all(row.is_captured for row in triggers.status(site.db, site.schema))


def test_p1_status_sees_a_lost_trigger_and_install_mends_it(site):
    if site.db.engine == "sqlite":
        site.db.execute("drop trigger supplysync_item_update")
    else:
        site.db.execute("alter table item disable trigger supplysync_row")
    broken = [row.table for row in triggers.status(site.db, site.schema) if not row.is_captured]
    assert broken == ["item"]
    with pytest.raises(SiteFailed, match=r"capture missing: .*`item`"):
        site.pull()
    triggers.install(site.db, site.schema)
    assert all(row.is_captured for row in triggers.status(site.db, site.schema))


def test_p1_a_new_unique_key_is_seen_by_status_and_watched_after_install(sqlite_site):
    sqlite_site.db.execute("create unique index item_name on item (name)")
    assert [row.table for row in triggers.status(sqlite_site.db, sqlite_site.schema) if row.problem] == ["item"]
    triggers.install(sqlite_site.db, sqlite_site.schema)
    sqlite_site.db.execute("insert into item values ('i1', 'a')")
    sqlite_site.db.execute("insert or replace into item values ('i2', 'a')")
    assert sqlite_site.changes() == [("item", "i2", "upsert")]
    assert ("item", "i1", "D") in sqlite_site.log()
