"""Centralised procurement and payments, preferences, users and what never leaves, end to end (B15, B36, B37, P3)."""

from __future__ import annotations

import json

import polars as pl
import pytest

from central.plan.plan import make_plan
from sync_rules.table.data_types import DATA_TYPES
from sync_rules.table.policies import Authority
from tests.central.clinics import Clinics, patient
from tests.central.small_network import NOW
from warehouse.connection import open_warehouse

EVERYWHERE = {"central", "north", "south", "warehouse"}
ON = {"centralised_procurement": True, "centralised_payments": True}


def order(record_id: str, store: str = "NDS", *, centralised: bool = False, **more: object) -> dict[str, object]:
    return {"id": record_id, "store_id": store, "is_centralised": centralised, **more}


def procurement_at(clinics: Clinics) -> dict[str, str]:
    """What each site reads of the switch."""
    key = "key = 'centralised_procurement'"
    return {site: clinics.rows(site, "preference", "value", key)[0][0] for site in ("central", "north", "south")}


def test_b37_primary_orders_for_any_store_while_procurement_is_centralised(clinics: Clinics) -> None:
    clinics.people_put("north", "purchase_order", order("before"))
    clinics.cycle()
    assert procurement_at(clinics) == {"central": "false", "north": "false", "south": "false"}
    clinics.configure(ON, south={"local_procurement": True})
    clinics.cycle()
    assert procurement_at(clinics) == {"central": "true", "north": "true", "south": "false"}
    clinics.people_put("central", "purchase_order", order("central", centralised=True))
    line = {"purchase_order_id": "central", "item_id": "amoxicillin", "ordered_packs": 5}
    clinics.people_put("central", "purchase_order_line", {"id": "central-line", **line})
    clinics.people_put("central", "purchase_order", order("for-south", "SDS", centralised=True))
    clinics.people_put("north", "purchase_order", order("own"), {"id": "before", "store_id": "NDS", "comment": "later"})
    clinics.people_put("north", "payment", order("own"))
    clinics.people_put("south", "purchase_order", order("local", "SDS"))
    clinics.cycle()
    assert clinics.where("purchase_order", "central") == EVERYWHERE  # south collects NDS (T5)
    assert clinics.where("purchase_order_line", "central-line") == EVERYWHERE
    assert clinics.where("purchase_order", "before", "comment = 'later'") == {"north", "south", "warehouse"}
    assert clinics.where("purchase_order", "local") == {"south", "warehouse"}
    assert clinics.reasons("purchase_order") == {"own": "centralised_procurement", "for-south": "local_procurement"}
    assert clinics.reasons("payment") == {"own": "centralised_payments"}


@pytest.mark.long
def test_b37_an_order_keeps_its_owner_until_it_is_finalised(clinics: Clinics) -> None:
    clinics.people_put("north", "purchase_order", order("before", status="confirmed"))
    clinics.cycle()
    clinics.configure(ON)
    clinics.people_put("north", "purchase_order", order("before", status="finalised"))
    clinics.cycle()
    assert clinics.reasons("purchase_order") == {}
    clinics.people_put("north", "purchase_order", order("before", comment="more"))
    clinics.cycle()
    assert clinics.reasons("purchase_order") == {"before": "centralised_procurement"}
    assert clinics.rows("north", "purchase_order", "comment") == [(None,)]


def test_b37_a_switch_holds_from_where_it_was_delivered(either_clinics: Clinics) -> None:
    """What was written before it reached the site keeps its owner, also where it is sent later."""
    clinics = either_clinics
    clinics.people_put("north", "purchase_order", order("held", status="finalised"))
    clinics.cycle()
    clinics.configure(ON)
    clinics.people_put("north", "purchase_order", order("unsent"))
    clinics.people_put("north", "purchase_order", order("held", comment="before"))
    clinics.people_put("north", "payment", order("unsent"))
    clinics.cycle_with(lambda: clinics.people_put("north", "purchase_order", order("between")))
    assert procurement_at(clinics)["north"] == "true"
    clinics.people_put("north", "purchase_order", order("after"))
    clinics.people_put("north", "purchase_order", order("between", comment="after"))
    clinics.people_put("north", "purchase_order", order("held", comment="after"))
    clinics.people_put("north", "payment", order("after"))
    clinics.cycle()
    assert clinics.reasons("purchase_order") == dict.fromkeys(("after", "held"), "centralised_procurement")
    assert clinics.reasons("payment") == {"after": "centralised_payments"}
    assert clinics.where("purchase_order", "unsent") == {"north", "south", "warehouse"}
    assert clinics.where("purchase_order", "between", "comment = 'after'") == {"north", "south", "warehouse"}
    assert clinics.rows("north", "purchase_order", "comment", "id = 'held'") == [("before",)]
    clinics.configure()
    clinics.people_put("north", "purchase_order", order("still"))
    clinics.cycle()
    assert clinics.where("purchase_order", "still") == {"north", "south", "warehouse"}  # central has let go of it


