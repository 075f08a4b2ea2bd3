"""M4, B19: a change set is applied whole and once, and never over people's own edits."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from threading import Event, Thread

import polars as pl
import pytest

from sites.engines.connection import SiteFailed, open_site
from sync_rules.words import Answer, Skipped
from tests.sites.failing import fail_at_every_write, let_write_again
from wire import change_set


def frame(site, table: str, rows: list[dict]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=site.schema.frame_schema(table))


def items(site, *pairs: tuple[str, str]) -> pl.DataFrame:
    return frame(site, "item", [{"id": key, "name": name} for key, name in pairs])


def invoices(site, *pairs: tuple[str, str]) -> pl.DataFrame:
    return frame(site, "invoice", [{"id": key, "comment": text} for key, text in pairs])


def lines(site, *pairs: tuple[str, str]) -> pl.DataFrame:
    rows = [{"id": key, "invoice_id": invoice, "item_id": "i1", "packs": Decimal(1)} for key, invoice in pairs]
    return frame(site, "invoice_line", rows)


def content(site) -> dict[str, list]:
    return {t: site.db.execute(f"select * from {t} order by id") for t in site.schema.tables}


@pytest.fixture
def stocked(site):
    """Two invoices with a line each, pulled."""
    site.db.script(
        [
            "insert into item values ('i1', 'a'), ('i2', 'b')",
            "insert into invoice (id, comment) values ('v1', 'one'), ('v2', 'two')",
            "insert into invoice_line values ('l1', 'v1', 'i1', 1), ('l2', 'v2', 'i1', 2)",
        ]
    )
    site.pull()
    return site


def test_m4_upserts_parents_first_and_deletes_children_first(stocked, tmp_path):
    sent = stocked.sending(
        tmp_path,
        {"invoice_line": lines(stocked, ("l3", "v3")), "invoice": invoices(stocked, ("v3", "three"), ("v1", "uno"))},
        [("invoice", "v2"), ("invoice_line", "l2")],
    )
    assert stocked.deliver(sent) == Answer(1, sent.content_hash)
    assert stocked.db.execute("select id, comment from invoice order by id") == [("v1", "uno"), ("v3", "three")]
    assert stocked.db.execute("select id, invoice_id from invoice_line order by id") == [("l1", "v1"), ("l3", "v3")]


def test_m6_who_looks_on_is_told_what_is_left_to_write(stocked, tmp_path):
    told: list[int] = []
    written = {"invoice_line": lines(stocked, ("l3", "v3")), "invoice": invoices(stocked, ("v3", "x"), ("v1", "y"))}
    stocked.deliver(stocked.sending(tmp_path, written, [("invoice_line", "l2")]), left=told.append)
    assert told == [4, 2, 1]
    told.clear()
    refused = {"item": items(stocked, ("i8", "n")), "invoice_line": lines(stocked, ("l8", "nowhere"))}
    answer = stocked.deliver(stocked.sending(tmp_path, refused), left=told.append)
    assert [one.record_id for one in answer.skipped] == ["l8"]
    assert told[:2] == [2, 1]
    assert told[2:4] == [2, 1]  # all of it again, then in parts


def test_p1_delivered_rows_are_not_captured(stocked, tmp_path):
    before = stocked.log()
    stocked.deliver(stocked.sending(tmp_path, {"item": items(stocked, ("i1", "z"), ("i9", "n"))}, [("item", "i2")]))
    assert stocked.log() == before
    assert stocked.changes() == []
    stocked.db.execute("update item set name = 'mine' where id = 'i9'")
    assert stocked.changes() == [("item", "i9", "upsert")]


def test_m1_values_arrive_as_they_were_sent(site, tmp_path):
    site.pull()
    row = {
        "id": "v",
        "store_id": "",
        "number": -3,
        "total": Decimal("123456789.123456"),
        "is_held": False,
        "day": date(2024, 2, 29),
        "made_at": datetime(2026, 1, 2, 3, 4, 5, 600001, tzinfo=UTC),
        "comment": 'naïve, "quoted"\r\nline \\. %s ? ☃',
    }
    sent = frame(site, "invoice", [row, dict.fromkeys(row) | {"id": "w"}])
    site.deliver(site.sending(tmp_path, {"invoice": sent}))
    site.since = None
    assert site.pull().rows["invoice"].equals(sent)


def test_b9_sqlite_keeps_the_agreed_forms(sqlite_site, tmp_path):
    sqlite_site.pull()
    row = {"id": "v", "total": Decimal("1.5"), "is_held": True, "day": date(2024, 2, 29)}
    row["made_at"] = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    sqlite_site.deliver(sqlite_site.sending(tmp_path, {"invoice": frame(sqlite_site, "invoice", [row])}))
    found = sqlite_site.db.execute("select total, is_held, day, made_at, typeof(total) from invoice")
    assert found == [(1.5, 1, "2024-02-29", "2026-01-02T03:04:05.000000Z", "real")]


def test_m4_delivering_twice_changes_nothing_and_answers_the_same(stocked, tmp_path):
    sent = stocked.sending(tmp_path, {"item": items(stocked, ("i1", "z"))})
    first = stocked.deliver(sent)
    stocked.db.execute("update item set name = 'mine' where id = 'i1'")
    before = content(stocked)
    assert stocked.deliver(sent) == first
    assert content(stocked) == before
    assert stocked.pull().applied_answer == first


def test_m4_an_older_or_another_change_set_of_the_number_is_refused(stocked, tmp_path):
    stocked.deliver(stocked.sending(tmp_path, {"item": items(stocked, ("i1", "z"))}, number=5))
    with pytest.raises(SiteFailed, match="older than 5"):
        stocked.deliver(stocked.sending(tmp_path, {"item": items(stocked, ("i1", "y"))}, number=4))
    with pytest.raises(SiteFailed, match="with other content"):
        stocked.deliver(stocked.sending(tmp_path, {"item": items(stocked, ("i1", "x"))}, number=5))
    assert stocked.db.execute("select name from item where id = 'i1'") == [("z",)]


def test_b19_a_row_edited_since_the_pull_is_left_with_what_follows_it(stocked, tmp_path):
    stocked.db.execute("update invoice set comment = 'mine' where id = 'v1'")
    sent = stocked.sending(
        tmp_path,
        {"invoice": invoices(stocked, ("v1", "theirs"), ("v2", "theirs")),
         "invoice_line": lines(stocked, ("l8", "v1"), ("l9", "v2"))},
    )  # fmt: skip
    answer = stocked.deliver(sent)
    assert answer.skipped == (
        Skipped("invoice", "v1", "edited_since_pull"),
        Skipped("invoice_line", "l8", "edited_since_pull"),
    )
    assert stocked.db.execute("select comment from invoice order by id") == [("mine",), ("theirs",)]
    assert stocked.db.execute("select id from invoice_line order by id") == [("l1",), ("l2",), ("l9",)]
    assert stocked.changes() == [("invoice", "v1", "upsert")]


def test_b19_rows_that_refer_to_one_deleted_at_the_site_are_left(stocked, tmp_path):
    stocked.db.execute("delete from invoice_line where id = 'l1'")
    stocked.db.execute("delete from invoice where id = 'v1'")
    answer = stocked.deliver(stocked.sending(tmp_path, {"invoice_line": lines(stocked, ("l8", "v1"), ("l9", "v2"))}))
    assert answer.skipped == (Skipped("invoice_line", "l8", "edited_since_pull"),)


def test_b19_a_delete_of_an_edited_row_is_left_and_its_children_go(stocked, tmp_path):
    stocked.db.execute("update invoice set comment = 'mine' where id = 'v1'")
    answer = stocked.deliver(stocked.sending(tmp_path, deletes=[("invoice", "v1"), ("invoice_line", "l1")]))
    assert answer.skipped == (Skipped("invoice", "v1", "edited_since_pull"),)
    assert stocked.db.execute("select id from invoice_line") == [("l2",)]


def test_b19_a_row_both_sides_deleted_is_done(stocked, tmp_path):
    stocked.db.execute("delete from item where id = 'i2'")
    assert stocked.deliver(stocked.sending(tmp_path, deletes=[("item", "i2")])).skipped == ()


def test_b19_a_row_that_is_still_referred_to_stays_with_what_it_refers_to(stocked, tmp_path):
    deletes = [("invoice", "v1"), ("invoice", "v2"), ("invoice_line", "l2"), ("item", "i1"), ("item", "i2")]
    answer = stocked.deliver(stocked.sending(tmp_path, deletes=deletes))
    assert answer.skipped == (
        Skipped("invoice", "v1", "still_referenced", "invoice_line"),
        Skipped("item", "i1", "still_referenced", "invoice_line"),
    )
    assert stocked.db.execute("select id from item") == [("i1",)]
    assert stocked.changes() == []


def test_m4_rows_of_one_table_may_refer_to_each_other_in_any_order(site, tmp_path):
    site.pull()
    tree = frame(site, "category", [{"id": "a", "parent_id": "b"}, {"id": "b", "parent_id": "c"}, {"id": "c"}])
    site.deliver(site.sending(tmp_path, {"category": tree}))
    site.db.execute("insert into category values ('z', 'b')")
    site.pull()
    answer = site.deliver(site.sending(tmp_path, deletes=[("category", key) for key in "abc"]))
    # b stays for z, and c for b
    assert answer.skipped == tuple(Skipped("category", key, "still_referenced", "category") for key in "bc")
    assert site.db.execute("select id from category order by id") == [("b",), ("c",), ("z",)]


def test_m4_a_failure_rolls_everything_back_and_says_no_values(stocked, tmp_path):
    """What is wrong with a table and not with a row of it fails the delivery."""
    sent = stocked.sending(
        tmp_path,
        {"item": items(stocked, ("i1", "z")), "invoice_line": lines(stocked, ("l7", "v1"))},
        [("invoice_line", "l1")],
    )
    fail_at_every_write(stocked.db, "invoice_line")
    before = content(stocked)
    with pytest.raises(SiteFailed, match="table `invoice_line`") as failed:
        stocked.deliver(sent)
    assert "l7" not in str(failed.value)
    assert content(stocked) == before
    let_write_again(stocked.db, "invoice_line")
    assert stocked.pull().applied_number == 0
    stocked.db.execute("insert into item values ('i7', 'still captured')")
    assert stocked.changes() == [("item", "i7", "upsert")]


def test_b39_secret_columns_are_untouched(site, tmp_path):
    site.db.execute("insert into account values ('a1', 'ann', 'hunter2')")
    site.pull()
    sent = frame(site, "account", [{"id": "a1", "name": "anna"}]).with_columns(password=pl.lit("forged"))
    site.deliver(site.sending(tmp_path, {"account": sent}))
    assert site.db.execute("select * from account") == [("a1", "anna", "hunter2")]


def test_p6_delivery_to_another_site_or_epoch_is_refused(stocked, tmp_path):
    sent = stocked.sending(tmp_path, {"item": items(stocked, ("i1", "z"))})
    for other in (
        replace(stocked.identity, site_id=3),
        replace(stocked.identity, database_uuid="another"),
        replace(stocked.identity, epoch=2),
    ):
        with pytest.raises(SiteFailed, match="identity refused"):
            stocked.deliver(sent, expected=other)
    mine = change_set.write_change_set(
        tmp_path, site_id=9, site_code="x", number=1, from_seq=0, to_seq=1, upserts={}, deletes=sent.deletes
    )
    with pytest.raises(SiteFailed, match="is for site 9"):
        stocked.deliver(change_set.read_change_set(mine.path))
    assert stocked.db.execute("select name from item where id = 'i1'") == [("a",)]


def test_m4_a_table_that_is_not_known_is_refused(stocked, tmp_path):
    with pytest.raises(SiteFailed, match="sqlite_master"):
        stocked.deliver(stocked.sending(tmp_path, deletes=[("sqlite_master", "x")]))


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from sites.deliver.deliver import deliver
from sites.engines.connection import open_site
from sync_rules.schema import Schema
from sync_rules.words import Identity
from tests.sites.conftest import REFERENCES, TABLES
from wire import change_set

url, sent, since, place = sys.argv[1:]
with open_site(url, Path()) as db:
    original = type(db).execute

    def execute(self, sql, parameters=()):
        if sql == "commit" and place == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        rows = original(self, sql, parameters)
        if sql == "commit" and place == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return rows

    type(db).execute = execute
    deliver(db, change_set.read_change_set(Path(sent)), schema=Schema(TABLES, REFERENCES), pulled=since,
            expected=Identity(2, "site_2", "uuid-2", 1), now=datetime(2026, 11, 24, tzinfo=UTC))
"""


