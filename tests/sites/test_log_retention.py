"""B55, precisions 7 and 29: what was read goes from a site's log, and nothing that was not; it leaves no gap."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from sites.capture import answers
from sites.capture.bookmark import Bookmark, bookmark_now, require_same_log
from sites.capture.generations import Capture
from sites.capture.log_retention import OldAtSite, count_old, forget_old
from sites.engines.connection import open_site
from sync_rules.words import Answer
from tests.sites.conftest import NOW

HERE = Path()


def place(site) -> Bookmark:
    with site.db.transaction(write=False):
        return bookmark_now(site.db)


def forget(site, bookmark: Bookmark | None) -> OldAtSite:
    text = bookmark.to_text() if bookmark else None
    counted = count_old(site.db, text, answers_before=NOW)
    found = forget_old(site.db, text, answers_before=NOW)
    assert found == counted
    return found


def log(site) -> list[str]:
    return [row[0] for row in site.db.execute("select record_id from supplysync_change_log order by seq")]


def test_b55_what_was_read_goes_but_for_the_entry_that_marks_the_place(site):
    for name in "abc":
        site.db.execute(f"insert into item values ('{name}', '')")
    site.pull()
    before = place(site)
    site.db.execute("insert into item values ('d', '')")
    assert forget(site, before) == OldAtSite(2, 0)
    assert log(site) == ["c", "d"]
    assert forget(site, before) == OldAtSite(0, 0)
    require_same_log(site.db, before, place(site))  # it is the log that was read
    assert site.changes() == [("item", "d", "upsert")]
    assert site.changes() == []


def test_b57_a_prune_leaves_no_gap(site):
    for name in "abc":
        site.db.execute(f"insert into item values ('{name}', '')")
    first = Capture.of_text(site.pull().capture)
    forget(site, place(site))
    second = Capture.of_text(site.pull().capture)
    assert second == first
    assert site.changes() == []
    site.db.execute("insert into item values ('d', '')")
    assert site.changes() == [("item", "d", "upsert")]
    site.db.execute("delete from supplysync_change_log where record_id = 'c'")
    assert Capture.of_text(site.pull().capture) != first  # anybody else's hand in it is one


def test_b55_of_another_log_nothing_goes(site):
    for name in "abc":
        site.db.execute(f"insert into item values ('{name}', '')")
    site.pull()
    own = place(site)
    for other in (
        None,
        Bookmark(own.snapshot, own.cluster, "another", own.seq, own.mark),
        Bookmark(own.snapshot, own.cluster, own.log_id, own.seq, "another"),
        Bookmark(own.snapshot, "another", own.log_id, own.seq, own.mark),
    ):
        assert forget(site, other) == OldAtSite(0, 0)
    assert log(site) == ["a", "b", "c"]


def test_b55_what_a_transaction_wrote_that_was_open_across_two_pulls_is_not_lost(postgresql_site):
    """By number alone it would go: its entry has a lower one than the place that was read up to."""
    site = postgresql_site
    site.pull()
    with open_site(site.url, HERE) as slow:
        with slow.transaction(write=True):
            slow.execute("insert into item values ('slow', '')")
            site.db.execute("insert into item values ('one', '')")
            assert site.changes() == [("item", "one", "upsert")]
            site.db.execute("insert into item values ('two', '')")
            assert site.changes() == [("item", "two", "upsert")]
            assert forget(site, then := place(site)) == OldAtSite(1, 0)
        assert log(site) == ["slow", "two"]
        assert forget(site, then) == OldAtSite(0, 0)
        assert site.changes() == [("item", "slow", "upsert")]
        assert forget(site, place(site)) == OldAtSite(1, 0)
        assert log(site) == ["two"]


def test_b55_of_answers_the_last_always_stays(site):
    with site.db.transaction(write=True):
        for number, days in enumerate((900, 500, 450), start=1):
            answers.keep_answer(site.db, Answer(number, f"hash-{number}", ()), NOW - timedelta(days=days))
    assert forget(site, None) == OldAtSite(0, 2)
    last = answers.last_answer(site.db)
    assert last is not None
    assert last.number == 3


@pytest.mark.parametrize("name", ["log", "answers"])
def test_b55_what_is_counted_is_not_touched(site, name):
    site.db.execute("insert into item values ('a', '')")
    site.db.execute("insert into item values ('b', '')")
    site.pull()
    found = count_old(site.db, place(site).to_text(), answers_before=NOW)
    assert getattr(found, name) == {"log": 1, "answers": 0}[name]
    assert log(site) == ["a", "b"]
