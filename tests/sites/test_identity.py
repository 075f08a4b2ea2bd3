"""P6, T1: a clone, a wrong database or one restored from a backup is recognised before anything is read."""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest

from sites.capture import identity, triggers
from sites.capture.bookmark import bookmark_now
from sites.engines.connection import SiteFailed, open_site
from sites.pull import pull
from sync_rules.words import Identity
from tests.sites.conftest import NOW, made_site


def test_t1_an_unclaimed_database_is_nobodys(site_url):
    with open_site(site_url, Path()) as db:
        assert identity.read_identity(db) is None
        claimed = identity.claim(db, 7, "north", database_uuid="u7", epoch=2)
        assert claimed == Identity(7, "north", "u7", 2)
        assert identity.read_identity(db) == claimed


def test_t1_claiming_again_changes_nothing(site):
    again = identity.claim(site.db, 2, "renamed", database_uuid="other", epoch=9)
    assert again == site.identity == identity.read_identity(site.db)


def test_t1_a_database_claimed_by_another_site_is_refused_and_both_are_named(site):
    with pytest.raises(SiteFailed, match=r"identity refused.*`site_2`.*`south`"):
        identity.claim(site.db, 3, "south", database_uuid="u3")
    assert identity.read_identity(site.db) == site.identity


@pytest.mark.parametrize("expected", [(3, "uuid-2"), (2, "another")])
def test_p6_another_site_or_database_is_refused(site, expected):
    with pytest.raises(SiteFailed, match="identity refused"):
        pull.pull(site.db, identity_expected=expected, since=None, schema=site.schema, leaving={}, now=NOW)


def test_p6_an_unclaimed_database_is_not_read(site):
    site.db.execute("drop table supplysync_identity")
    with pytest.raises(SiteFailed, match="identity refused"):
        site.pull()


def test_p6_a_uuid_not_known_yet_expects_any(site):
    pulled = pull.pull(site.db, identity_expected=(2, ""), since=None, schema=site.schema, leaving={}, now=NOW)
    assert pulled.identity == site.identity


def test_p6_the_cluster_names_server_and_database(site, postgres_server):
    found = bookmark_now(site.db).cluster
    if site.db.engine == "sqlite":
        assert found == ""
    else:
        (number,) = site.db.execute("select system_identifier::text from pg_control_system()")[0]
        assert found.startswith(f"{number}/")
    assert site.pull().cluster == found


def test_p6_a_sqlite_file_from_a_backup_is_recognised(new_site, schema, tmp_path):
    url = new_site("sqlite")
    file, backup = Path(url.removeprefix("sqlite:///")), tmp_path / "backup"
    with made_site(url, schema) as site:
        site.db.execute("insert into item values ('i1', 'a')")
        site.pull()
    shutil.copy(file, backup)
    with open_site(url, Path()) as db:
        site.db = db
        db.execute("insert into item values ('i2', 'b')")
        site.pull()
    shutil.copy(backup, file)
    with open_site(url, Path()) as db:
        site.db = db
        with pytest.raises(SiteFailed, match="restored from a backup"):
            site.pull()
        # people work on: the log grows past where it was, and it is still not the log we knew
        db.execute("insert into item values ('i3', 'c'), ('i4', 'd')")
        with pytest.raises(SiteFailed, match="restored from a backup"):
            site.pull()


def test_p6_a_clone_that_went_its_own_way_is_recognised(new_site, schema, tmp_path):
    url = new_site("sqlite")
    file, clone = Path(url.removeprefix("sqlite:///")), tmp_path / "clone.sqlite"
    with made_site(url, schema) as site:
        site.db.execute("insert into item values ('i1', 'a')")
        site.pull()
    shutil.copy(file, clone)
    for place, key in ((url, "here"), (f"sqlite:///{clone}", "there")):
        with open_site(place, Path()) as db:
            db.execute("insert into item values (?, '')", (key,))
    with open_site(url, Path()) as db:
        site.db = db
        assert site.changes() == [("item", "here", "upsert")]
    with open_site(f"sqlite:///{clone}", Path()) as db:
        site.db = db
        with pytest.raises(SiteFailed, match="restored from a backup"):
            site.pull()


