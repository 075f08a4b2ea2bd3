"""Whole cycles over a small network of both engines, stage functions called directly."""

from __future__ import annotations

from datetime import timedelta

import pytest

from central.cycle.run import run_cycle
from central.decisions import write_decision
from sites.engines.connection import open_site
from sites.schema import SCHEMA
from sync_rules.words import DecisionKind
from tests.central.small_network import NOW, Network, stock_line


def cycles(network: Network, count: int = 1, **options: list[str]) -> None:
    for number in range(count):
        run_cycle(network.project, now=NOW + timedelta(minutes=number), **options)  # type: ignore[arg-type]


def test_p4_first_contact_brings_every_site_what_is_its(network: Network) -> None:
    network.people_put("north", "unit", {"id": "tablet", "name": "tablet"})
    cycles(network)
    for site in ("central", "north", "south"):
        assert network.rows(site, "item", "id") == [("amoxicillin",), ("paracetamol",)]
    assert network.rows("north", "store_site", "store_id, sync_type") == [("CMS", "transfer"), ("NTH", "active")]
    assert network.rows("south", "store_site", "store_id, sync_type") == [
        ("CMS", "transfer"),
        ("NTH", "collector"),
        ("STH", "active"),
    ]
    assert network.warehouse("select count(*) from ledger.quarantine") == [(0,)]


def test_r4_a_quiet_network_sends_nothing(network: Network) -> None:
    network.people_put("north", "unit", {"id": "tablet", "name": "tablet"})
    cycles(network, 3)
    sent = network.warehouse("select cycle, sum(upserts + deletes) from ledger.change_set group by 1 order by 1")
    assert [cycle for cycle, _ in sent] == [1]


def test_m1_stock_reaches_the_warehouse_and_the_collector_and_nobody_else(synced: Network) -> None:
    synced.people_put("north", "stock_line", stock_line(1, "NTH"), stock_line(2, "NTH"))
    synced.people_put("south", "stock_line", stock_line(1, "STH", 0.333333))
    cycles(synced)
    assert synced.rows("south", "stock_line", "id") == [("stock-NTH-1",), ("stock-NTH-2",), ("stock-STH-1",)]
    assert synced.rows("north", "stock_line", "id") == [("stock-NTH-1",), ("stock-NTH-2",)]
    assert synced.rows("central", "stock_line", "id") == []
    assert synced.warehouse("select id, total_packs::text from replica.stock_line order by 1") == [
        ("stock-NTH-1", "10.000000"),
        ("stock-NTH-2", "10.000000"),
        ("stock-STH-1", "0.333333"),
    ]


def test_r6_a_delete_reaches_everyone_who_holds_the_record(synced: Network) -> None:
    synced.people_put("north", "stock_line", stock_line(1, "NTH"))
    cycles(synced)
    synced.people_run("north", "delete from stock_line")
    cycles(synced)
    assert synced.rows("south", "stock_line", "id") == []
    assert synced.warehouse("select count(*) from replica.stock_line") == [(0,)]


@pytest.mark.parametrize("site", ["north", "south"])
def test_a3_an_edit_in_the_wrong_place_is_kept_and_put_right(synced: Network, site: str) -> None:
    synced.people_run(site, "update item set name = 'Mine' where id = 'amoxicillin'")
    synced.people_run(site, "delete from item where id = 'paracetamol'")
    synced.people_put(site, "item", {"id": "snake oil", "code": "S", "name": "Snake oil", "unit_id": "tablet"})
    cycles(synced)
    assert synced.rows(site, "item", "id, name") == [
        ("amoxicillin", "Amoxicillin 250mg"),
        ("paracetamol", "Paracetamol 500mg"),
        ("snake oil", "Snake oil"),  # a rejected insert is left at the site and reported
    ]
    kept = synced.warehouse("select record_id, op, reason, site_row, central_row from ledger.quarantine order by 1")
    assert [(record, op, reason) for record, op, reason, _, _ in kept] == [
        ("amoxicillin", "upsert", "not_primary"),
        ("paracetamol", "delete", "not_primary"),
        ("snake oil", "upsert", "not_primary"),
    ]
    assert '"Mine"' in kept[0][3]
    assert '"Amoxicillin 250mg"' in kept[0][4]