def test_b37_the_plan_of_a_switch_says_what_sites_have_not_sent_of_orders(either_clinics: Clinics) -> None:
    """They keep their owner; other unsent work is none of the switch's."""
    clinics = either_clinics
    clinics.cycle()
    clinics.people_put("north", "purchase_order", order("late", "NTH"))
    clinics.people_put("north", "purchase_order_line", {"id": "late-1", "purchase_order_id": "late"})
    clinics.people_put("south", "patient", patient("ida", "SDS"))

    def notes(**sites: dict[str, object]) -> list[str]:
        clinics.configure(ON, **sites)
        with open_warehouse(clinics.project.warehouse, clinics.project.schema) as con:
            return list(make_plan(con, clinics.project, now=NOW).notes)

    keep = "they are of before the switch reaches the site, and keep their owner (B37)"
    assert notes() == [f"site `north` has not sent 1 purchase_order, 1 purchase_order_line: {keep}"]
    assert notes(north={"local_procurement": True}) == []


@pytest.mark.long
def test_b37_what_waits_when_a_switch_comes_is_from_before_it(either_clinics: Clinics) -> None:
    """Whatever it waits for; and what is refused for something else and put right at its site."""
    clinics = either_clinics
    supplier = {"id": "later", "code": "later", "name": "A supplier", "type": "facility"}
    clinics.people_put("north", "name", supplier)  # which central does not take from there
    clinics.people_put("north", "purchase_order", order("waits", other_name_id="later"), order("odd", "SDS"))
    clinics.cycle()
    assert clinics.reasons("purchase_order") == {"waits": "reference_missing", "odd": "not_owner"}
    clinics.configure(ON)
    clinics.cycle()
    clinics.people_put("central", "name", supplier)
    clinics.people_put("north", "purchase_order", order("odd", comment="ours after all"))
    clinics.people_put("north", "purchase_order", order("after"))
    clinics.cycle()
    assert clinics.reasons("purchase_order") == {"after": "centralised_procurement"}
    for one in ("waits", "odd"):
        assert clinics.where("purchase_order", one) == {"north", "south", "warehouse"}


@pytest.mark.long
def test_b37_a_site_that_was_away_hears_of_a_switch_late_and_of_two_as_they_came(either_clinics: Clinics) -> None:
    clinics = either_clinics
    clinics.configure(ON)
    clinics.cycle()
    clinics.people_put("north", "purchase_order", order("on"))
    clinics.configure(north={"enabled": False})
    clinics.cycle()
    clinics.configure()
    clinics.cycle_with(lambda: clinics.people_put("north", "purchase_order", order("on-still")))
    clinics.people_put("north", "purchase_order", order("off"))
    clinics.configure(ON, north={"enabled": False})
    clinics.people_put("north", "purchase_order", order("off-still"))
    clinics.cycle()
    clinics.configure(ON)
    clinics.cycle()
    held = clinics.warehouse("select id from replica.purchase_order order by 1")
    assert held == [("off",), ("off-still",), ("on",)]  # the last came while it was off at central
    assert clinics.reasons("purchase_order") == {"on-still": "centralised_procurement"}


@pytest.mark.long
def test_b37_what_is_held_back_is_from_before_still(clinics: Clinics) -> None:
    clinics.configure(ON)
    clinics.people_put("north", "purchase_order", order("odd", number="x"))  # on SQLite, which takes anything
    clinics.cycle()
    assert clinics.reasons("purchase_order") == {"odd": "malformed_value"}
    assert clinics.warehouse("select * from ledger.before_switch") == [(2, "purchase_order", "odd")]
    clinics.cycle()
    clinics.people_run("north", "update purchase_order set number = 5")
    clinics.cycle()
    assert clinics.reasons("purchase_order") == {}
    assert clinics.where("purchase_order", "odd") == {"north", "south", "warehouse"}
    assert clinics.warehouse("select * from ledger.before_switch") == []


