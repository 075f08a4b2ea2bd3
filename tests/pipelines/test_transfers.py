"""`transfers` and the story of a transfer in `explain`: what is said of each kind and state, by which rule.

Central's memory of the transfers is filled by hand, so that every state is there at once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from central.cycle.run import run_cycle
from sites.schema import SCHEMA
from sync_rules.codes import WAITS
from sync_rules.table.rules import RULES
from sync_rules.transfers.kinds import BY_NAME, NO_NUMBER
from tests.central.small_network import CENTRAL_ROWS, NOW, Network
from tests.pipelines.conftest import Said
from warehouse.connection import Connection, open_warehouse
from warehouse.records import replicas

Command = Callable[..., Said]
BEGUN = datetime.now(UTC) - timedelta(days=4.5)
BOTH = ("active:NTH", "active:STH")


def hold(con: Connection, table: str, *given: Mapping[str, Any], scopes: tuple[str, ...] = BOTH) -> None:
    """Central holds records of both sites."""
    schema = SCHEMA.frame_schema(table)
    replicas.put_rows(
        con, table, pl.DataFrame([{**dict.fromkeys(schema), **row} for row in given], schema=schema), SCHEMA
    )
    for row in given:
        document = row.get(RULES[table].table.parent_column or "", row["id"])
        con.execute(
            "insert into ledger.record (table_name, record_id, owner, maker, document, scopes, seq, part) "
            "values (?, ?, ?, 2, ?, ?, 1, 'otherwise')",
            [table, row["id"], row.get("store_id"), document, list(scopes)],
        )


def begun(con: Connection, kind: str, record: str, stores: str, responding: str | None, **given: Any) -> None:
    from_store, to_store = stores.split()
    row = {
        "kind": kind, "table_name": BY_NAME[kind].table, "record_id": record, "from_store": from_store,
        "to_store": to_store, "responding_table": BY_NAME[kind].responding_table, "responding_id": responding,
        "begun_at": BEGUN, "is_snapshot": False, "first_cycle": 1, "made_by": "central" if responding else None,
        "made_cycle": 2 if responding else None, "made_at": BEGUN if responding else None, **given,
    }  # fmt: skip
    con.execute(
        f"insert into ledger.transfer ({', '.join(row)}) values ({', '.join('?' * len(row))})", list(row.values())
    )


def invoice(record: str, store: str, kind: str, status: str, number: int | None, **given: Any) -> dict[str, Any]:
    return {"id": record, "store_id": store, "type": kind, "status": status, "number": number, **given}


@pytest.fixture
def con(synced: Network) -> Iterator[Connection]:
    """The warehouse of the small network after a cycle."""
    with open_warehouse(synced.project.warehouse, synced.project.schema) as opened:
        yield opened


def a_transfer_in_every_state(con: Connection) -> None:
    halves = {"arrived-doc": ("new", 12), "sent-doc-1": ("new", NO_NUMBER), "done-doc-1": ("finalised", 11)}
    for record, (status, number) in halves.items():
        hold(con, "invoice", invoice(record, "NTH", "customer_invoice", "finalised", 5),
             invoice(f"{record}-in", "STH", "supplier_invoice", status, number, on_hold=True,
                     finalised_at=BEGUN + timedelta(days=2) if status == "finalised" else None))  # fmt: skip
        begun(con, "stock_transfer", record, "NTH STH", f"{record}-in")
    for number, code in enumerate(WAITS):
        hold(con, "invoice", invoice(f"waiting-{number}", "NTH", "customer_invoice", "finalised", 20 + number))
        begun(con, "stock_transfer", f"waiting-{number}", "NTH STH", None, waits=code)
    hold(con, "invoice", invoice("dropped-doc", "NTH", "supplier_credit", "finalised", 6),
         invoice("unlinked-in", "STH", "supplier_invoice", "new", 9))  # fmt: skip
    begun(con, "stock_return", "dropped-doc", "NTH STH", "gone", is_responding_deleted=True)
    begun(con, "stock_transfer", "unlinked-doc", "NTH STH", "unlinked-in", is_deleted=True)


def test_what_is_under_way_is_listed_with_what_comes_next(con: Connection, synced: Network, command: Command) -> None:
    a_transfer_in_every_state(con)
    con.close()
    here = ("-C", synced.folder)
    rows = command("transfers", "list", "--json", *here).document["transfers"]
    found = {row["initiating_id"]: row for row in rows}
    assert {row["state"] for row in rows} == {"waiting", "sent", "arrived"}
    assert found["sent-doc-1"]["next"] == "waits until south is pulled: its number comes back then"
    assert found["arrived-doc"]["next"] == "STH takes it off hold and finalises it"
    assert (found["arrived-doc"]["from_number"], found["arrived-doc"]["to_number"]) == (5, 12)
    assert (found["sent-doc-1"]["to_number"], found["sent-doc-1"]["age_days"]) == (None, 4)
    everything = command("transfers", "list", "--all", "--json", *here).document["transfers"]
    waits = {row["waits"]: row for row in everything if row["waits"]}
    assert {code: row["rule"] for code, row in waits.items()} == {code: wait.rule for code, wait in WAITS.items()}
    assert len({row["next"] for row in waits.values()}) == len(WAITS)
    assert waits["site_not_contacted"]["next"] == "waits until south is pulled for the first time"
    assert waits["too_old_to_begin"]["next"].endswith("`supplysync transfers begin waiting-`")  # the first 8 characters
    ended = {row["initiating_id"]: row for row in everything[len(rows) :]}
    assert {row["state"] for row in ended.values()} == {"done", "unlinked", "dropped", "history"}
    assert waits["party_was_no_store"]["next"].startswith("nothing: it was finished before STH was a store (B60); ")
    assert ended["done-doc-1"]["age_days"] == 2
    assert "STH deleted the customer credit" in ended["dropped-doc"]["next"]
    assert "NTH deleted the invoice that began it; the supplier invoice stays STH's" in ended["unlinked-doc"]["next"]
    described = command("transfers", "list", "--help").out
    assert [key for key in rows[0] if key not in described] == []
    shown = command("transfers", "list", *here)
    assert f"{len(rows)} transfers under way" in shown.out
    assert "3 more ended: `supplysync transfers list --all`" in shown.err
    assert "1 began nothing, since their other party was no store yet: `supplysync transfers list --all`" in shown.err
    assert command("transfers", "list", "--store", "CMS", "--json", *here).document == {"transfers": []}
    assert len(command("transfers", "list", "--store", "STH", "--json", *here).document["transfers"]) == len(rows)
    of_kind = command("transfers", "list", "--all", "--kind", "stock_return", "--json", *here).document["transfers"]
    assert [row["initiating_id"] for row in of_kind] == ["dropped-doc"]
    assert command("report", "transfers", "--store", "STH", "--json", *here).document["rows"]


def test_x6_b30_one_that_is_too_old_is_begun_by_a_decision(con: Connection, synced: Network, command: Command) -> None:
    a_transfer_in_every_state(con)
    con.close()
    here = ("-C", synced.folder)
    said = command("transfers", "begin", "waiting-0", "--reason", "it was found", *here)
    assert (said.code, "the next cycle begins the transfer of invoice waiting-0" in said.err) == (0, True)
    [file] = (synced.project.pulls / "decisions").glob("*.json")
    decision = json.loads(file.read_text())
    assert {name: decision[name] for name in ("kind", "site_code", "entry", "record_id", "reason")} == {
        "kind": "begin", "site_code": "north", "entry": None, "record_id": "waiting-0", "reason": "it was found"
    }  # fmt: skip
    again = command("transfers", "begin", "waiting-0", *here)
    assert (again.code, "decided already" in again.err) == (0, True)
    assert len(list((synced.project.pulls / "decisions").glob("*.json"))) == 1
    rows = command("transfers", "list", "--json", *here).document["transfers"]
    [row] = [row for row in rows if row["initiating_id"] == "waiting-0"]
    assert row["next"].startswith("the next cycle begins it, as ")


def test_b60_history_is_begun_by_a_decision_too(con: Connection, synced: Network, command: Command) -> None:
    begun(con, "stock_transfer", "long-ago-1", "NTH STH", None, waits="party_was_no_store")
    con.close()
    assert command("transfers", "begin", "long-ago", "-C", synced.folder).code == 0


def test_b30_a_part_of_an_id_is_enough_where_it_is_one_document_s(
    con: Connection, synced: Network, command: Command
) -> None:
    for record in ("3f0c9a1e-1", "3f0c9a1f-2", "3f0c9a1f-3"):
        hold(con, "invoice", invoice(record, "NTH", "customer_invoice", "finalised", 1))
        begun(con, "stock_transfer", record, "NTH STH", None, waits="too_old_to_begin")
    con.close()
    here = ("-C", synced.folder)
    for asked, expected in {
        "3f0c9a1": "8 characters or more",
        "3f0c9a1f": "may be 2 documents: invoice 3f0c9a1f-2, invoice 3f0c9a1f-3",
        "00000000": "no transfer was begun by a document `00000000`",
    }.items():
        said = command("transfers", "begin", asked, *here)
        assert (said.code, expected in said.err) == (2, True), said.err
    assert command("transfers", "begin", "3f0c9a1e", *here).code == 0
    [file] = (synced.project.pulls / "decisions").glob("*.json")
    assert json.loads(file.read_text())["record_id"] == "3f0c9a1e-1"


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (
            "waiting-1",
            "it is waiting, store_disabled; only those that wait as `party_was_no_store`, `too_old_to_begin` or `half",
        ),
        ("arrived-doc", "it is arrived; only"),
        ("dropped-doc", "it is dropped; only"),
    ],
)
def test_b30_nothing_else_is_begun_by_hand(
    con: Connection, synced: Network, command: Command, record: str, expected: str
) -> None:
    a_transfer_in_every_state(con)
    con.close()
    said = command("transfers", "begin", record, "-C", synced.folder)
    assert (said.code, expected in said.err) == (2, True), said.err
    assert not (synced.project.pulls / "decisions").exists()


def test_bad_input_says_what_is_allowed(network: Network, command: Command) -> None:
    here = ("-C", network.folder)
    assert "no store with the code `X`" in command("transfers", "list", "--store", "X", *here).err
    assert "stock_transfer" in command("transfers", "list", "--kind", "gift", *here).err
    assert command("transfers", "list", "--kind", "gift", *here).code == 2
    assert "0 transfers under way" in command("transfers", "list", *here).out


def test_the_decision_outlives_a_cycle(con: Connection, synced: Network, command: Command) -> None:
    """The cycle's file carries it, so that a replay knows it (B8)."""
    hold(con, "invoice", invoice("too-old-1", "NTH", "customer_invoice", "finalised", 1))
    begun(con, "stock_transfer", "too-old-1", "NTH STH", None, waits="too_old_to_begin", begun_at=None)
    con.close()
    assert command("transfers", "begin", "too-old-1", "-C", synced.folder).code == 0
    run_cycle(synced.project, now=NOW + timedelta(hours=1))
    [file] = sorted((synced.project.pulls / "cycles").glob("*.json"))[-1:]
    assert json.loads(file.read_text())["decisions"][0]["record_id"] == "too-old-1"
    assert synced.warehouse("select kind, site_code, entry from ledger.decision") == [("begin", "north", None)]