def test_a5_a_document_waits_as_a_whole_for_what_one_line_refers_to(synced: Network) -> None:
    synced.people_put("north", "item", {"id": "new", "code": "N", "name": "New", "unit_id": "tablet"})
    synced.people_put(
        "north", "invoice", {"id": "inv", "store_id": "NTH", "other_name_id": "name-CMS", "type": "customer_invoice",
                             "status": "new", "number": 1}
    )  # fmt: skip
    synced.people_put(
        "north",
        "invoice_line",
        {"id": "line-1", "invoice_id": "inv", "item_id": "amoxicillin", "packs": 1},
        {"id": "line-2", "invoice_id": "inv", "item_id": "new", "packs": 1},
    )
    cycles(synced)
    reasons = synced.warehouse("select record_id, verdict, reason from ledger.quarantine order by 1")
    assert reasons == [
        ("inv", "waiting", "document_waits"),
        ("line-1", "waiting", "document_waits"),
        ("line-2", "waiting", "reference_missing"),
        ("new", "rejected", "not_primary"),
    ]
    synced.people_put("central", "item", {"id": "new", "code": "N", "name": "New", "unit_id": "tablet"})
    cycles(synced, 2)
    assert synced.rows("south", "invoice_line", "id") == [("line-1",), ("line-2",)]
    assert synced.warehouse("select count(*) from ledger.quarantine where state = 'open' and verdict = 'waiting'") == [
        (0,)
    ]


def test_p7_a_site_that_is_down_holds_nobody_up_and_gets_the_one_right_state_later(synced: Network) -> None:
    database = synced.folder / "north.sqlite"
    away = database.with_suffix(".away")
    database.rename(away)
    synced.people_run("central", "update item set name = 'First' where id = 'amoxicillin'")
    cycles(synced)
    synced.people_run("central", "update item set name = 'Second' where id = 'amoxicillin'")
    cycles(synced)
    assert synced.rows("south", "item", "name", "id = 'amoxicillin'") == [("Second",)]
    status = "select site_code, status, consecutive_failures, queue_out from reports.sync_status order by 1"
    assert synced.warehouse(status) == [("central", "ok", 0, 0), ("north", "unreachable", 2, 1), ("south", "ok", 0, 0)]
    synced.people_run("central", "update item set name = 'Third'")
    run_cycle(synced.project, now=NOW + timedelta(days=1))
    days = "select visits, failed_visits, queue_out, queue_out_growth from reports.sync_daily where site_code = 'north'"
    assert synced.warehouse(f"{days} order by day_date") == [(3, 2, 1, None), (1, 1, 2, 1)]  # and grows from day to day
    away.rename(database)
    run_cycle(synced.project, now=NOW + timedelta(days=1, minutes=1))
    assert synced.rows("north", "item", "name") == [("Third",), ("Third",)]
    assert synced.warehouse(f"{days} order by day_date") == [(3, 2, 1, None), (2, 1, 0, -1)]


def test_b4_no_site_is_admitted_before_central_was_pulled_once(network: Network) -> None:
    database = network.folder / "central.sqlite"
    database.rename(database.with_suffix(".away"))
    cycles(network)
    outcomes = network.warehouse("select site_id, outcome from ledger.visit order by 1")
    assert outcomes == [(1, "unreachable"), (2, "blocked"), (3, "blocked")]
    said = "select site_code, status, consecutive_failures, last_error from reports.sync_status order by 1"
    waits = ("blocked", 0, "waits for the first pull of central")
    assert [row if row[0] != "central" else row[:3] for row in network.warehouse(said)] == [
        ("central", "never", 1), ("north", *waits), ("south", *waits),
    ]  # fmt: skip
    database.with_suffix(".away").rename(database)
    cycles(network)
    assert network.rows("north", "item", "id") == [("amoxicillin",), ("paracetamol",)]


