"""P1, B57: a table that a PostgreSQL site keeps in partitions is captured as one; one with heirs is not."""

from __future__ import annotations

import pytest

from sites.capture import triggers
from sites.engines.connection import SiteFailed
from sites.schema.presence import presence
from tests.sites.test_delivery import frame


@pytest.fixture
def partitioned(postgresql_site):
    """A site whose table `preference` is in two partitions, with a row in one of them, pulled."""
    postgresql_site.db.script(
        [
            "drop table preference",
            "create table preference (id text primary key, key text, value text) partition by range (id)",
            "create table preference_1 partition of preference for values from (minvalue) to ('m')",
            "create table preference_2 partition of preference for values from ('m') to (maxvalue)",
        ]
    )
    triggers.install(postgresql_site.db, postgresql_site.schema)
    postgresql_site.db.execute("insert into preference values ('a', 'k', 'v'), ('b', 'k', 'v')")
    postgresql_site.pull()
    return postgresql_site


def test_p1_changes_of_a_partition_are_its_tables(partitioned):
    partitioned.db.execute("insert into preference values ('z', 'k', 'v')")
    partitioned.db.execute("update preference_1 set value = 'w' where id = 'a'")
    partitioned.db.execute("update preference set id = 'y' where id = 'b'")
    assert sorted(partitioned.changes()) == [
        ("preference", "a", "upsert"), ("preference", "b", "delete"), ("preference", "y", "upsert"),
        ("preference", "z", "upsert"),
    ]  # fmt: skip


def test_p1_capture_is_installed_and_removed_again(partitioned):
    assert triggers.install(partitioned.db, partitioned.schema) == frozenset()
    assert partitioned.pull().compared == ()
    triggers.remove(partitioned.db)
    assert triggers.install(partitioned.db, partitioned.schema) >= {"preference"}


def test_b57_a_partition_whose_trigger_is_off_is_refused_and_one_that_was_away_is_compared(partitioned):
    partitioned.db.execute("alter table preference_1 disable trigger all")
    with pytest.raises(SiteFailed, match="`preference` are not logged"):
        partitioned.pull()
    partitioned.db.execute("alter table preference_1 enable always trigger supplysync_row")
    assert partitioned.pull().compared == ("preference",)
    partitioned.db.script(
        [
            "alter table preference detach partition preference_1",
            "delete from preference_1 where id = 'a'",
            "alter table preference attach partition preference_1 for values from (minvalue) to ('m')",
        ]
    )
    assert partitioned.pull().compared == ("preference",)
    assert partitioned.pull().compared == ()


def test_b57_a_partition_that_was_emptied_by_itself_or_dropped_is_compared(partitioned):
    """No trigger of the table is asked."""
    partitioned.db.execute("truncate preference_1")
    assert partitioned.pull().compared == ("preference",)
    partitioned.db.execute("drop table preference_1")
    assert partitioned.pull().compared == ("preference",)
    assert partitioned.pull().compared == ()


def test_b58_what_a_trigger_of_one_partition_writes_is_the_sites_edit(partitioned, tmp_path):
    partitioned.db.script(
        [
            "create function shelf() returns trigger language plpgsql as "
            "$$begin insert into item values ('shelf-' || new.id, new.value); return null; end$$",
            "create trigger own after insert on preference_2 for each row execute function shelf()",
        ]
    )
    sent = frame(partitioned, "preference", [{"id": key, "key": "k", "value": "v"} for key in ("c", "x")])
    assert partitioned.deliver(partitioned.sending(tmp_path, {"preference": sent})).skipped == ()
    assert partitioned.changes() == [("item", "shelf-x", "upsert")]


def test_p1_a_table_that_others_inherit_from_is_refused_by_itself_until_they_do_not(postgresql_site):
    """Its heirs' rows are read as its own, and no trigger of its sees them."""
    db = postgresql_site.db
    db.execute("create table local_item () inherits (item)")
    db.execute("insert into local_item (id, name) values ('i9', 'own')")
    db.execute("insert into preference (id, key, value) values ('p', 'k', 'v')")
    (why,) = [why for table, why in presence(db, postgresql_site.schema).unwatched.items() if table == "item"]
    assert "`alter table local_item no inherit item`, then `supplysync capture install`" in why
    assert postgresql_site.changes() == [("preference", "p", "upsert")]
    db.execute("alter table local_item no inherit item")
    assert "item" not in presence(db, postgresql_site.schema).refused
    assert postgresql_site.changes() == []