def test_o7_either_half_a_line_and_the_log_tell_the_story(con: Connection, synced: Network, command: Command) -> None:
    a_transfer_in_every_state(con)
    hold(con, "invoice_line", {"id": "line", "invoice_id": "arrived-doc", "item_id": "amoxicillin"})
    hold(con, "transfer_log", {"id": "log", "store_id": "STH", "invoice_id": "arrived-doc", "logged_at": BEGUN,
                               "message": "invoice arrived; here it is supplier invoice 12"})  # fmt: skip
    con.close()

    def told(*words: str) -> Any:
        return command("explain", *words, "--json", "-C", synced.folder).document["transfer"]

    story = told("invoice", "arrived-doc")
    for table, record in (("invoice", "arrived-doc-in"), ("invoice_line", "line"), ("transfer_log", "log")):
        assert told(table, record) == story
    assert (story["kind"], story["state"], story["rule"]) == ("stock_transfer", "arrived", "X2")
    assert (story["made_by"], story["cycle"], story["days_under_way"]) == ("central", 2, 4)
    first, second = story["initiating"], story["responding"]
    assert (first["record_id"], first["number"], first["status"], first["store"], first["active_on"]) == (
        "arrived-doc", 5, "finalised", "NTH", "north",
    )  # fmt: skip
    assert (second["called"], second["number"], second["store"], second["active_on"]) == (
        "supplier invoice", 12, "STH", "south",
    )  # fmt: skip
    assert first["sites"] == second["sites"] == ["north", "south"]
    assert [(one["store"], one["message"]) for one in story["log"]] == [
        ("STH", "invoice arrived; here it is supplier invoice 12")
    ]
    assert story["next"] == "STH takes it off hold and finalises it"
    shown = command("explain", "invoice", "arrived-doc-in", "-C", synced.folder).out
    for words in ("Transfer: stock transfer from NTH to STH", "begins when a customer invoice to a store is finalised",
                  "X2: a stock transfer", "by central at", "in cycle 2", "in STH at", "STH takes it off hold",
                  "north, south", "4 days ago"):  # fmt: skip
        assert words in shown
    assert told("item", "amoxicillin") is None
    assert "Transfer" not in command("explain", "item", "amoxicillin", "-C", synced.folder).out
    assert told("invoice", "nothing") is None
    assert told("invoice_line", "nothing") is None