def test_t8_a_paused_site_is_left_alone_and_the_report_says_so(synced: Network) -> None:
    file = synced.folder / "topology.toml"
    paused = file.read_text().replace('code = "north"\n', 'code = "north"\nenabled = false\n', 1)
    file.write_text(paused)
    synced.people_run("central", "update item set name = 'Changed' where id = 'amoxicillin'")
    cycles(synced)
    assert synced.rows("north", "item", "name", "id = 'amoxicillin'") == [("Amoxicillin 250mg",)]
    assert synced.warehouse("select status from reports.sync_status where site_code = 'north'") == [("disabled",)]


def test_p6_another_database_at_a_sites_address_is_refused(synced: Network) -> None:
    with open_site("sqlite:///north.sqlite", synced.folder) as db:
        db.execute("update supplysync_identity set database_uuid = 'someone else'")
    synced.people_put("north", "stock_line", stock_line(1, "NTH"))
    cycles(synced)
    [(outcome, error)] = synced.warehouse("select outcome, error from ledger.visit where cycle = 2 and site_id = 2")
    assert outcome == "failed"
    assert error.startswith("identity refused")
    assert synced.warehouse("select count(*) from replica.stock_line") == [(0,)]


@pytest.mark.long
def test_t6_a_transfer_store_keeps_its_data_and_b26_gives_it_when_it_becomes_a_collector(synced: Network) -> None:
    synced.people_put("south", "stock_line", stock_line(1, "STH"))
    cycles(synced)
    file = synced.folder / "topology.toml"
    collector = file.read_text()
    file.write_text(collector.replace('code = "STH"\n', 'code = "STH"\ncentral_instance = "transfer"\n'))
    cycles(synced)
    assert synced.warehouse("select count(*) from replica.stock_line") == [(0,)]
    assert synced.rows("south", "stock_line", "id") == [("stock-STH-1",)]
    synced.people_put("south", "stock_line", stock_line(2, "STH"))
    cycles(synced)
    assert synced.warehouse("select count(*) from replica.stock_line") == [(0,)]
    file.write_text(collector)
    cycles(synced)
    assert synced.warehouse("select id from replica.stock_line order by 1") == [("stock-STH-1",), ("stock-STH-2",)]


def test_r7_what_becomes_visible_comes_whole_and_goes_when_it_is_not(synced: Network) -> None:
    synced.people_put("north", "stock_line", stock_line(1, "NTH"))
    cycles(synced)
    synced.people_run("central", "delete from name_store_join where id = 'STH-sees-NTH'")
    cycles(synced)
    assert synced.rows("south", "stock_line", "id") == []
    assert synced.rows("south", "store", "id") == [("CMS",), ("STH",)]
    synced.people_put("central", "name_store_join", {"id": "again", "name_id": "name-NTH", "store_id": "STH"})
    cycles(synced)
    assert synced.rows("south", "stock_line", "id") == [("stock-NTH-1",)]


def test_m5_an_edit_between_pull_and_delivery_is_left_and_settled_in_the_next_cycle(network: Network) -> None:
    from central.cycle import admit, deliver, pull, route
    from warehouse.connection import open_warehouse

    cycles(network)
    network.people_run("central", "update item set name = 'Right' where id = 'amoxicillin'")
    project = network.project
    cycle = pull.pull_sites(project, now=NOW, asked_by="test")
    with open_warehouse(project.warehouse, project.schema) as con:
        admit.admit(con, project, cycle)
        route.make_change_sets(con, project, cycle)
    network.people_run("north", "update item set name = 'Wrong' where id = 'amoxicillin'")
    deliver.deliver_change_sets(project, now=NOW)
    assert network.rows("north", "item", "name", "id = 'amoxicillin'") == [("Wrong",)]
    cycles(network)
    assert network.rows("north", "item", "name", "id = 'amoxicillin'") == [("Right",)]