@pytest.mark.long
def test_b37_a_site_of_an_older_version_goes_by_the_switch_that_it_has(either_clinics: Clinics) -> None:
    """Its capture noted no switches: those that reached it hold from the beginning."""
    clinics = either_clinics
    clinics.configure(ON)
    clinics.cycle()
    clinics.people_put("north", "purchase_order", order("after"))
    clinics.people_run("north", "drop table supplysync_switch")
    clinics.cycle()
    assert clinics.reasons("purchase_order") == {"after": "centralised_procurement"}


@pytest.mark.long
def test_p4_orders_of_a_first_contact_are_from_before(unheard_clinics: Clinics) -> None:
    clinics = unheard_clinics
    clinics.configure(ON)
    clinics.people_put("north", "purchase_order", order("old", status="finalised"))
    clinics.cycle()
    assert clinics.where("purchase_order", "old") == {"north", "south", "warehouse"}
    clinics.people_put("north", "purchase_order", order("new"))
    clinics.cycle()
    assert clinics.reasons("purchase_order") == {"new": "centralised_procurement"}


@pytest.mark.long
def test_r2_nobody_turns_an_order_into_a_centralised_one(clinics: Clinics) -> None:
    """Supervisor-mode orders are centralised rows whatever the switch says."""
    clinics.people_put("north", "purchase_order", order("own"))
    clinics.people_put("central", "purchase_order", order("supervised", centralised=True))
    clinics.cycle()
    clinics.people_put("north", "purchase_order", order("own", centralised=True), order("supervised"))
    clinics.cycle()
    assert clinics.reasons("purchase_order") == {"own": "gives_away", "supervised": "not_primary"}
    assert clinics.rows("north", "purchase_order", "id, is_centralised") == [("own", 0), ("supervised", 1)]


@pytest.mark.long
def test_b36_goods_received_of_a_centralised_order_go_to_primary_too(clinics: Clinics) -> None:
    clinics.people_put("central", "purchase_order", order("central", centralised=True))
    clinics.people_put("north", "purchase_order", order("own", "NDB"))
    clinics.cycle()
    for name, of in (("gr-central", "central"), ("gr-own", "own"), ("gr-none", None)):
        clinics.people_put("north", "goods_received", {"id": name, "store_id": "NDB", "purchase_order_id": of})
        clinics.people_put(
            "north", "goods_received_line", {"id": name, "goods_received_id": name, "item_id": "amoxicillin"}
        )
    clinics.cycle()
    for table in ("goods_received", "goods_received_line"):
        assert clinics.where(table, "gr-central") == {"central", "north", "warehouse"}
        assert clinics.where(table, "gr-own") == clinics.where(table, "gr-none") == {"north", "warehouse"}


@pytest.mark.long
def test_t6_centralised_orders_reach_a_store_whose_own_data_stays(clinics: Clinics) -> None:
    clinics.configure(NTH={"central_instance": "transfer"})
    clinics.people_put("central", "purchase_order", order("central", "NTH", centralised=True))
    clinics.people_put(
        "central", "purchase_order_line", {"id": "l", "purchase_order_id": "central", "item_id": "amoxicillin"}
    )
    clinics.people_put("north", "purchase_order", order("own", "NTH"))
    clinics.cycle()
    assert clinics.where("purchase_order", "central") == {"central", "north", "warehouse"}
    assert clinics.where("purchase_order_line", "l") == {"central", "north", "warehouse"}
    assert clinics.where("purchase_order", "own") == {"north"}
    clinics.configure()
    clinics.cycle()
    assert clinics.where("purchase_order", "own") == {"north", "warehouse"}


@pytest.mark.long
def test_preferences_that_are_synced_go_everywhere_and_a_site_may_overrule_its_copy(clinics: Clinics) -> None:
    clinics.people_put("central", "preference", {"id": "p", "key": "near_expiry_days", "value": "90"})
    clinics.people_put("central", "preference", {"id": "q", "key": "printer", "value": "laser"})
    clinics.people_put("north", "preference", {"id": "r", "key": "near_expiry_days", "value": "7"})
    clinics.cycle()
    assert clinics.where("preference", "p", "value = '90'") == EVERYWHERE
    assert clinics.where("preference", "q") == {"central"}
    assert clinics.where("preference", "r") == {"north"}
    clinics.people_put("south", "preference", {"id": "p", "key": "near_expiry_days", "value": "30"})
    clinics.cycle()
    assert clinics.where("preference", "p", "value = '90'") == {"central", "north", "warehouse"}
    assert clinics.where("preference", "p", "value = '30'") == {"south"}
    assert clinics.reasons("preference") == {}
    clinics.people_put("central", "preference", {"id": "p", "key": "near_expiry_days", "value": "60"})
    clinics.cycle()
    assert clinics.where("preference", "p", "value = '60'") == EVERYWHERE
    clinics.people_run("central", "update preference set key = 'printer' where id = 'p'")
    clinics.cycle()
    assert clinics.where("preference", "p") == {"central"}  # no longer synced: gone for the others, as if deleted
    clinics.people_run("central", "update preference set key = 'near_expiry_days' where id = 'p'")
    clinics.cycle()
    assert clinics.where("preference", "p", "value = '60'") == EVERYWHERE
    clinics.people_run("central", "delete from preference where id = 'p'")
    clinics.cycle()
    assert clinics.where("preference", "p") == set()


