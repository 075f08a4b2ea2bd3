"""B58, B19, precisions 14 to 17: a site's own program has triggers, foreign keys and unique keys of its own."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest

from sites.capture import triggers
from sync_rules.words import Skip, Skipped
from tests.sites.test_delivery import frame, invoices, items, lines, stocked  # noqa: F401 - a fixture

UPPER = {
    "sqlite": ["create trigger upper_item after {} on item when new.name <> upper(new.name) "
               "begin update item set name = upper(name) where id = new.id; end"],
    "postgresql": ["create trigger upper_item before {} on item for each row execute function upper_name()"],
}  # fmt: skip
FUNCTIONS = {
    "upper_name": "new.name := upper(new.name); return new;",
    "shelf": "insert into preference values ('shelf-' || new.id, 'shelf', new.name); return null;",
    "refuse": "if new.comment = 'bad' then raise exception 'no such thing here'; end if; return new;",
    "call": "perform only_in_the_program(new.id); return new;",
    "skip": "if new.comment = 'bad' then return null; end if; return new;",
}


def program(site, *statements: str) -> None:
    """What the site's program adds, in words of its engine."""
    if site.db.engine == "postgresql":
        for name, body in FUNCTIONS.items():
            site.db.execute(f"create function {name}() returns trigger language plpgsql as $$begin {body} end$$")
    site.db.script(statements)


def trigger(site, table: str, function: str, sqlite: str) -> None:
    """A trigger that calls ``function``, or on SQLite does ``sqlite``."""
    if site.db.engine == "postgresql":
        program(
            site, f"create trigger own before insert or update on {table} for each row execute function {function}()"
        )
    else:
        for what in ("insert", "update"):
            condition, action = sqlite.split("|")
            program(site, f"create trigger own_{what} before {what} on {table} when {condition} begin {action}; end")


def upper(site, *events: str) -> None:
    program(site)
    for number, event in enumerate(events):
        for statement in UPPER[site.db.engine]:
            site.db.execute(statement.format(event).replace("upper_item", f"upper_item_{number}"))


@pytest.fixture
def placed(stocked):  # noqa: F811 - the fixture
    return stocked


def refused(answer) -> list[tuple[str, str, str]]:
    return [(one.table_name, one.record_id, one.why) for one in answer.skipped]


def test_b58_what_a_trigger_makes_of_a_delivery_is_the_sites_edit_and_the_delivery_is_not(placed, tmp_path):
    """Rows that it writes elsewhere travel; of the delivered ones no entry stays."""
    upper(placed)
    if placed.db.engine == "sqlite":
        placed.db.execute("create trigger own after insert on item begin insert into preference values "
                          "('shelf-' || new.id, 'shelf', new.name); end")  # fmt: skip
    else:
        placed.db.execute("create trigger own after insert on item for each row execute function shelf()")
    sent = placed.sending(tmp_path, {"item": items(placed, ("i1", "z"), ("i9", "n"))}, [("item", "i2")])
    assert placed.deliver(sent).skipped == ()
    assert placed.db.execute("select id, name from item order by id") == [("i1", "z"), ("i9", "n")]
    there = [key for (key,) in placed.db.execute("select id from preference order by id")]
    assert "shelf-i9" in there
    assert placed.changes() == [("preference", key, "upsert") for key in there]
    assert placed.pull().applied_number == 1


def test_b58_a_row_that_a_trigger_makes_otherwise_is_the_sites_edit_with_one_entry(placed, tmp_path):
    upper(placed, "insert", "update")
    placed.pull()
    before = len(placed.log())
    answer = placed.deliver(placed.sending(tmp_path, {"item": items(placed, ("i1", "Z"), ("i9", "n"))}))
    assert answer.skipped == ()
    assert len(placed.log()) == before + 1
    assert placed.changes() == [("item", "i9", "upsert")]


def test_b58_what_comes_back_as_it_was_before_is_told_once_and_travels_no_more(placed, tmp_path):
    """Precisions 15: the correction of an altered row is altered to the same again."""
    upper(placed, "insert", "update")
    placed.db.execute("update item set name = 'A' where id = 'i1'")
    placed.pull()
    for number in (1, 2, 3):
        answer = placed.deliver(placed.sending(tmp_path, {"item": items(placed, ("i1", "a"), ("i2", "c"))}))
        assert refused(answer)[:1] == [("item", "i1", Skip.ALTERED_BY_SITE)]
        assert placed.changes() == ([("item", "i2", "upsert")] if number == 1 else [])