@pytest.mark.long
def test_o7_x6_x1_a_transfer_that_waits_says_why(con: Connection, synced: Network, command: Command) -> None:
    a_transfer_in_every_state(con)
    con.close()
    for number, (code, wait) in enumerate(WAITS.items()):
        rule, words = wait.rule, wait.explanation
        said = command("explain", "invoice", f"waiting-{number}", "--json", "-C", synced.folder).document["transfer"]
        assert said["waits"] == {"code": code, "rule": rule, "words": words}
        assert said["responding"]["record_id"] is None
        assert said["rule"] == ("X1" if code == "at_its_site" else "X2")
        assert code in command("explain", "invoice", f"waiting-{number}", "-C", synced.folder).out
        about = command("explain", code, "--json").document
        assert (about["rule"], about["of_transfers"], bool(about["rule_says"])) == (rule, words, True)
        assert words in command("explain", code).out


@pytest.mark.long
def test_o7_x1_a_local_transfer_is_told_as_its_site_s(con: Connection, synced: Network, command: Command) -> None:
    hold(con, "invoice", invoice("local", "NTH", "customer_invoice", "finalised", 1),
         invoice("local-in", "NTH", "supplier_invoice", "new", 2))  # fmt: skip
    begun(con, "stock_transfer", "local", "NTH NTH", "local-in", made_by="site", made_cycle=None, made_at=None)
    hold(con, "invoice", invoice("linked", "NTH", "customer_invoice", "finalised", 3),
         invoice("linked-in", "STH", "supplier_invoice", "new", None))  # fmt: skip
    begun(con, "stock_transfer", "linked", "NTH STH", "linked-in", made_by="site")
    con.close()
    said = command("explain", "invoice", "local", "--json", "-C", synced.folder).document["transfer"]
    assert (said["rule"], "are of one site" in said["because"]) == ("X1", True)
    assert "by the site" in command("explain", "invoice", "local", "-C", synced.folder).out
    said = command("explain", "invoice", "linked-in", "--json", "-C", synced.folder).document["transfer"]
    assert (said["rule"], "was there already" in said["because"]) == ("X2", True)


