"""B25: the next number of a store and kind is past the counter and past the documents, and is given once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

import polars as pl
import pytest

from sites.capture import triggers
from sites.engines.connection import SiteFailed, open_site
from sites.own_edits.numbers import next_numbers, number_kinds
from sites.schema import SCHEMA, create

ROOT = Path(__file__).parents[2]


@pytest.fixture
def place(reference_site):
    return reference_site


def halves(*rows: tuple[str, str, str, str]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["table_name", "record_id", "store_id", "number_kind"], orient="row")


def numbers(place, *rows: tuple[str, str, str, str]) -> list[int]:
    with place.db.transaction(write=True):
        return next_numbers(place.db, halves(*rows))["number"].to_list()


def counters(place):
    return place.db.execute("select id, store_id, kind, last_number from document_number order by id")


def supplier(key: str, store: str = "s") -> tuple[str, str, str, str]:
    return ("invoice", key, store, "supplier_invoice")


def test_b25_numbers_begin_at_one_and_go_by_store_and_kind_in_the_order_given(place):
    found = numbers(
        place,
        supplier("b"), supplier("x", "t"), ("invoice", "c", "s", "customer_invoice"), supplier("a"),
        ("goods_received", "g", "s", "goods_received"), ("requisition", "r", "s", "response"),
    )  # fmt: skip
    assert found == [1, 1, 1, 2, 1, 1]
    assert counters(place) == [
        ("s:customer_invoice", "s", "customer_invoice", 1),
        ("s:goods_received", "s", "goods_received", 1),
        ("s:response", "s", "response", 1),
        ("s:supplier_invoice", "s", "supplier_invoice", 2),
        ("t:supplier_invoice", "t", "supplier_invoice", 1),
    ]


def test_b25_the_greater_of_counter_and_documents_decides(place):
    place.db.script(
        [
            "insert into document_number values ('s:supplier_invoice', 's', 'supplier_invoice', 7)",
            "insert into document_number values ('t:supplier_invoice', 't', 'supplier_invoice', 7)",
            "insert into invoice (id, store_id, type, number) values ('1', 's', 'supplier_invoice', 9)",
            "insert into invoice (id, store_id, type, number) values ('2', 's', 'customer_invoice', 90)",
            "insert into invoice (id, store_id, type, number) values ('3', 't', 'supplier_invoice', 3)",
            "insert into goods_received (id, store_id, number) values ('4', 's', 4), ('5', 't', -1)",
        ]
    )
    assert numbers(place, supplier("a"), supplier("b", "t"), supplier("c")) == [10, 8, 11]
    goods = [("goods_received", store, store, "goods_received") for store in ("s", "t")]
    assert numbers(place, *goods) == [5, 1]


def test_b25_a_counter_without_a_sound_number_counts_for_nothing(place):
    wrong = "'many'" if place.db.engine == "sqlite" else "null"
    place.db.script(
        [
            f"insert into document_number values ('s:supplier_invoice', 's', 'supplier_invoice', {wrong})",
            f"insert into invoice (id, store_id, type, number) values ('1', 's', 'supplier_invoice', {wrong}), "
            "('2', 's', 'supplier_invoice', 9223372036854775807), ('3', 's', 'supplier_invoice', 5)",
        ]
    )
    assert numbers(place, supplier("a")) == [6]
    assert counters(place)[0][3] == 6


def test_b25_nothing_asked_nothing_written(place):
    assert numbers(place) == []
    assert place.log() == []


def test_b24_counters_are_the_sites_own_edit(place):
    numbers(place, supplier("a"))
    assert {(table, key) for table, key, _ in place.log()} == {("document_number", "s:supplier_invoice")}


def test_p1_no_number_is_given_where_the_counter_would_not_be_logged(place):
    on = " on document_number" if place.db.engine == "postgresql" else ""
    name = "supplysync_row" if place.db.engine == "postgresql" else "supplysync_document_number_update"
    place.db.execute(f"drop trigger {name}{on}")
    with pytest.raises(SiteFailed, match="capture missing"):
        numbers(place, supplier("a"))


@pytest.mark.parametrize(
    ("table", "kinds"),
    [("invoice", ["x"]), ("requisition", ["x"]), ("goods_received", ["goods_received"]),
     ("purchase_order", ["purchase_order"])],
)  # fmt: skip
def test_b25_the_kind_is_the_type_or_the_table(table, kinds):
    assert pl.DataFrame({"type": ["x"]}).select(number_kinds(table))["number_kind"].to_list() == kinds


# somebody's own software at the site: takes a number from the counter and writes a document with it
CLERK = """
import sys
from pathlib import Path
from sites.engines.connection import open_site

url, name, times = sys.argv[1:]
with open_site(url, Path(), timeout_s=60) as db:
    print("at work", flush=True)
    for turn in range(int(times)):
        with db.transaction(write=True):
            db.execute("insert into document_number values ('s:supplier_invoice', 's', 'supplier_invoice', 1) "
                       "on conflict (id) do update set last_number = document_number.last_number + 1")
            (number,) = db.execute("select last_number from document_number where id = 's:supplier_invoice'")[0]
            db.execute("insert into invoice (id, store_id, type, number) values (?, 's', 'supplier_invoice', ?)",
                       (f"{name}-{turn}", number))
"""


def clerk(place, name: str, times: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", CLERK, place.url, name, str(times)]
    return subprocess.Popen(command, env={"PYTHONPATH": str(ROOT), "POLARS_MAX_THREADS": "1"}, stdout=subprocess.PIPE)


def test_b25_with_people_at_work_no_number_is_skipped_or_given_twice(place):
    """Other processes take numbers from the counter at the same time. We stop before they do: one writer that never
    rests can keep all others from a SQLite file."""
    clerks = [clerk(place, name, 40) for name in ("ann", "bob")]
    assert [one.stdout.readline() for one in clerks if one.stdout] == [b"at work\n"] * 2
    turns = 0
    with open_site(place.url, Path(), timeout_s=60) as db:
        while turns < 8 or (turns < 60 and any(one.poll() is None for one in clerks)):
            with db.transaction(write=True):
                asked = halves(*(supplier(f"we-{turns}-{number}") for number in range(3)))
                given = next_numbers(db, asked).select("store_id", "number", id="record_id", type=pl.col("number_kind"))
                db.insert_rows("invoice", given)
            turns += 1
    assert [one.wait() for one in clerks] == [0, 0]
    found = [number for (number,) in place.db.execute("select number from invoice order by number")]
    assert len(found) == 80 + 3 * turns
    assert found == list(range(1, len(found) + 1))


def test_b25_a_number_that_is_not_yet_committed_is_waited_for(new_site):
    url = new_site("postgresql")
    with open_site(url, Path()) as db, open_site(url, Path()) as local:
        create(db)
        triggers.install(db, SCHEMA)
        given: list[int] = []
        done = Event()

        def run() -> None:
            with db.transaction(write=True):
                given.extend(next_numbers(db, halves(supplier("a")))["number"])
            done.set()

        with local.transaction(write=True):
            local.execute("insert into document_number values ('s:supplier_invoice', 's', 'supplier_invoice', 1)")
            local.execute("insert into invoice (id, store_id, type, number) values ('1', 's', 'supplier_invoice', 1)")
            thread = Thread(target=run)
            thread.start()
            assert not done.wait(0.3)
        thread.join()
        assert given == [2]