def test_b58_rounding_at_the_site_is_no_edit(placed, tmp_path):
    """Compared are values in the form of a pull (B9): a decimal that the engine keeps as a float is the same."""
    upper(placed)
    if placed.db.engine == "sqlite":
        placed.db.execute("create trigger own after insert on invoice begin select 1; end")
    else:
        placed.db.execute(
            "create trigger own before update on invoice for each row "
            "execute function suppress_redundant_updates_trigger()"
        )
    row = frame(placed, "invoice", [{"id": "v", "total": Decimal("0.1"), "number": 3, "is_held": True}])
    for _ in range(2):
        assert placed.deliver(placed.sending(tmp_path, {"invoice": row})).skipped == ()
        assert placed.changes() == []


def test_p14_a_row_that_the_programs_own_table_refers_to_stays_whatever_its_key_would_do(placed, tmp_path):
    """Cascades, too: a removal at central deletes nothing of the site's own."""
    placed.db.script(
        [
            'create table "ShelfPhoto" (id text primary key, "Item" text references item (id) on delete cascade)',
            "create table note (id text primary key, item_id text references item (id) on delete set null)",
            "insert into item values ('i3', 'c'), ('i4', 'd')",
            "insert into \"ShelfPhoto\" values ('p', 'i2')",
            "insert into note values ('n', 'i3')",
        ]
    )
    placed.pull()
    deletes = [("item", key) for key in ("i2", "i3", "i4")]
    answer = placed.deliver(placed.sending(tmp_path, {"item": items(placed, ("i9", "n"))}, deletes))
    assert answer.skipped == (
        Skipped("item", "i2", "still_referenced", "ShelfPhoto"),
        Skipped("item", "i3", "still_referenced", "note"),
    )
    assert placed.db.execute("select id from item order by id") == [("i1",), ("i2",), ("i3",), ("i9",)]
    assert placed.db.execute("select item_id from note") == [("i3",)]


def test_b19_a_unique_key_goes_from_row_to_row(placed, tmp_path):
    """A swap, a chain, and a row that is deleted and made again under another id."""
    placed.db.script(
        [
            "create unique index item_name on item (name)",
            "create unique index one_barcode on barcode (item_id)",
            "insert into item values ('i3', 'c'), ('i4', 'd')",
            "insert into barcode values ('b1', 'x', 'i1')",
        ]
    )
    triggers.install(placed.db, placed.schema)
    placed.pull()
    before = placed.log()
    sent = {
        "item": items(placed, ("i1", "b"), ("i2", "a"), ("i3", "d"), ("i4", "e"), ("i5", "c")),
        "barcode": frame(placed, "barcode", [{"id": "b2", "code": "x", "item_id": "i1"}]),
    }
    assert placed.deliver(placed.sending(tmp_path, sent, [("barcode", "b1")])).skipped == ()
    assert [name for (name,) in placed.db.execute("select name from item order by id")] == ["b", "a", "d", "e", "c"]
    assert placed.db.execute("select id, code from barcode") == [("b2", "x")]
    assert placed.log() == before


@pytest.mark.parametrize(
    ("rule", "bad", "said"),
    [
        ("unique", {"item": [("i7", "a")]}, "UNIQUE|duplicate key"),
        ("not_null", {"item": [("i7", None)]}, "NOT NULL|null value"),
        ("check", {"item": [("i7", "forbidden")]}, "CHECK|check constraint"),
    ],
)
def test_b19_what_the_database_refuses_is_left_out_and_told_and_the_rest_arrives(placed, tmp_path, rule, bad, said):
    """``refused_by_site``, with the database's own words; no number is used up by it."""
    if rule == "unique":
        placed.db.execute("create unique index item_name on item (name)")
        triggers.install(placed.db, placed.schema)
    elif placed.db.engine == "postgresql":
        added = {"not_null": "alter column name set not null", "check": "add check (name <> 'forbidden')"}[rule]
        placed.db.execute(f"alter table item {added}")
    else:
        condition = {"not_null": "new.name is null", "check": "new.name = 'forbidden'"}[rule]
        words = {"not_null": "NOT NULL", "check": "CHECK"}[rule]
        placed.db.execute(f"create trigger own before insert on item when {condition} "
                          f"begin select raise(abort, '{words} of the program'); end")  # fmt: skip
    placed.pull()
    rows = [*bad["item"], *((f"n{number}", f"name {number}") for number in range(9))]
    answer = placed.deliver(placed.sending(tmp_path, {"item": items(placed, *rows)}))
    assert refused(answer) == [("item", "i7", Skip.REFUSED_BY_SITE)]
    assert any(word in str(answer.skipped[0].said) for word in said.split("|"))
    assert placed.db.execute("select count(*) from item where id like 'n%'") == [(9,)]
    assert placed.changes() == []