@pytest.mark.long
def test_o7_an_internal_order_tells_both_stages(con: Connection, synced: Network, command: Command) -> None:
    hold(con, "purchase_order", {"id": "order", "store_id": "STH", "status": "confirmed", "number": 3})
    hold(con, "invoice", invoice("supply", "NTH", "customer_invoice", "finalised", 8, purchase_order_id="order",
                                 finalised_at=BEGUN + timedelta(days=1)))  # fmt: skip
    hold(con, "goods_received", {"id": "goods", "store_id": "STH", "status": "finalised", "number": 2})
    hold(con, "invoice", invoice("bought", "STH", "supplier_invoice", "new", 9, goods_received_id="goods"))
    begun(con, "internal_order", "order", "STH NTH", "supply")
    begun(con, "internal_order_goods", "supply", "NTH STH", "goods", begun_at=BEGUN + timedelta(days=1))
    con.close()

    def told(table: str, record: str) -> Any:
        return command("explain", table, record, "--json", "-C", synced.folder).document["transfer"]

    first = told("purchase_order", "order")
    assert first == told("invoice", "supply")
    assert (first["kind"], first["state"], first["next"]) == ("internal_order", "done", "nothing: NTH finalised it")
    assert [(one["relation"], one["kind"], one["state"], one["next"]) for one in first["related"]] == [
        ("second stage", "internal_order_goods", "arrived",
         "STH finalises the supplier invoice that it made of the goods received")
    ]  # fmt: skip
    second = told("goods_received", "goods")
    assert (second["kind"], second["initiating"]["record_id"]) == ("internal_order_goods", "supply")
    assert [(one["relation"], one["record_id"], one["state"]) for one in second["related"]] == [
        ("first stage", "order", "done")
    ]
    shown = command("explain", "purchase_order", "order", "-C", synced.folder).out
    assert "second stage" in shown
    assert "internal order goods 8 (invoice supply), arrived" in shown