def test_r6_a_delete_of_something_others_refer_to_is_refused_and_put_back(synced: Network) -> None:
    synced.people_put("north", "stock_line", stock_line(1, "NTH"))
    cycles(synced)
    synced.people_run("central", "delete from item where id = 'paracetamol'")
    cycles(synced)
    assert synced.rows("central", "item", "id") == [("amoxicillin",), ("paracetamol",)]
    assert synced.warehouse("select reason from ledger.quarantine") == [("still_referenced",)]


@pytest.mark.long
def test_a2_r6_a_refused_delete_that_is_admitted_later_is_one_where_it_was_put_back(synced: Network) -> None:
    synced.people_put("central", "item", {"id": "zinc", "code": "Z", "name": "Zinc", "unit_id": "tablet"})
    cycles(synced)
    synced.people_put("north", "stock_line", {**stock_line(1, "NTH"), "item_id": "zinc"})
    cycles(synced)
    synced.people_run("central", "delete from item where id = 'zinc'")
    cycles(synced)
    assert ("zinc",) in synced.rows("central", "item", "id")
    synced.people_run("north", "delete from stock_line")
    cycles(synced)
    [number] = synced.warehouse("select id from ledger.quarantine where state = 'open'")[0]
    write_decision(synced.project.pulls, DecisionKind.ADMIT, "central", reason="gone", now=NOW, decided_by="o",
                   entry=number)  # fmt: skip
    cycles(synced, 2)
    there = {site: ("zinc",) in synced.rows(site, "item", "id") for site in synced.urls}
    assert there == dict.fromkeys(synced.urls, False)


def test_s1_malformed_values_are_rejected_and_do_not_stop_the_site(synced: Network) -> None:
    synced.people_run(
        "north", "insert into stock_line (id, store_id, item_id, total_packs) values ('x', 'NTH', 'paracetamol', 1e12)"
    )
    synced.people_put("north", "stock_line", stock_line(1, "NTH"))
    cycles(synced)
    assert synced.warehouse("select id from replica.stock_line") == [("stock-NTH-1",)]
    assert synced.warehouse("select record_id, reason from ledger.quarantine") == [("x", "malformed_value")]


@pytest.mark.long
def test_a3_a_malformed_row_is_judged_again_where_another_site_made_the_record_at_the_same_time(
    synced: Network,
) -> None:
    """It was new when it was judged; from then on it is another site's record."""
    synced.people_put("south", "stock_line", {**stock_line(1, "STH"), "id": "same"})
    synced.people_run(
        "north",
        "insert into stock_line (id, store_id, item_id, total_packs) values ('same', 'NTH', 'paracetamol', 1e12)",
    )
    reasons = "select site_id, reason from ledger.quarantine where record_id = 'same'"
    cycles(synced)
    assert synced.warehouse(reasons) == [(2, "malformed_value")]
    cycles(synced, 2)
    assert synced.warehouse(reasons) == [(2, "takes_over")]
    assert synced.warehouse("select store_id from replica.stock_line where id = 'same'") == [("STH",)]


def test_b18_a_placed_store_is_not_deleted_or_doubled_behind_the_topologys_back(synced: Network) -> None:
    synced.people_put("north", "stock_line", stock_line(1, "NTH"))
    cycles(synced)
    synced.people_run("central", "delete from store where id = 'STH'")
    synced.people_put("central", "store", {"id": "0", "code": "NTH", "name_id": "name-NTH", "mode": "store"})
    cycles(synced)
    kept = synced.warehouse("select record_id, reason from ledger.quarantine where state = 'open' order by 1")
    assert kept == [("0", "store_is_placed"), ("STH", "store_is_placed")]
    assert synced.rows("central", "store", "id, code", "id <> '0'") == [("CMS", "CMS"), ("NTH", "NTH"), ("STH", "STH")]
    assert synced.rows("north", "stock_line", "id") == [("stock-NTH-1",)]
    assert ("NTH", "active") in synced.rows("north", "store_site", "store_id, sync_type")