def test_b37_the_switch_is_not_a_site_s_to_set(clinics: Clinics) -> None:
    clinics.cycle()
    clinics.people_run("north", "update preference set value = 'true' where key = 'centralised_procurement'")
    clinics.people_run("central", "update preference set key = 'mine' where id = 'centralised_payments:1'")
    clinics.people_put("south", "preference", {"id": "mine", "key": "centralised_payments", "value": "true"})
    clinics.cycle()
    refused = ("centralised_payments:1", "centralised_procurement:2", "mine")
    assert clinics.reasons("preference") == dict.fromkeys(refused, "written_by_topology")
    kept = "key = 'centralised_payments'"
    assert clinics.where("preference", "centralised_payments:1", kept) == {"central", "warehouse"}
    assert procurement_at(clinics)["north"] == "false"
    assert clinics.where("preference", "mine") == set()


def test_a_new_user_reaches_the_warehouse_and_later_edits_are_the_site_s_own(clinics: Clinics) -> None:
    user = {"id": "u", "code": "ana", "password_hash": "secret-hash"}
    clinics.people_put("north", "user_account", user)
    clinics.cycle()
    assert clinics.where("user_account", "u") == {"north", "warehouse"}
    clinics.people_put("north", "user_account", {**user, "name": "Ana"})
    clinics.cycle()
    assert clinics.warehouse("select name from replica.user_account") == [(None,)]
    assert clinics.warehouse("select * exclude (received_at, data_as_of_at) from reports.new_users") == [
        ("north", "ana", None, None, "north")
    ]
    assert clinics.rows("north", "user_account", "name, password_hash") == [("Ana", "secret-hash")]
    clinics.people_put("south", "user_account", {"id": "u", "code": "eve"})
    clinics.cycle()
    assert clinics.reasons("user_account") == {"u": "takes_over"}


def test_p3_b39_what_is_local_or_secret_is_in_no_landed_pull(clinics: Clinics) -> None:
    local = sorted(
        table for one in DATA_TYPES for part in one.parts for table in part.tables
        if part.policy.authority is Authority.LOCAL and table not in ("preference", "user_account")
    )  # fmt: skip
    assert len(local) == 9
    clinics.people_put("north", "patient", patient("ana", "NDS"))
    required = {"drug_registration": {"item_id": "amoxicillin"}}
    for table in local:
        clinics.people_put("north", table, {"id": f"never-{table}", **required.get(table, {})})
    clinics.people_put("north", "preference", {"id": "never-preference", "key": "printer", "value": "never"})
    clinics.people_put("north", "user_account", {"id": "u", "code": "ana", "password_hash": "never-seen"})
    clinics.people_put(
        "north", "store_credential", {"id": "c", "store_id": "NDS", "login": "l", "password": "never-seen"}
    )
    clinics.cycle()
    for table in [*local, "preference"]:
        clinics.people_run("north", f"update {table} set id = 'never-again-{table}' where id = 'never-{table}'")
        clinics.people_run("north", f"delete from {table} where id = 'never-again-{table}'")
    clinics.cycle()
    assert _texts_with(clinics, "never") == []
    assert _texts_with(clinics, "ana") != []  # the search finds what is there


def _texts_with(clinics: Clinics, word: str) -> list[str]:
    """Files of landed pulls, change sets and cycles in which some cell holds a word; and what central holds of it."""
    found = []
    for folder in (clinics.project.pulls, clinics.project.change_sets):
        for file in sorted(folder.rglob("*.parquet")):
            texts = pl.read_parquet(file).select(pl.all().cast(pl.String))
            if any(texts[name].str.contains(word, literal=True).any() for name in texts.columns):
                found.append(file.name)
        for file in sorted(folder.rglob("*.json")):
            if word in json.dumps(json.loads(file.read_text(encoding="utf-8"))):
                found.append(file.name)
    return found