def test_o7_a_requisition_tells_what_was_sent_for_it(con: Connection, synced: Network, command: Command) -> None:
    hold(con, "requisition", {"id": "asks", "store_id": "STH", "type": "request", "status": "finalised", "number": 1},
         {"id": "answers", "store_id": "NTH", "type": "response", "status": "new", "number": 2})  # fmt: skip
    hold(con, "requisition_line", {"id": "asked", "requisition_id": "answers", "item_id": "amoxicillin"})
    begun(con, "requisition", "asks", "STH NTH", "answers")
    for record in ("one", "two"):
        hold(con, "invoice", invoice(record, "NTH", "customer_invoice", "finalised", 4, requisition_id="answers"))
        begun(con, "stock_transfer", record, "NTH STH", f"{record}-in")
    con.close()
    said = command("explain", "requisition_line", "asked", "--json", "-C", synced.folder).document["transfer"]
    assert (said["initiating"]["called"], said["responding"]["called"]) == (
        "request requisition", "response requisition",
    )  # fmt: skip
    assert said["next"] == "NTH finalises the response requisition"
    assert [(one["relation"], one["record_id"], one["state"]) for one in said["related"]] == [
        ("sent for it", "one", "sent"), ("sent for it", "two", "sent"),
    ]  # fmt: skip
    [back] = command("explain", "invoice", "one", "--json", "-C", synced.folder).document["transfer"]["related"]
    assert (back["relation"], back["record_id"]) == ("sent for", "asks")


@pytest.fixture
def lived(network: Network) -> Network:
    """North had two finalised invoices to STH before its first contact, one of them long ago; central did its part."""
    for table in ("unit", "item", "name"):
        network.people_put("north", table, *CENTRAL_ROWS[table])
    for record, finalised_at in (("old-and-lost", "2026-01-05T09:00:00Z"), ("old-enough", "2026-11-01T09:00:00Z")):
        network.people_put("north", "invoice", real(record, finalised_at))
        network.people_put("north", "invoice_line", {"id": f"{record}-1", "invoice_id": record, "pack_size": 10,
                           "item_id": "amoxicillin", "packs": 3, "sell_price_per_pack": 2})  # fmt: skip
    run_cycle(network.project, now=NOW)
    return network


def real(record: str, finalised_at: str) -> dict[str, Any]:
    return {"id": record, "store_id": "NTH", "other_name_id": "name-STH", "type": "customer_invoice",
            "status": "finalised", "number": 1, "finalised_at": finalised_at}  # fmt: skip


@pytest.mark.long
def test_x5_x6_a_real_cycle_s_transfers_are_listed_told_and_begun(lived: Network, command: Command) -> None:
    here = ("-C", lived.folder)

    def listed() -> dict[str, Any]:
        rows = command("transfers", "list", "--json", *here).document["transfers"]
        return {row["initiating_id"]: row for row in rows}

    before = listed()
    assert {name: (row["state"], row["waits"]) for name, row in before.items()} == {
        "old-and-lost": ("waiting", "too_old_to_begin"),
        "old-enough": ("sent", None),
    }
    made = before["old-enough"]["responding_id"]
    for record in ("old-enough", made):
        told = command("explain", "invoice", record, "--json", *here).document["transfer"]
        assert (told["state"], told["made_by"], told["cycle"], told["rule"]) == ("sent", "central", 1, "X2")
        assert told["initiating"]["sites"] == told["responding"]["sites"] == ["north", "south"]
        assert told["next"] == "waits until south is pulled: its number comes back then"
    assert lived.rows("south", "invoice", "id", f"id = '{made}'") == [(made,)]
    [stock] = command("report", "stock_on_hand", "--store", "STH", "--json", *here).document["rows"]
    assert (stock["item_code"], stock["soh_units"], stock["in_transit_units"]) == (
        "AMOX",
        "0",
        "30",
    )  # not the one that did not begin
    assert command("transfers", "begin", "old-and-lost", *here).code == 0
    run_cycle(lived.project, now=NOW + timedelta(minutes=1))
    begun_now = listed()["old-and-lost"]
    assert (begun_now["state"], begun_now["made_by"], begun_now["made_cycle"]) == ("sent", "central", 2)
    assert "it is sent; only" in command("transfers", "begin", "old-and-lost", *here).err