def test_a5_a_document_is_left_out_whole_when_a_line_is_refused(placed, tmp_path):
    """With what refers to it, deleted lines too; other documents arrive."""
    sent = {
        "invoice": invoices(placed, ("v1", "uno"), ("v3", "three"), ("v4", "four")),
        "invoice_line": lines(placed, ("l3", "v3"), ("l4", "v4"), ("l5", "v1")).with_columns(
            item_id=frame(placed, "item", [{"id": key} for key in ("i1", "nowhere", "nowhere")])["id"]
        ),
    }
    answer = placed.deliver(placed.sending(tmp_path, sent, [("invoice_line", "l1"), ("invoice_line", "l2")]))
    assert refused(answer) == [
        (table, key, Skip.REFUSED_BY_SITE)
        for table, key in [("invoice", "v1"), ("invoice", "v4"), ("invoice_line", "l1"), ("invoice_line", "l4"),
                           ("invoice_line", "l5")]
    ]  # fmt: skip
    assert placed.db.execute("select id, comment from invoice order by id") == [
        ("v1", "one"),
        ("v2", "two"),
        ("v3", "three"),
    ]
    assert placed.db.execute("select id from invoice_line order by id") == [("l1",), ("l3",)]


def test_b19_what_needs_a_refused_record_that_is_not_there_waits_with_it(placed, tmp_path):
    placed.db.execute("create unique index item_name on item (name)")
    sent = {
        "item": items(placed, ("i1", "b"), ("i7", "b")),
        "invoice": invoices(placed, ("v3", "three"), ("v4", "four")),
        "invoice_line": lines(placed, ("l3", "v3"), ("l4", "v4")).with_columns(
            item_id=frame(placed, "item", [{"id": "i7"}, {"id": "i1"}])["id"]
        ),
    }
    answer = placed.deliver(placed.sending(tmp_path, sent))
    assert [key for _, key, _ in refused(answer)] == ["v3", "l3", "i1", "i7"]
    assert "needs `item` i7" in str(answer.skipped[0].said)
    assert placed.db.execute("select id from invoice order by id") == [("v1",), ("v2",), ("v4",)]


@pytest.mark.parametrize("how", ["refuses", "skips", "rolls_back"])
def test_p17_a_trigger_may_refuse_skip_or_end_the_transaction(placed, tmp_path, how):
    """Precisions 17: each of these leaves its own document out and nothing else."""
    action = {
        "refuses": "select raise(abort, 'no such thing here')",
        "skips": "select raise(ignore)",
        "rolls_back": "select raise(rollback, 'no such thing here')",
    }[how]
    trigger(placed, "invoice", "skip" if how == "skips" else "refuse", f"new.comment = 'bad'|{action}")
    placed.pull()
    sent = {
        "item": items(placed, ("i8", "h")),
        "invoice": invoices(placed, *((f"v{number}", "bad" if number in (3, 6) else "good") for number in range(9))),
        "invoice_line": lines(placed, *((f"l{number}", f"v{number}") for number in range(9))),
    }
    answer = placed.deliver(placed.sending(tmp_path, sent))
    assert refused(answer) == [
        (table, key, Skip.REFUSED_BY_SITE) for table, key in
        [("invoice", "v3"), ("invoice", "v6"), ("invoice_line", "l3"), ("invoice_line", "l6")]
    ]  # fmt: skip
    assert placed.db.execute("select count(*) from invoice where comment = 'good'") == [(7,)]
    assert placed.db.execute("select id from item where id = 'i8'") == [("i8",)]
    assert placed.changes() == []


def test_p17_a_trigger_that_calls_what_is_only_in_the_program_stops_its_own_table_alone(placed, tmp_path):
    """SQLite cannot even prepare the statement: every row of the table is left out, the others arrive."""
    trigger(placed, "invoice", "call", "true|select only_in_the_program(new.id)")
    sent = {"item": items(placed, ("i8", "h")), "invoice": invoices(placed, ("v8", "a"), ("v9", "b"))}
    answer = placed.deliver(placed.sending(tmp_path, sent))
    assert refused(answer) == [("invoice", key, Skip.REFUSED_BY_SITE) for key in ("v8", "v9")]
    assert "only_in_the_program" in str(answer.skipped[0].said)
    assert placed.db.execute("select id from item where id = 'i8'") == [("i8",)]


