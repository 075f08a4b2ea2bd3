"""Section 7, at a site: references move to the kept record and the merged one goes away, in one transaction."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread

import polars as pl
import pytest

from sites.capture import identity
from sites.deliver import write
from sites.deliver.merges import merge_records
from sites.engines.connection import SiteFailed, open_site
from sites.schema import DECLARED, SCHEMA
from sync_rules.egress import Leaving
from sync_rules.mentions import MERGE_TABLES, NAMED_BY, mentions
from sync_rules.words import Answer, Skipped
from tests.sites.conftest import Site

MERGED_AT = datetime(2026, 11, 1, tzinfo=UTC)
LOCAL = {"adverse_drug_reaction", "drug_registration", "log", "preference"}
LEAVING = {table: Leaving(table) for table in SCHEMA.tables if table not in LOCAL}


@pytest.fixture
def place(captured_url):
    with open_site(captured_url, Path()) as db:
        who = identity.claim(db, 2, "site_2", database_uuid="uuid-2")
        yield Site(db, captured_url, SCHEMA, who)


@pytest.fixture
def stocked(place):
    """Rows that name the items a, b, c, the patients, a prescriber and the locations, all pulled."""
    place.db.script(
        [
            "insert into unit (id, name) values ('u1', 'tablet'), ('u2', 'tab')",
            "insert into item (id, name, unit_id) values ('a', 'A', 'u2'), ('b', 'B', 'u1'), ('c', 'C', null)",
            "insert into name (id, name) values ('n1', 'N1'), ('n2', 'N2')",
            "insert into store (id, name_id) values ('s', 'n2')",
            "insert into patient (id) values ('p1'), ('p2')",
            "insert into prescriber (id) values ('d1'), ('d2')",
            "insert into location (id, store_id) values ('l1', 's'), ('l2', 's')",
            "insert into invoice (id, store_id, other_name_id) values ('v', 's', 'n2')",
            "insert into invoice_line (id, invoice_id, item_id, location_id, packs) values"
            " ('v1', 'v', 'a', 'l2', 1), ('v2', 'v', 'b', 'l1', 2), ('v3', 'v', null, null, 3)",
            "insert into drug_interaction (id, item_id, other_item_id) values ('x1', 'a', 'c'), ('x2', 'c', 'a')",
            "insert into item_store_join (id, item_id, store_id, default_location_id) values ('j1', 'a', 's', 'l2')",
            "insert into stock_line (id, store_id, item_id, location_id, supplier_name_id)"
            " values ('k', 's', 'a', 'l2', 'n2')",
            "insert into prescription (id, store_id, patient_id, prescriber_id) values ('rx', 's', 'p2', 'd2')",
            "insert into repeat (id, patient_id, prescriber_id, item_id) values ('r', 'p2', 'd2', 'b')",
            "insert into prescriber_store_join (id, prescriber_id, store_id) values ('ps', 'd2', 's')",
            "insert into adverse_drug_reaction (id, patient_id, item_id) values ('adr', 'p2', 'a')",
            "insert into custom_data (id, table_name, record_id, key) values ('cd1', 'item', 'a', 'k'),"
            " ('cd2', 'patient', 'a', 'k'), ('cd3', null, 'a', 'k'), ('cd4', 'patient', 'p2', 'k')",
        ]
    )
    place.pull(LEAVING)
    return place


def pairs(*merges: tuple[str | None, str | None]) -> pl.DataFrame:
    """Frames of (merged, kept)."""
    return pl.DataFrame(
        [{"kept_id": kept, "merged_id": merged} for merged, kept in merges],
        schema={"kept_id": pl.String, "merged_id": pl.String},
    )


def merge_rows(table: str, *merges: tuple[str, str]) -> pl.DataFrame:
    """Rows of the merge table of ``table`` from (merged, kept)."""
    rows = [
        {"id": f"{merged}>{kept}", "kept_id": kept, "merged_id": merged, "merged_at": MERGED_AT}
        for merged, kept in merges
    ]
    return pl.DataFrame(rows, schema=SCHEMA.frame_schema(f"{table}_merge"))


def sending(place, folder, merges: dict[str, list[tuple[str, str]]], **more):
    """A change set that merges, and deletes what was merged."""
    upserts = {f"{table}_merge": merge_rows(table, *found) for table, found in merges.items()}
    deletes = [(table, merged) for table, found in merges.items() for merged, _ in found] + more.pop("deletes", [])
    return place.sending(folder, upserts | more.pop("upserts", {}), deletes, **more)


def column(place, table: str, name: str) -> list[str | None]:
    return [value for (value,) in place.db.execute(f"select {name} from {table} order by id")]


def content(place) -> dict[str, list]:
    return {table: place.db.execute(f"select * from {table} order by id") for table in SCHEMA.tables}


def test_section_7_every_reference_moves_and_the_merged_records_go(stocked, tmp_path):
    merges = {
        "item": [("a", "b")], "unit": [("u2", "u1")], "name": [("n2", "n1")], "patient": [("p2", "p1")],
        "prescriber": [("d2", "d1")], "location": [("l2", "l1")],
    }  # fmt: skip
    upserts = {"location_merge": merge_rows("location", ("l2", "l1")).with_columns(store_id=pl.lit("s"))}
    before = stocked.log()
    sent = sending(stocked, tmp_path, merges, upserts=upserts)
    assert stocked.deliver(sent) == Answer(1, sent.content_hash)
    assert stocked.db.execute("select item_id, location_id, packs from invoice_line order by id") == [
        ("b", "l1", 1), ("b", "l1", 2), (None, None, 3),
    ]  # fmt: skip
    assert stocked.db.execute("select item_id, other_item_id from drug_interaction order by id") == [
        ("b", "c"), ("c", "b"),
    ]  # fmt: skip
    assert column(stocked, "invoice", "other_name_id") == ["n1"]
    assert column(stocked, "store", "name_id") == ["n1"]
    assert column(stocked, "item", "id") == ["b", "c"]
    assert column(stocked, "item_store_join", "default_location_id") == ["l1"]
    assert stocked.db.execute("select item_id, location_id, supplier_name_id from stock_line") == [("b", "l1", "n1")]
    assert stocked.db.execute("select patient_id, prescriber_id from prescription") == [("p1", "d1")]
    assert stocked.db.execute("select patient_id, prescriber_id from repeat") == [("p1", "d1")]
    assert column(stocked, "prescriber_store_join", "prescriber_id") == ["d1"]
    # what never leaves the site
    assert stocked.db.execute("select patient_id, item_id from adverse_drug_reaction") == [("p1", "b")]
    # the pair of custom_data names a record only with its table
    assert column(stocked, "custom_data", "record_id") == ["b", "a", "a", "p1"]
    for table in merges:
        assert len(column(stocked, table, "id")) == (2 if table == "item" else 1)
    assert stocked.log() == before
    assert stocked.changes(LEAVING) == []


@pytest.mark.parametrize("table", MERGE_TABLES.values())
def test_section_7_each_mention_of_the_schema_moves(place, table):
    """Every column by itself, so that none is forgotten when one is added."""
    fill(place, table, "old")
    fill(place, table, "new")
    found = mentions(SCHEMA, table)
    for key in found:
        fill(place, key.table, f"{key.column}-row", {key.column: "old"})
    fill(place, NAMED_BY.table, "cd", {NAMED_BY.table_column: table, NAMED_BY.record_column: "old"})
    with place.db.transaction(write=True):
        merge_records(place.db, SCHEMA, {table: pairs(("old", "new"))})
    for key in found:
        rows = place.db.execute(f"select {key.column} from {key.table} where id = ?", (f"{key.column}-row",))
        assert rows == [("new",)], key
    assert place.db.execute(f"select {NAMED_BY.record_column} from {NAMED_BY.table} where id = 'cd'") == [("new",)]
    # nothing names it any more: it can go
    place.db.execute(f"delete from {table} where id = 'old'")


def fill(place, table: str, key: str, values: dict[str, str] | None = None) -> None:
    """A row with the values given and, where a column must have one, what it needs."""
    row = {"id": key} | (values or {})
    for needed in DECLARED[table]:
        if needed.is_required and needed.name not in row:
            row[needed.name] = f"{needed.name} of {table} {key}"
            if needed.parent:
                fill(place, needed.parent, row[needed.name])
    marks = ", ".join("?" * len(row))
    place.db.execute(f"insert into {table} ({', '.join(row)}) values ({marks})", tuple(row.values()))


@pytest.mark.parametrize("order", [0, 1, 2])
def test_section_7_merges_of_one_set_chain_in_any_order(stocked, tmp_path, order):
    stocked.db.execute("insert into item (id) values ('d')")
    stocked.pull(LEAVING)
    chain = [("a", "b"), ("b", "c"), ("c", "d")]
    sent = sending(stocked, tmp_path, {"item": chain[order:] + chain[:order]})
    assert stocked.deliver(sent).skipped == ()
    assert column(stocked, "item", "id") == ["d"]
    assert column(stocked, "invoice_line", "item_id") == ["d", "d", None]
    assert set(column(stocked, "item_merge", "kept_id")) == {"d"}
    assert column(stocked, "item_merge", "merged_id") == ["a", "b", "c"]


def test_section_7_merges_chain_from_one_set_to_the_next(stocked, tmp_path):
    stocked.deliver(sending(stocked, tmp_path, {"item": [("a", "b")]}))
    stocked.deliver(sending(stocked, tmp_path, {"item": [("b", "c")]}))
    assert column(stocked, "item", "id") == ["c"]
    assert column(stocked, "drug_interaction", "item_id") == ["c", "c"]
    # the earlier merge is one into the record that is kept now
    assert stocked.db.execute("select kept_id, merged_id from item_merge order by id") == [("c", "a"), ("c", "b")]


def test_section_7_the_kept_record_may_come_in_the_same_set(stocked, tmp_path):
    new = pl.DataFrame([{"id": "new", "name": "New"}], schema=SCHEMA.frame_schema("item"))
    sent = sending(stocked, tmp_path, {"item": [("a", "new")]}, upserts={"item": new})
    assert stocked.deliver(sent).skipped == ()
    assert column(stocked, "invoice_line", "item_id") == ["new", "b", None]


def test_section_7_where_the_kept_record_is_not_nothing_moves(stocked, tmp_path):
    before = content(stocked)
    sent = sending(stocked, tmp_path, {"item": [("a", "nowhere")], "prescriber": [("d2", "nobody")]})
    answer = stocked.deliver(sent)
    assert answer.skipped == (Skipped("item", "a", "still_referenced", "adverse_drug_reaction"),)
    after = content(stocked)
    for table in SCHEMA.tables.keys() - {"item_merge", "prescriber_merge", "prescriber"}:
        assert after[table] == before[table]


def test_section_7_where_only_one_kept_record_is_here_the_others_wait(stocked):
    with stocked.db.transaction(write=True):
        merge_records(stocked.db, SCHEMA, {"item": pairs(("a", "nowhere"), ("b", "c"))})
    assert column(stocked, "invoice_line", "item_id") == ["a", "c", None]


@pytest.mark.parametrize(
    "merges",
    [[], [("a", "a")], [("a", None), (None, "b")], [("a", "b"), ("b", "a")], [("a", "b"), ("b", "c"), ("c", "b")]],
    ids=str,
)
def test_section_7_what_merges_nothing_changes_nothing(stocked, merges):
    before = content(stocked)
    with stocked.db.transaction(write=True):
        merge_records(stocked.db, SCHEMA, {"item": pairs(*merges)})
    assert content(stocked) == before


def test_section_7_long_chains_are_followed_to_their_end(place):
    keys = [f"i{number:03}" for number in range(100)]
    place.db.execute(f"insert into item (id) values {', '.join(f'({key!r})' for key in keys)}")
    place.db.execute("insert into barcode (id, item_id) values ('x', 'i000')")
    with place.db.transaction(write=True):
        merge_records(place.db, SCHEMA, {"item": pairs(*pairwise(keys))})
    assert column(place, "barcode", "item_id") == ["i099"]


def test_section_7_applying_twice_changes_nothing(stocked, tmp_path):
    sent = sending(stocked, tmp_path, {"item": [("a", "b")], "patient": [("p2", "p1")]})
    first = stocked.deliver(sent)
    before = content(stocked)
    assert stocked.deliver(sent) == first
    assert content(stocked) == before
    again = sending(stocked, tmp_path, {"item": [("a", "b")], "patient": [("p2", "p1")]})
    assert stocked.deliver(again) == Answer(2, again.content_hash)
    assert content(stocked) == before


def test_section_7_a_set_without_merges_looks_at_no_table(stocked, tmp_path, monkeypatch):
    ran: list[str] = []
    original = type(stocked.db).execute

    def noted(db, sql, parameters=()):
        ran.append(sql)
        return original(db, sql, parameters)

    monkeypatch.setattr(type(stocked.db), "execute", noted)
    rows = pl.DataFrame([{"id": "c", "name": "changed"}], schema=SCHEMA.frame_schema("item"))
    stocked.deliver(stocked.sending(tmp_path, {"item": rows}))
    assert not [sql for sql in ran if sql.startswith("update") and "supplysync_control" not in sql]


def test_b19_a_merge_that_people_edited_at_the_site_is_left_for_the_next_cycle(stocked, tmp_path):
    stocked.db.execute("insert into item_merge (id, kept_id, merged_id) values ('a>b', 'c', 'a')")
    answer = stocked.deliver(sending(stocked, tmp_path, {"item": [("a", "b")]}))
    assert answer.skipped == (
        Skipped("item", "a", "still_referenced", "adverse_drug_reaction"),
        Skipped("item_merge", "a>b", "edited_since_pull"),
    )
    assert column(stocked, "invoice_line", "item_id") == ["a", "b", None]


def test_section_7_people_who_edited_a_row_keep_their_edit_and_it_names_the_kept_record(stocked, tmp_path):
    stocked.db.execute("update invoice_line set packs = 7 where id = 'v1'")
    stocked.db.execute("insert into invoice_line (id, invoice_id, item_id) values ('v9', 'v', 'a')")
    assert stocked.deliver(sending(stocked, tmp_path, {"item": [("a", "b")]})).skipped == ()
    pulled = stocked.pull(LEAVING)
    assert pulled.rows["invoice_line"].select("id", "item_id", "packs").rows() == [("v1", "b", 7), ("v9", "b", None)]


def test_b19_an_edit_of_the_merged_record_itself_is_not_lost(stocked, tmp_path):
    stocked.db.execute("update item set name = 'mine' where id = 'a'")
    answer = stocked.deliver(sending(stocked, tmp_path, {"item": [("a", "b")]}))
    assert answer.skipped == (Skipped("item", "a", "edited_since_pull"),)
    assert column(stocked, "invoice_line", "item_id") == ["b", "b", None]
    assert stocked.changes(LEAVING) == [("item", "a", "upsert")]


def test_b19_a_merge_that_the_site_refuses_is_left_out_and_told(stocked, tmp_path):
    stocked.db.execute("create unique index one_per_item on invoice_line (item_id)")
    before = content(stocked)
    answer = stocked.deliver(sending(stocked, tmp_path, {"item": [("a", "b")]}))
    assert [(one.table_name, one.record_id, one.why) for one in answer.skipped] == [
        ("item", "a", "still_referenced"), ("item_merge", "a>b", "refused_by_site"),
    ]  # fmt: skip
    assert str(answer.skipped[1].said).startswith("table `invoice_line`")
    assert content(stocked) == before


def test_b58_a_row_that_is_moved_and_to_be_deleted_and_must_stay_is_no_edit_of_the_sites(stocked, tmp_path):
    """A program's trigger stands by: its site's delivery is told from its edits by what the rows are."""
    if stocked.db.engine == "sqlite":
        stocked.db.execute("create trigger own after insert on item begin select 1; end")
    else:
        stocked.db.execute("create function own() returns trigger language plpgsql as $$begin return null; end$$")
        stocked.db.execute("create trigger own after insert on item for each row execute function own()")
    sent = sending(stocked, tmp_path, {"name": [("n2", "n1")]}, deletes=[("invoice", "v"), ("stock_line", "k")])
    answer = stocked.deliver(sent)
    assert answer.skipped == (Skipped("invoice", "v", "still_referenced", "invoice_line"),)
    assert column(stocked, "invoice", "other_name_id") == ["n1"]
    assert column(stocked, "stock_line", "id") == []
    assert stocked.changes(LEAVING) == []


@pytest.fixture
def busy(new_captured_site):
    """A PostgreSQL site where a clerk is at work."""
    url = new_captured_site("postgresql")
    with open_site(url, Path()) as db, open_site(url, Path()) as clerk:
        who = identity.claim(db, 2, "site_2", database_uuid="uuid-2")
        place = Site(db, url, SCHEMA, who)
        place.db.script(
            [
                "insert into item (id) values ('a'), ('b'), ('c')",
                "insert into invoice (id, store_id) values ('v', 's')",
                "insert into invoice_line (id, invoice_id, item_id, packs)"
                " values ('v1', 'v', 'a', 1), ('v2', 'v', 'a', 2)",
            ]
        )
        place.pull(LEAVING)
        yield place, clerk


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        ("update invoice_line set packs = 7 where id = 'v1'", [("v1", "b", 7), ("v2", "b", 2)]),
        ("update invoice_line set item_id = 'c' where id = 'v1'", [("v1", "c", 1), ("v2", "b", 2)]),
        ("delete from invoice_line where id = 'v1'", [("v2", "b", 2)]),
    ],
)
def test_section_7_a_row_that_is_being_edited_is_waited_for_and_looked_at_again(busy, tmp_path, edit, expected):
    """READ COMMITTED: the edit stays as it was committed, and only what names the merged record is written."""
    site, clerk = busy
    answers: list[Answer] = []
    done = Event()

    def run() -> None:
        answers.append(site.deliver(sent))
        done.set()

    sent = sending(site, tmp_path, {"item": [("a", "b")]})
    with clerk.transaction(write=True):
        clerk.execute(edit)
        thread = Thread(target=run)
        thread.start()
        assert not done.wait(0.5)  # it waits for the row
    thread.join()
    assert answers[0].skipped == ()
    assert site.db.execute("select id, item_id, packs from invoice_line order by id") == expected
    assert site.db.execute("select id from item order by id") == [("b",), ("c",)]
    assert [key for _, key, _ in site.changes(LEAVING)] == ["v1"]


@pytest.mark.parametrize("how_often", [1, 2, 3])
def test_section_7_a_row_written_behind_the_merge_is_moved_in_another_try(busy, tmp_path, monkeypatch, how_often):
    site, clerk = busy
    keys = [f"late{number}" for number in range(how_often)]
    waiting = list(keys)

    def overtaken(db, schema, merges):
        merge_records(db, schema, merges)
        if waiting:
            clerk.execute("insert into invoice_line (id, invoice_id, item_id) values (?, 'v', 'a')", (waiting.pop(),))

    monkeypatch.setattr(write, "merge_records", overtaken)
    sent = sending(site, tmp_path, {"item": [("a", "b")]})
    if how_often == 3:
        with pytest.raises(SiteFailed, match="being edited"):
            site.deliver(sent)
        assert set(column(site, "invoice_line", "item_id")) == {"a"}
        return
    assert site.deliver(sent).skipped == ()
    assert set(column(site, "invoice_line", "item_id")) == {"b"}
    assert site.db.execute("select id from item order by id") == [("b",), ("c",)]
    assert sorted(key for _, key, _ in site.changes(LEAVING)) == keys