def test_p6_a_postgresql_database_from_a_backup_is_recognised(new_site, postgres_server, schema):
    """A copy made before the last pull lacks the entry that was read last."""
    with copied(new_site, postgres_server, schema, after_copy="insert into item values ('i2', 'b')") as (site, copy):
        site.pull()
        site.db = copy
        with pytest.raises(SiteFailed, match="restored from a backup"):
            site.pull()


def test_p6_b57_a_database_that_moved_to_another_cluster_goes_on_and_is_read_whole(new_site, postgres_server, schema):
    """Precision 20: after a dump or an upgrade of the server transaction numbers mean nothing; the log is the same."""
    with copied(new_site, postgres_server, schema) as (site, copy):
        site.pull()
        site.db = copy
        copy.execute("insert into item values ('i2', 'b')")
        copy.execute("delete from item where id = 'i1'")
        moved = site.pull()
        assert set(moved.compared) == set(schema.tables)
        assert moved.changes.select("record_id", "op").rows() == [("i2", "upsert"), ("i1", "delete")]
        copy.execute("insert into item values ('i3', 'c')")
        again = site.pull()
        assert again.compared == ()
        assert ("item", "i3", "upsert") in again.changes.select("table_name", "record_id", "op").rows()


@contextmanager
def copied(new_site, postgres_server, schema, after_copy: str | None = None):
    """A site with one row, and a copy of its database: another one, which to a bookmark is another cluster."""
    url = new_site("postgresql")
    with made_site(url, schema) as site:
        site.db.execute("insert into item values ('i1', 'a')")
    name = url.partition("?")[0].rpartition("/")[2]
    with open_site(postgres_server.url("postgres"), Path()) as server:
        server.execute(f"create database {name}_copy template {name}")
    try:
        with open_site(url, Path()) as original, open_site(postgres_server.url(f"{name}_copy"), Path()) as copy:
            site.db = original
            if after_copy:
                original.execute(after_copy)
            yield site, copy
    finally:
        postgres_server.drop_database(f"{name}_copy")


@pytest.mark.parametrize("field", ["seq", "snapshot", "mark"])
def test_p6_a_log_that_ends_before_the_bookmark_is_recognised(site, field):
    site.db.execute("insert into item values ('i1', 'a')")
    site.pull()
    bookmark = json.loads(site.since)
    ahead = {
        "seq": bookmark["seq"] + 100,
        "snapshot": "9999999:9999999:",
        "mark": "another",
    }
    if field == "snapshot" and site.db.engine == "sqlite":
        field = "seq"
    site.since = json.dumps(bookmark | {field: ahead[field]})
    with pytest.raises(SiteFailed, match="restored from a backup"):
        site.pull()


def test_p6_delivery_to_a_restored_database_is_refused(site, tmp_path):
    site.db.execute("insert into item values ('i1', 'a')")
    site.pull()
    site.db.execute("delete from supplysync_change_log")
    sent = site.sending(tmp_path, deletes=[("item", "i1")])
    with pytest.raises(SiteFailed, match="restored from a backup"):
        site.deliver(sent)
    assert site.db.execute("select count(*) from item") == [(1,)]


def test_b57_capture_taken_away_and_put_back_reads_every_table_whole(site):
    site.db.execute("insert into item values ('seen', '')")
    site.pull()
    triggers.remove(site.db)
    site.db.execute("insert into item values ('unseen', '')")
    with pytest.raises(SiteFailed, match=r"capture missing.*run `supplysync capture install`"):
        site.pull()
    assert triggers.install(site.db, site.schema) == set(site.schema.tables)
    back = site.pull()
    assert set(back.compared) == set(site.schema.tables)
    assert back.rows["item"]["id"].to_list() == ["seen", "unseen"]
    assert site.pull().compared == ()


def test_p6_a_log_that_was_made_anew_does_not_pass_for_the_same(site):
    site.pull()
    site.db.execute("update supplysync_control set log_id = 'another'")
    with pytest.raises(SiteFailed, match="installed anew"):
        site.pull()
