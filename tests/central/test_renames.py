"""T10, precision 40: a store gets another code, and nothing waits: what is placed is bound to its record."""

from __future__ import annotations

from typing import Any

import pytest

from central.plan.apply import ApplyRefused
from central.plan.plan import NetworkPlan
from tests.central.clinics import Clinics, topology
from tests.central.moving import active, apply, finish, state, told
from tests.central.test_interventions import plan


def stock(clinics: Clinics, number: int, store: str = "NTH") -> None:
    clinics.people_put("north", "stock_line", {"id": f"s-{number}", "store_id": store, "item_id": "amoxicillin",
                                               "total_packs": number})  # fmt: skip


def call(clinics: Clinics, store: str, code: str) -> None:
    """People give the record of a store another code, where store records are edited."""
    clinics.people_run("central", f"update store set code = '{code}' where id = '{store}'")


def write(clinics: Clinics, was: str, code: str, **tables: dict[str, Any]) -> None:
    """The same in topology.toml."""
    text = topology(clinics.urls, {}, tables).replace(f'code = "{was}"', f'code = "{code}"')
    (clinics.folder / "topology.toml").write_text(text, encoding="utf-8")


def changes(made: NetworkPlan | None) -> list[tuple[str, str]]:
    assert made is not None
    return [(str(one.what), one.words) for one in made.differences]


@pytest.mark.long
def test_t10_a_record_that_gets_another_code_stays_where_it_is(clinics: Clinics) -> None:
    stock(clinics, 1)
    clinics.sync()
    call(clinics, "NTH", "NEW")
    stock(clinics, 2)
    clinics.sync()
    stock(clinics, 3)
    clinics.sync()
    assert clinics.warehouse("select count(*) from replica.stock_line") == [(3,)]
    assert clinics.warehouse("select count(*) from ledger.quarantine") == [(0,)]
    assert active(clinics, "NTH") == ["north"]
    assert 'store `NTH` is called `NEW` in its record: write code = "NEW"' in plan(clinics).notes
    write(clinics, "NTH", "NEW")
    made = apply(clinics)
    assert changes(made) == [("renamed", "store `NTH` code renamed: NTH -> NEW")]
    assert made is not None
    assert (made.consequences.height, made.handovers) == (0, [])
    stock(clinics, 4)
    clinics.sync()
    assert (state(clinics), active(clinics, "NTH")) == ([], ["north"])
    assert clinics.warehouse("select count(*) from replica.stock_line") == [(4,)]
    assert clinics.warehouse("select site_code from reports.stores where store_code = 'NEW'") == [("north",)]


def test_t10_a_file_that_is_changed_first_is_told_what_to_do(clinics: Clinics) -> None:
    write(clinics, "NTH", "NEW")
    with pytest.raises(ApplyRefused, match="gets another code by changing that there first"):
        apply(clinics)


@pytest.mark.long
def test_t10_a_store_is_renamed_and_moves_at_once(clinics: Clinics) -> None:
    stock(clinics, 1)
    call(clinics, "NTH", "NEW")
    clinics.sync()
    write(clinics, "NTH", "NEW", NTH={"active_on": "south"})
    made = apply(clinics)
    assert changes(made) == [
        ("renamed", "store `NTH` code renamed: NTH -> NEW"), ("moved", "store `NEW` active_on moved: north -> south")
    ]  # fmt: skip
    finish(clinics)
    assert told(clinics, "NTH")["south"] == "active"
    assert clinics.rows("south", "stock_line", "id") == [("s-1",)]


@pytest.mark.long
def test_t10_a_code_that_was_given_up_is_free_once_the_file_has_the_new_one(clinics: Clinics) -> None:
    call(clinics, "NTH", "NEW")
    clinics.sync()
    second = {"id": "other", "code": "NTH", "name_id": "name-NTH", "mode": "store"}
    clinics.people_put("central", "store", second)
    clinics.sync()
    assert clinics.reasons("store") == {"other": "store_is_placed"}
    write(clinics, "NTH", "NEW")
    apply(clinics)
    clinics.people_run("central", "update store set mode = 'dispensary' where id = 'other'")
    clinics.sync()
    assert clinics.reasons("store") == {}
    assert (active(clinics, "NTH"), active(clinics, "other")) == (["north"], [])