@pytest.mark.parametrize("place", ["before", "after"])
def test_m4_a_kill_around_the_commit_and_a_second_try_apply_once(stocked, tmp_path, place):
    sent = stocked.sending(tmp_path, {"item": items(stocked, ("i1", "z"))}, [("item", "i2")])
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, stocked.url, str(sent.path), stocked.since, place],
        env={"PYTHONPATH": str(Path(__file__).parents[2])}, check=False,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL
    assert stocked.pull(keep=False).applied_number == (1 if place == "after" else 0)
    if place == "after":
        # had it been applied again, this edit would be lost
        stocked.db.execute("update item set name = 'mine' where id = 'i1'")
    assert stocked.deliver(sent) == Answer(1, sent.content_hash)
    assert stocked.db.execute("select * from item") == [("i1", "mine" if place == "after" else "z")]


def test_b19_an_edit_that_commits_while_delivery_waits_is_not_overwritten(postgresql_site, tmp_path):
    site = postgresql_site
    site.db.execute("insert into item values ('i1', 'a')")
    site.pull()
    sent = site.sending(tmp_path, {"item": items(site, ("i1", "theirs"), ("i2", "theirs"))})
    answers: list[Answer] = []
    with open_site(site.url, Path()) as clerk:
        done = Event()

        def run() -> None:
            answers.append(site.deliver(sent))
            done.set()

        with clerk.transaction(write=True):
            clerk.execute("update item set name = 'mine' where id = 'i1'")
            thread = Thread(target=run)
            thread.start()
            assert not done.wait(0.5)  # it waits for the row
        thread.join()
    assert answers[0].skipped == (Skipped("item", "i1", "edited_since_pull"),)
    assert site.db.execute("select * from item order by id") == [("i1", "mine"), ("i2", "theirs")]
