"""P2: nothing is lost or repeated while people write, and they are never locked out."""

from __future__ import annotations

import random
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from threading import Event, Thread

import pytest

from sites.engines.connection import SiteFailed, Unreachable, open_site

HERE = Path()


@pytest.fixture
def clerks(site):
    """A callable that opens one more connection to the site."""
    with ExitStack() as stack:
        yield lambda **how: stack.enter_context(open_site(site.url, HERE, **how))


@pytest.fixture
def late(postgresql_site):
    """Two more connections to a PostgreSQL site."""
    url = postgresql_site.url
    with open_site(url, HERE) as first, open_site(url, HERE) as second:
        yield postgresql_site, first, second


def test_p2_an_earlier_number_that_commits_later_is_not_lost(late):
    site, slow, quick = late
    site.pull()
    with slow.transaction(write=True):
        slow.execute("insert into item values ('slow', '')")
        quick.execute("insert into item values ('quick', '')")
        assert site.changes() == [("item", "quick", "upsert")]
        assert site.changes() == []
    numbers = dict(site.db.execute("select record_id, seq from supplysync_change_log"))
    assert numbers["slow"] < numbers["quick"]
    assert site.changes() == [("item", "slow", "upsert")]
    assert site.changes() == []


def test_p2_an_open_transaction_at_first_contact_is_read_afterwards(late):
    site, slow, _ = late
    with slow.transaction(write=True):
        slow.execute("insert into item values ('slow', '')")
        assert site.changes() == []
    assert site.changes() == [("item", "slow", "upsert")]


def test_p2_a_rolled_back_transaction_brings_nothing(late):
    site, slow, quick = late
    site.pull()
    with pytest.raises(SiteFailed), slow.transaction(write=True):  # noqa: PT012 - the error is the transaction's
        slow.execute("insert into item values ('slow', '')")
        quick.execute("insert into item values ('quick', '')")
        assert site.changes() == [("item", "quick", "upsert")]
        slow.execute("insert into item values ('slow', 'again')")
    assert site.changes() == []


def test_p2_idle_transactions_neither_stall_nor_lose(late):
    site, idle, quick = late
    site.pull()
    with idle.transaction(write=True):
        idle.execute("insert into preference values ('p', 'k', 'v')")
        for number in range(5):
            quick.execute(f"insert into item values ('i{number}', '')")
            assert site.changes() == [("item", f"i{number}", "upsert")]
    assert site.changes() == [("preference", "p", "upsert")]


def test_p2_savepoints_belong_to_their_transaction(late):
    site, slow, quick = late
    site.pull()
    with slow.transaction(write=True):
        slow.script(
            [
                "savepoint one", "insert into item values ('kept', '')", "release one",
                "savepoint two", "insert into item values ('dropped', '')", "rollback to two",
            ]
        )  # fmt: skip
        quick.execute("insert into item values ('quick', '')")
        assert site.changes() == [("item", "quick", "upsert")]
    assert site.changes() == [("item", "kept", "upsert")]


def test_p2_transaction_numbers_are_compared_as_numbers(late):
    site, slow, quick = late
    site.pull()
    # past a power of ten, where text and numbers sort differently
    (here,) = site.db.execute("select pg_current_xact_id()::text::bigint")[0]
    wanted = 10 ** len(str(here))
    while here < wanted - 2 and wanted <= 10_000:
        (here,) = site.db.execute("select pg_current_xact_id()::text::bigint")[0]
    with slow.transaction(write=True):
        slow.execute("insert into item values ('slow', '')")
        for number in range(6):
            quick.execute(f"insert into item values ('i{number}', '')")
        assert len(site.changes()) == 6
    assert site.changes() == [("item", "slow", "upsert")]
    assert site.changes() == []


def test_p2_writers_are_not_locked_out_by_a_pull(site, clerks):
    site.pull()
    clerk = clerks(timeout_s=0.5)
    with site.db.transaction(write=False):
        site.db.execute("select count(*) from item")
        clerk.execute("insert into item values ('meanwhile', '')")
        assert site.db.execute("select count(*) from item") == [(0,)]  # one snapshot
    assert site.changes() == [("item", "meanwhile", "upsert")]


def write_at_random(url: str, seed: int, stop: Event, committed: Counter[str], deleted: set[str]) -> None:
    """Short and long transactions of inserts, updates and deletes of own rows; a tenth rolled back."""
    dice = random.Random(seed)
    mine: list[str] = []
    number = 0
    with open_site(url, HERE, timeout_s=30) as db:
        while not stop.is_set():
            added, removed, edited = [], [], []
            try:
                with db.transaction(write=True):
                    for _ in range(dice.randint(1, 4)):
                        number += 1
                        added.append(f"w{seed}-{number}")
                        db.execute("insert into item values (?, 'new')", (added[-1],))
                    if mine and dice.random() < 0.5:
                        edited.append(dice.choice(mine))
                        db.execute("update item set name = 'edited' where id = ?", (edited[-1],))
                    if mine and dice.random() < 0.3:
                        removed.append(mine[dice.randrange(len(mine))])
                        db.execute("delete from item where id = ?", (removed[-1],))
                    time.sleep(dice.random() * 0.02)
                    if dice.random() < 0.1:
                        raise InterruptedError
            except InterruptedError:
                continue
            mine = [key for key in mine + added if key not in removed]
            deleted.update(removed)
            committed.update(added)
            time.sleep(dice.random() * 0.005)


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in (2, 3))])
def test_p2_random_writers_lose_and_repeat_nothing(site, seed):
    site.pull()
    stop = Event()
    committed: Counter[str] = Counter()
    deleted: set[str] = set()
    writers = [
        Thread(target=write_at_random, args=(site.url, 100 * seed + number, stop, committed, deleted))
        for number in range(6)
    ]
    for writer in writers:
        writer.start()
    held: dict[str, str] = {}
    inserts: Counter[str] = Counter()
    until = time.monotonic() + 2.0
    while writers:
        pulled = site.pull()
        for _, key, op, *_ in pulled.changes.iter_rows():
            if op == "delete":
                held.pop(key, None)
            else:
                inserts[key] += key not in held
        rows = pulled.rows.get("item")
        held |= dict(rows.iter_rows()) if rows is not None else {}
        if stop.is_set():
            break
        if time.monotonic() > until:
            stop.set()
            for writer in writers:
                writer.join()
    assert held == dict(site.db.execute("select id, name from item"))
    assert len(committed) > 50
    assert set(held) == set(committed) - deleted
    assert max(inserts.values()) == 1  # none came a second time as if it were new
    assert site.changes() == []


def test_p2_on_sqlite_a_writer_that_holds_the_file_too_long_makes_us_wait_no_longer(sqlite_site):
    with open_site(sqlite_site.url, HERE, timeout_s=0.1) as impatient, sqlite_site.db.transaction(write=True):
        begun = time.monotonic()
        with pytest.raises(Unreachable, match="locked"), impatient.transaction(write=True):
            pytest.fail("two writers at once")
        assert time.monotonic() - begun < 2