@pytest.mark.long
def test_o7_w3_a_real_transfer_is_told_to_its_end(lived: Network, command: Command) -> None:
    here = ("-C", lived.folder)
    run_cycle(lived.project, now=NOW + timedelta(minutes=1))
    told = command("explain", "invoice", "old-enough", "--json", *here).document["transfer"]
    made, number = told["responding"]["record_id"], told["responding"]["number"]
    assert (told["state"], number, told["next"]) == ("arrived", 1, "STH takes it off hold and finalises it")
    assert [(one["store"], one["message"]) for one in told["log"]] == [
        ("STH", "invoice arrived; here it is supplier invoice 1")
    ]
    [(message,)] = lived.rows("south", "transfer_log", "id")
    [(line,)] = lived.rows("south", "invoice_line", "id", f"invoice_id = '{made}'")
    for table, record in (("transfer_log", message), ("invoice_line", line)):
        assert command("explain", table, record, "--json", *here).document["transfer"] == told
    lived.people_run("south", f"update invoice set on_hold = false, status = 'finalised', "
                     f"finalised_at = '2026-11-24T10:00:00Z' where id = '{made}'")  # fmt: skip
    run_cycle(lived.project, now=NOW + timedelta(minutes=2))
    [row] = [row for row in command("report", "transfers", "--json", *here).document["rows"] if not row["waits"]]
    assert (row["state"], row["days_under_way"], row["units"], row["value_amount"]) == ("done", 23, "30", "6")
    assert command("report", "stock_on_hand", "--store", "STH", "--json", *here).document["rows"] == []
    shown = command("transfers", "show", "old-enough", "--json", *here).document
    assert shown == command("explain", "invoice", made, "--json", *here).document["transfer"]
    assert "differs" not in command("transfers", "show", "old-enough", *here).out
    # a line that comes now reaches the other site, and is not in what that store received
    lived.people_put("north", "invoice_line", {"id": "late", "invoice_id": "old-enough", "item_id": "amoxicillin",
                                               "pack_size": 10, "packs": 7})  # fmt: skip
    run_cycle(lived.project, now=NOW + timedelta(minutes=3))
    assert (
        "100 units were sent, 30 are in the supplier invoice" in command("transfers", "show", "old-enough", *here).out
    )


def test_s1_a_document_that_names_a_responding_half_of_nobody_is_told_so(
    con: Connection, synced: Network, command: Command
) -> None:
    hold(con, "invoice", invoice("forged", "NTH", "customer_invoice", "finalised", 1),
         invoice("own", "NTH", "supplier_invoice", "finalised", 2))  # fmt: skip
    begun(con, "stock_transfer", "forged", "NTH STH", None, waits="half_missing")
    con.close()
    [row] = command("transfers", "list", "--json", "-C", synced.folder).document["transfers"]
    assert (row["state"], row["next"]) == (
        "waiting",
        "names a supplier invoice that central does not have; begins when that comes, or by hand: "
        "`supplysync transfers begin forged`",
    )
    assert command("transfers", "begin", "forged", "-C", synced.folder).code == 0


def test_x4_an_order_of_primary_s_is_local_where_primary_has_the_other_store(
    con: Connection, synced: Network, command: Command
) -> None:
    hold(con, "purchase_order", {"id": "order", "store_id": "NTH", "status": "confirmed", "is_centralised": True})
    hold(con, "invoice", invoice("supply", "CMS", "customer_invoice", "new", 8, purchase_order_id="order"))
    begun(con, "internal_order", "order", "NTH CMS", "supply", made_by="site")
    con.close()
    told = command("explain", "purchase_order", "order", "--json", "-C", synced.folder).document["transfer"]
    assert (told["rule"], told["next"]) == ("X1", "CMS picks what was ordered and finalises the customer invoice")
