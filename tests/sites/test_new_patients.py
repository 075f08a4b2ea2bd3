"""B24: at its own site a new patient becomes visible in the other dispensaries that want it, before the pull."""

from __future__ import annotations

import uuid
from pathlib import Path

import polars as pl
import pytest

from sites.capture import identity
from sites.engines.connection import SiteFailed, open_site
from sites.own_edits.patient_visibility import show_new_patients
from sites.schema import SCHEMA
from sync_rules.egress import Leaving
from tests.sites.conftest import Site

LEAVING = {table: Leaving(table) for table in ("patient", "patient_store_join", "store_preference")}
STORES = ("warehouse", "north", "south", "east")
DISPENSARIES = ("north", "south", "east")


@pytest.fixture
def place(captured_url):
    """A pulled site with a warehouse and three dispensaries."""
    with open_site(captured_url, Path()) as db:
        who = identity.claim(db, 2, "site_2", database_uuid="uuid-2")
        made = Site(db, captured_url, SCHEMA, who)
        made.pull(LEAVING)
        yield made


def add(place, patient: str, home: str | None = "north") -> None:
    place.db.execute("insert into patient (id, home_store_id) values (?, ?)", (patient, home))


def show(place, dispensaries=DISPENSARIES, stores=STORES) -> int:
    return show_new_patients(place.db, SCHEMA, since=place.since, dispensaries=dispensaries, stores=stores, unknown=())


def visible(place):
    return place.db.execute("select patient_id, store_id from patient_store_join order by patient_id, store_id")


def derived(patient: str, store: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"supplysync:patient_store_join:{patient}:{store}"))


def test_b24_a_new_patient_is_shown_in_the_other_dispensaries(place):
    add(place, "p1", "north")
    add(place, "p2", "warehouse")
    assert show(place) == 5
    assert visible(place) == [
        ("p1", "east"), ("p1", "south"), ("p2", "east"), ("p2", "north"), ("p2", "south"),
    ]  # fmt: skip
    ids = {key for (key,) in place.db.execute("select id from patient_store_join where patient_id = 'p1'")}
    assert ids == {derived("p1", "east"), derived("p1", "south")}


def test_b24_the_rows_are_the_sites_own_edit_and_pulled_at_once(place):
    add(place, "p1")
    show(place)
    assert [(table, op) for table, _, op in place.log()] == [("patient", "I")] + [("patient_store_join", "I")] * 2
    pulled = place.pull(LEAVING)
    assert pulled.rows["patient_store_join"].select("patient_id", "store_id").sort("store_id").rows() == [
        ("p1", "east"), ("p1", "south"),
    ]  # fmt: skip
    assert show(place) == 0
    assert place.changes(LEAVING) == []


def test_b24_twice_adds_nothing(place):
    add(place, "p1")
    assert show(place) == 2
    before = place.log()
    assert show(place) == 0
    assert place.log() == before


def test_b24_not_at_first_contact(place):
    add(place, "p1")
    assert show_new_patients(place.db, SCHEMA, since=None, dispensaries=DISPENSARIES, stores=STORES, unknown=()) == 0
    assert visible(place) == []


def test_b24_a_dispensary_that_does_not_want_them_is_passed_over(place):
    place.db.execute("insert into store_preference (id, show_new_patients) values ('south', false), ('east', null)")
    add(place, "p1", "warehouse")
    assert show(place) == 2
    assert visible(place) == [("p1", "east"), ("p1", "north")]


def test_b24_a_dispensary_that_wants_them_says_so(place):
    place.db.execute("insert into store_preference (id, show_new_patients) values ('south', true)")
    add(place, "p1")
    assert show(place, ("north", "south")) == 1


def test_b24_only_patients_whose_home_is_here(place):
    add(place, "p1", "elsewhere")
    add(place, "p2", None)
    assert show(place) == 0
    assert visible(place) == []


