"""B19, precision 14: unique keys and checks of a site's own program, which are stricter than ours or do more."""

from __future__ import annotations

import pytest

from sites.capture import triggers
from sync_rules.words import Skip
from tests.sites.test_delivery import frame, items, stocked  # noqa: F401 - a fixture
from tests.sites.test_programs import placed, refused  # noqa: F401 - a fixture


def rebuilt(placed, *statements: str) -> None:  # noqa: F811 - the fixture
    """The program's own tables, captured and pulled."""
    placed.db.script(statements)
    triggers.install(placed.db, placed.schema)
    placed.pull()


def barcodes(placed, *codes: tuple[str, str | None]):  # noqa: F811 - the fixture
    return frame(placed, "barcode", [{"id": key, "code": code, "item_id": "i1"} for key, code in codes])


def test_b19_a_short_code_goes_from_row_to_row(placed, tmp_path):  # noqa: F811 - the fixture
    """What a row has in between is no longer than the program allows."""
    rebuilt(
        placed,
        "drop table barcode",
        "create table barcode (id text primary key, code varchar(6) not null unique check (length(code) < 7), "
        "item_id text)",
        "insert into barcode values ('b1', 'x', 'i1'), ('b2', 'y', 'i1'), ('b3', 'z', 'i1')",
    )
    sent = {"barcode": barcodes(placed, ("b1", "y"), ("b2", "z"), ("b3", "x"))}
    assert placed.deliver(placed.sending(tmp_path, sent)).skipped == ()
    assert placed.db.execute("select id, code from barcode order by id") == [("b1", "y"), ("b2", "z"), ("b3", "x")]


def test_b19_a_small_positive_number_goes_from_row_to_row(placed, tmp_path):  # noqa: F811 - the fixture
    rebuilt(
        placed,
        "drop table invoice_line",
        "drop table invoice",
        "create table invoice (id text primary key, store_id text, number int not null unique check (number > 0), "
        "total numeric(15, 6), is_held boolean, day date, made_at text, comment text)",
        "create table invoice_line (id text primary key, invoice_id text, item_id text, packs numeric(15, 6))",
        "insert into invoice (id, number) values ('v1', 1), ('v2', 2)",
    )
    sent = {"invoice": frame(placed, "invoice", [{"id": f"v{n}", "number": n % 3 + 1} for n in (1, 2, 3)])}
    assert placed.deliver(placed.sending(tmp_path, sent)).skipped == ()
    assert placed.db.execute("select id, number from invoice order by id") == [("v1", 2), ("v2", 3), ("v3", 1)]


def test_p14_what_names_a_key_goes_on_naming_it_when_keys_are_handed_over(placed, tmp_path):  # noqa: F811
    """A key that may be null is not emptied in between where rows of the program's refer to it: they would follow."""
    rebuilt(
        placed,
        "create unique index item_name on item (name)",
        "create table tag (id text primary key, item_name text references item (name) on update cascade)",
        "insert into tag values ('t', 'a')",
    )
    assert placed.deliver(placed.sending(tmp_path, {"item": items(placed, ("i1", "b"), ("i2", "a"))})).skipped == ()
    assert placed.db.execute("select item_name from tag") == [("b",)]


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ("code text unique on conflict replace", "x"),
        ("code text unique on conflict ignore", "x"),
        ("code text not null on conflict ignore", None),
        ("code text not null on conflict replace default 'none'", None),
        ("code text unique on conflict rollback", "x"),
    ],
)
def test_b19_a_table_that_says_what_to_do_on_conflict_deletes_skips_and_alters_nothing(
    sqlite_site, tmp_path, columns, code
):
    rebuilt(
        sqlite_site,
        "drop table barcode",
        f"create table barcode (id text primary key, {columns}, item_id text)",
        "insert into barcode values ('b1', 'x', 'i1')",
    )
    answer = sqlite_site.deliver(
        sqlite_site.sending(tmp_path, {"barcode": barcodes(sqlite_site, ("b8", "y"), ("b9", code))})
    )
    assert refused(answer) == [("barcode", "b9", Skip.REFUSED_BY_SITE)]
    assert sqlite_site.db.execute("select id, code from barcode order by id") == [("b1", "x"), ("b8", "y")]
    assert sqlite_site.changes() == []