NOTED = ("create table audit (x text)", "create trigger own after insert on invoice begin {}; end")
ODD = {
    "sqlite": {
        "a table that is gone": (*NOTED, "insert into audit values (new.id)", "drop table audit"),
        "a column that is not there": (*NOTED, "insert into audit (y) values (new.id)"),
    },
    "postgresql": {
        "no right to insert": ("revoke insert on invoice from clerk",),
        "a column that numbers itself": (
            "alter table invoice drop column number",
            "alter table invoice add column number bigint generated always as identity",
            "alter table invoice owner to clerk",
        ),
        "rows that the account may not write": (
            "alter table invoice owner to clerk",
            "alter table invoice enable row level security",
            "alter table invoice force row level security",
            "create policy of_clerk on invoice using (true) with check (comment <> 'bad')",
        ),
    },
}


@pytest.mark.parametrize("odd", ODD["sqlite"])
def test_p17_a_trigger_that_names_what_is_not_there_stops_its_own_table_alone(sqlite_site, tmp_path, odd):
    made, trigger_of, action, *more = ODD["sqlite"][odd]
    sqlite_site.db.script([made, trigger_of.format(action), *more])
    sqlite_site.pull()
    answer = sqlite_site.deliver(sqlite_site.sending(tmp_path, two_invoices(sqlite_site)))
    assert refused(answer) == [("invoice", key, Skip.REFUSED_BY_SITE) for key in ("v8", "v9")]
    assert sqlite_site.db.execute("select id from item where id = 'i8'") == [("i8",)]


@pytest.mark.parametrize("odd", ODD["postgresql"])
def test_p17_what_the_account_may_not_do_to_a_table_stops_that_alone(postgresql_site, tmp_path, odd):
    every = [f"grant all on all {what} in schema public to clerk" for what in ("tables", "sequences")]
    postgresql_site.db.script(["create role clerk", *every, *ODD["postgresql"][odd]])
    triggers.install(postgresql_site.db, postgresql_site.schema)
    postgresql_site.db.execute("set role clerk")
    postgresql_site.pull()
    answer = postgresql_site.deliver(postgresql_site.sending(tmp_path, two_invoices(postgresql_site)))
    expected = ["v9"] if odd.startswith("rows") else ["v8", "v9"]
    assert refused(answer) == [("invoice", key, Skip.REFUSED_BY_SITE) for key in expected]
    assert postgresql_site.db.execute("select id from item where id = 'i8'") == [("i8",)]
    postgresql_site.db.script(["reset role", "drop owned by clerk cascade", "drop role clerk"])


@pytest.mark.parametrize(
    "code",
    ["40001", "08006", "XX000", *(pytest.param(one, marks=pytest.mark.long) for one in ("55P03", "57014", "53100"))],
)
def test_p17_what_a_trigger_raises_is_of_its_row_whatever_it_calls_it(postgresql_site, tmp_path, code):
    body = f"begin if new.comment = 'bad' then raise 'no' using errcode = '{code}'; end if; return new; end"
    postgresql_site.db.execute(f"create function odd() returns trigger language plpgsql as $${body}$$")
    postgresql_site.db.execute("create trigger own before insert on invoice for each row execute function odd()")
    postgresql_site.pull()
    answer = postgresql_site.deliver(postgresql_site.sending(tmp_path, two_invoices(postgresql_site)))
    assert refused(answer) == [("invoice", "v9", Skip.REFUSED_BY_SITE)]


def two_invoices(site) -> dict[str, pl.DataFrame]:
    return {"item": items(site, ("i8", "h")), "invoice": invoices(site, ("v8", "good"), ("v9", "bad"))}


def test_p17_a_deferred_key_that_fails_at_the_end_leaves_its_row_out(placed, tmp_path):
    placed.db.script(
        [
            "create table shelf (id text primary key)",
            "drop table barcode",
            "create table barcode (id text primary key, code text unique, item_id text references item (id), "
            "foreign key (code) references shelf (id) deferrable initially deferred)",
        ]
    )
    triggers.install(placed.db, placed.schema)
    placed.db.execute("insert into shelf values ('s1')")
    placed.pull()
    rows = [{"id": f"b{number}", "code": code} for number, code in enumerate(["nowhere", "s1"])]
    answer = placed.deliver(placed.sending(tmp_path, {"barcode": frame(placed, "barcode", rows)}))
    assert refused(answer) == [("barcode", "b0", Skip.REFUSED_BY_SITE)]
    assert placed.db.execute("select id from barcode") == [("b1",)]