@pytest.mark.parametrize(("dispensaries", "stores"), [((), STORES), (("north",), ("north",)), ((), ())])
def test_b24_nowhere_else_to_show_them(place, dispensaries, stores):
    add(place, "p1")
    assert show(place, dispensaries, stores) == 0


def test_b24_one_that_is_visible_already_stays_as_it_is(place):
    add(place, "p1")
    place.db.execute("insert into patient_store_join values ('j1', 'p1', 'south')")
    assert show(place) == 1
    assert visible(place) == [("p1", "east"), ("p1", "south")]


def test_b24_only_patients_new_in_the_slice_of_the_pull(place):
    add(place, "p1")
    place.pull(LEAVING)
    place.db.execute("update patient set code = 'x' where id = 'p1'")
    assert show(place) == 0
    place.db.execute("delete from patient where id = 'p1'")
    add(place, "p1")
    assert show(place) == 0  # it was there before
    add(place, "p2")
    place.db.execute("update patient set code = 'x' where id = 'p2'")
    assert show(place) == 2


def test_b24_one_that_came_and_went_gets_none(place):
    add(place, "p1")
    place.db.execute("delete from patient where id = 'p1'")
    assert show(place) == 0


def test_b24_a_delivered_patient_is_not_new(place, tmp_path):
    rows = pl.DataFrame([{"id": "p1", "home_store_id": "north"}], schema=SCHEMA.frame_schema("patient"))
    place.deliver(place.sending(tmp_path, {"patient": rows}))
    assert show(place) == 0


def test_b24_what_people_took_away_before_the_pull_is_not_made_anew(place):
    add(place, "p1")
    show(place)
    place.db.execute("delete from patient_store_join where store_id = 'south'")
    assert show(place) == 0
    assert visible(place) == [("p1", "east")]


def test_b24_a_row_of_that_id_that_names_another_by_now_is_no_hindrance(place):
    add(place, "other")
    place.db.execute("insert into patient_store_join values (?, 'other', 'east')", (derived("p1", "east"),))
    place.pull(LEAVING)
    add(place, "p1")
    assert show(place) == 1
    assert visible(place) == [("other", "east"), ("p1", "south")]


def test_b24_nothing_is_locked_where_nobody_is_new(place):
    with open_site(place.url, Path(), timeout_s=0.1) as other, place.db.transaction(write=True):
        place.db.execute("update supplysync_identity set epoch = epoch")
        found = show_new_patients(
            other, SCHEMA, since=place.since, dispensaries=DISPENSARIES, stores=STORES, unknown=()
        )
    assert found == 0


def test_b24_a_patient_of_a_late_commit_is_new_when_it_is_seen(new_captured_site):
    url = new_captured_site("postgresql")
    with open_site(url, Path()) as db, open_site(url, Path()) as slow:
        who = identity.claim(db, 2, "site_2", database_uuid="uuid-2")
        place = Site(db, url, SCHEMA, who)
        place.pull(LEAVING)
        with slow.transaction(write=True):
            slow.execute("insert into patient (id, home_store_id) values ('slow', 'north')")
            add(place, "quick")
            assert show(place) == 2
            place.pull(LEAVING)
        assert show(place) == 2
        assert len(visible(place)) == 4


def test_p6_a_database_older_than_the_bookmark_is_not_written_to(place):
    add(place, "p1")
    place.pull(LEAVING)
    place.db.execute("delete from supplysync_change_log")
    with pytest.raises(SiteFailed, match="restored from a backup"):
        show(place)


def test_p1_nothing_is_written_that_would_not_be_logged(place):
    on = " on patient_store_join" if place.db.engine == "postgresql" else ""
    name = "supplysync_row" if place.db.engine == "postgresql" else "supplysync_patient_store_join_insert"
    add(place, "p1")
    place.db.execute(f"drop trigger {name}{on}")
    with pytest.raises(SiteFailed, match="capture missing"):
        show(place)
    assert visible(place) == []