@pytest.mark.parametrize(
    "harm",
    [
        "update supplysync_applied set answer = 'garbage'",
        "update supplysync_applied set answer = '{\"number\": 1}'",
        "update supplysync_identity set site_code = '../../elsewhere'",
    ],
)
@pytest.mark.parametrize("site", [pytest.param("north", marks=pytest.mark.long), "south"])
def test_p7_whatever_a_sites_own_tables_say_harms_nobody_else(synced: Network, site: str, harm: str) -> None:
    synced.people_run(site, harm)
    synced.people_run("central", "update item set name = 'Changed'")
    cycles(synced)
    other = {"north": "south", "south": "north"}[site]
    assert synced.rows(other, "item", "name") == [("Changed",), ("Changed",)]
    assert not list(synced.folder.parent.glob("elsewhere*"))
    assert not list((synced.folder / "data").glob("elsewhere*"))


def test_a4_a_malformed_new_line_holds_its_document_until_it_is_mended(synced: Network) -> None:
    document = {"id": "inv", "store_id": "NTH", "type": "customer_invoice", "status": "new", "number": 1}
    line = {"id": "bad", "invoice_id": "inv", "item_id": "paracetamol"}
    synced.people_put("north", "invoice", document)
    synced.people_put("north", "invoice_line", {**line, "packs": 1e12}, {**line, "id": "good", "packs": 1})
    cycles(synced, 2)
    assert synced.warehouse("select count(*) from replica.invoice") == [(0,)]
    synced.people_put("north", "invoice_line", {**line, "packs": 2})
    cycles(synced)
    assert synced.warehouse("select id from replica.invoice_line order by 1") == [("bad",), ("good",)]
    assert synced.warehouse("select count(*) from ledger.quarantine where state = 'open'") == [(0,)]


def test_b15_a_row_of_the_topology_that_a_person_adds_is_taken_away_again(synced: Network) -> None:
    forged = {"id": "3:CMS-mine", "site_id": "3", "store_id": "CMS", "sync_type": "active"}
    synced.people_put("south", "store_site", forged)
    synced.people_put("south", "site", {"id": "99", "code": "mine", "name": "Mine"})
    cycles(synced)
    assert synced.rows("south", "store_site", "id", "id = '3:CMS-mine'") == []
    assert synced.rows("south", "site", "id") == [("3",)]


def test_p3_data_of_a_quiet_dispensary_on_central_never_crosses_the_wire(network: Network) -> None:
    file = network.folder / "topology.toml"
    file.write_text(file.read_text().replace('code = "CMS"\n', 'code = "CMS"\ninclude_transactions = false\n'))
    network.people_run("central", "update store set mode = 'dispensary' where id = 'CMS'")
    network.people_put("central", "stock_line", stock_line(1, "CMS"))
    cycles(network)
    assert not list(network.project.pulls.rglob("stock_line.parquet"))
    assert network.warehouse("select count(*) from ledger.quarantine") == [(0,)]


@pytest.mark.long
def test_a_user_that_several_sites_have_stays_at_each(network: Network) -> None:
    """Every database comes with an `admin`; the password is at the site alone, so nothing may take it away (B39)."""
    secret = next(column.name for column in SCHEMA.tables["user_account"] if column.is_secret)
    for site in ("central", "north", "south"):
        network.people_put(site, "user_account", {"id": "admin", secret: f"{site}'s own"})
    cycles(network, 2)
    for site in ("central", "north", "south"):
        assert network.rows(site, "user_account", f"id, {secret}") == [("admin", f"{site}'s own")]
    assert network.warehouse("select count(*) from replica.user_account") == [(1,)]


def test_b18_a_placed_store_keeps_its_name_when_both_are_deleted(synced: Network) -> None:
    synced.people_run("central", "delete from name_store_join")
    synced.people_run("central", "delete from store where id = 'CMS'")
    synced.people_run("central", "delete from name where id = 'name-CMS'")
    cycles(synced)
    reasons = synced.warehouse("select table_name, reason from ledger.quarantine where state = 'open' order by 1")
    assert reasons == [("name", "still_referenced"), ("store", "store_is_placed")]
    assert synced.rows("central", "store", "id", "id = 'CMS'") == [("CMS",)]
    assert synced.warehouse("select outcome from ledger.visit where cycle = 2 and site_id = 1") == [("ok",)]
