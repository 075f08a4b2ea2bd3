"""B33, B22: who is new at a dispensary that keeps its prescriptions is at home there, and only the site can tell."""

from __future__ import annotations

import pytest

from sites.own_edits.home_stores import fill_home_stores
from sites.schema import SCHEMA
from tests.sites.conftest import Site
from tests.sites.test_new_patients import LEAVING, place  # noqa: F401 - a fixture

QUIET = ("north", "south")


def add(place: Site, who: str, *stores: str, home: str | None = None) -> None:  # noqa: F811 - the fixture
    """A patient and a prescriber, and prescriptions for the one by the other."""
    for table in ("patient", "prescriber"):
        place.db.execute(f"insert into {table} (id, home_store_id) values (?, ?)", (who, home))
    for number, store in enumerate(stores):
        place.db.execute(
            "insert into prescription (id, store_id, patient_id, prescriber_id, created_at) values (?, ?, ?, ?, ?)",
            (f"{who}-{9 - number}", store, who, who, f"2026-11-2{number} 08:00:00"),
        )


def fill(place: Site) -> int:  # noqa: F811 - the fixture
    return fill_home_stores(place.db, SCHEMA, since=place.since, stores=(*QUIET, "warehouse"), quiet=QUIET, unknown={})


def homes(place: Site, table: str) -> dict[str, str | None]:  # noqa: F811 - the fixture
    return dict(place.db.execute(f"select id, home_store_id from {table}"))


def test_b33_the_last_prescription_that_does_not_leave_says_where_they_are_at_home(place: Site) -> None:  # noqa: F811
    add(place, "ana", "south", "north")
    add(place, "named", "north", home="east")
    add(place, "known", "north", "warehouse")  # central sees the second prescription
    add(place, "nobody")
    add(place, "shown", "north")  # it sees whom the site shows in a store of its own
    for table in ("patient", "prescriber"):
        place.db.execute(
            f"insert into {table}_store_join (id, {table}_id, store_id) values ('j', 'shown', 'warehouse')"
        )
    assert fill(place) == 2
    expected = {"ana": "north", "named": "east", "known": None, "nobody": None, "shown": None}
    assert homes(place, "patient") == homes(place, "prescriber") == expected
    assert ("patient", "ana", "upsert") in place.changes(LEAVING)
    assert fill(place) == 0


def test_b33_what_shows_people_elsewhere_and_a_home_without_letters_say_nothing(place: Site) -> None:  # noqa: F811
    """A site shows them in its own stores alone (B32): nobody else can tell where they are at home."""
    add(place, "elsewhere", "north")
    add(place, "both", "north")
    add(place, "loud", "warehouse")
    add(place, "blank", "north", home="")
    for table in ("patient", "prescriber"):
        for number, (who, store) in enumerate(
            [("elsewhere", "east"), ("both", "east"), ("both", "south"), ("loud", "east")]
        ):
            place.db.execute(
                f"insert into {table}_store_join (id, {table}_id, store_id) values (?, ?, ?)",
                (f"j{number}", who, store),
            )
    assert fill(place) == 8
    expected = {"elsewhere": "north", "both": "south", "loud": "warehouse", "blank": "north"}
    assert homes(place, "patient") == homes(place, "prescriber") == expected
    assert fill(place) == 0


@pytest.mark.parametrize("table", ["patient", "prescriber"])
def test_b33_who_was_there_before_stays_as_they_are(place: Site, table: str) -> None:  # noqa: F811 - the fixture
    add(place, "ana", "north")
    place.pull(LEAVING)
    place.db.execute(f"update {table} set code = 'x' where id = 'ana'")
    assert fill(place) == 0
    assert homes(place, table) == {"ana": None}


def test_b33_who_was_registered_in_an_earlier_exchange_is_at_home_where_they_are_treated(place: Site) -> None:  # noqa: F811
    """Until then central refused them: nobody could tell where they are at home."""
    add(place, "ana")
    add(place, "ben")
    place.pull(LEAVING)
    place.db.execute("insert into prescription (id, store_id, patient_id, prescriber_id, created_at) "
                     "values ('rx', 'north', 'ana', 'ana', '2026-11-23 08:00:00')")  # fmt: skip
    assert fill(place) == 2
    assert homes(place, "patient") == homes(place, "prescriber") == {"ana": "north", "ben": None}
    assert ("patient", "ana", "upsert") in place.changes(LEAVING)
