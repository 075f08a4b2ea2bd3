"""`explain` and `rejected` as a user meets them: every policy, both engines (south is PostgreSQL), bad input."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from central.backup.replay import replay_cycles
from central.cycle.run import run_cycle
from sync_rules.codes import FAILURES, REASONS
from sync_rules.for_people import rules
from sync_rules.table.rules import PARTS
from tests.central.copies import Copies
from tests.central.small_network import NOW, Network, stock_line
from tests.pipelines.conftest import Said
from tests.pipelines.next_commands import next_of
from warehouse.connection import open_warehouse

ROOT = Path(__file__).parents[2]
Command = Callable[..., Said]

# rows of a policy each: (site, table, row)
ROWS: list[tuple[str, str, dict[str, Any]]] = [
    ("central", "abbreviation", {"id": "abb", "code": "od", "expansion": "once a day"}),
    ("central", "authoriser", {"id": "auth", "name": "Ana"}),
    ("south", "location", {"id": "shelf", "store_id": "STH"}),
    ("north", "stock_line", {"id": "sl", "store_id": "NTH", "item_id": "amoxicillin"}),
    ("north", "invoice", {"id": "inv", "store_id": "NTH"}),
    ("north", "invoice_line", {"id": "line", "invoice_id": "inv", "item_id": "amoxicillin"}),
    ("central", "purchase_order", {"id": "po", "store_id": "NTH", "is_centralised": True}),
    ("south", "purchase_order", {"id": "own", "store_id": "STH"}),
    ("south", "patient", {"id": "ana", "home_store_id": "STH"}),
    ("south", "prescriber", {"id": "doc", "home_store_id": "STH"}),
    ("south", "patient_store_join", {"id": "ana-STH", "patient_id": "ana", "store_id": "STH"}),
    ("south", "repeat", {"id": "rep", "patient_id": "ana", "item_id": "amoxicillin"}),
    ("south", "prescription", {"id": "rx", "store_id": "STH", "patient_id": "ana"}),
    ("central", "store_preference", {"id": "STH", "amc_months": 3}),
    ("north", "message", {"id": "msg", "from_store_id": "NTH", "to_store_id": "STH", "subject": "hello"}),
    ("south", "user_account", {"id": "user", "name": "ana"}),
    ("central", "preference", {"id": "near", "key": "near_expiry_days", "value": "90"}),
]
EXPECTED = {  # table, id: the sites it belongs to, those that may edit it
    ("item", "amoxicillin"): ("central north south", "central"),
    ("abbreviation", "abb"): ("central south", "central"),
    ("authoriser", "auth"): ("central north south", "central"),
    ("name_store_join", "STH-sees-NTH"): ("central south", "central"),
    ("store", "NTH"): ("central north south", "central"),
    ("store_preference", "STH"): ("central south", "central"),
    ("site", "2"): ("north", ""),
    ("location", "shelf"): ("south", "south"),
    ("stock_line", "sl"): ("north south", "north"),
    ("invoice", "inv"): ("north south", "north"),
    ("invoice_line", "line"): ("north south", "north"),
    ("purchase_order", "po"): ("central north south", "central"),
    ("purchase_order", "own"): ("south", "south"),
    ("patient", "ana"): ("central south", "south"),
    ("prescriber", "doc"): ("central south", "south"),
    ("patient_store_join", "ana-STH"): ("central south", "central"),
    ("repeat", "rep"): ("central south", "south"),
    ("prescription", "rx"): ("south", "south"),
    ("message", "msg"): ("north south", ""),
    ("user_account", "user"): ("south", ""),
    ("preference", "near"): ("central north south", "central"),
}


@pytest.fixture
def lived(copies: Copies, tmp_path: Path, make_small_network: Callable[[Path, str], Network]) -> Iterator[Network]:
    """The small network with a row of every policy; STH is a dispensary."""

    def make(folder: Path, url: str) -> Network:
        network = make_small_network(folder, url)
        clock = (NOW + timedelta(minutes=number) for number in count())
        network.people_put("central", "store", {"id": "STH", "mode": "dispensary"})
        run_cycle(network.project, now=next(clock))
        for site, table, row in ROWS:
            network.people_put(site, table, row)
        for _ in range(2):
            run_cycle(network.project, now=next(clock))
        return network

    with copies.of("lived", make, tmp_path / "network") as network:
        yield network


@pytest.mark.long
def test_o7_every_policy_is_explained(lived: Network, command: Command) -> None:
    policies: dict[str, tuple[str, str, str]] = {}
    for (table, record_id), (belongs, may_edit) in EXPECTED.items():
        found = command("explain", table, record_id, "--json", "-C", lived.folder).document
        sites = {one["site"]: one for one in found["sites"]}
        assert {site for site, one in sites.items() if one["belongs"]} == set(belongs.split()), table
        for site in belongs.split():
            assert lived.rows(site, table, "id", f"id = '{record_id}'"), (table, site)
        allowed = {site for site, one in sites.items() if one["may_edit"]["verdict"] == "admitted"}
        assert allowed == set(may_edit.split()), table
        assert all(one["because"] for one in sites.values()), table
        assert found["state"] == "held"
        assert found["entries"], table
        policies.setdefault(found["nature"]["policy"], (table, record_id, found["nature"]["data_type"]))
    for table, record_id, data_type in list(policies.values())[:3]:
        shown = command("explain", table, record_id, "-C", lived.folder)
        assert shown.code == 0
        assert data_type in shown.out
    assert policies.keys() == {rule.policy.name for rules in PARTS.values() for rule in rules.values()}


def test_o7_the_words_say_why(lived: Network, command: Command) -> None:
    def said(*words: str) -> str:
        return " ".join(command("explain", *words, "-C", lived.folder).out.split())  # however wide the window is

    stock = said("stock_line", "sl")
    assert "store NTH is collected here" in stock
    assert "central collects store NTH in the warehouse, not in its own database (B36)" in stock
    assert "no: not_owner" in stock
    assert "sent to south in its change set" in stock
    line, document = said("invoice_line", "line"), said("invoice", "inv")
    story = document.partition("What happened ")[2]
    assert story in line.partition("What happened to its document, invoice inv ")[2]  # it is judged and sent with it
    assert "its document" not in document
    told = command("explain", "invoice_line", "line", "--json", "-C", lived.folder).document["document"]
    assert (told["table"], told["record_id"], told["document"]) == ("invoice", "inv", None)
    patient = said("patient", "ana", "--site", "north")
    assert "patient ana is visible only in STH, none active or collected here; the home site is south" in patient
    assert "no: not_home_site" in patient
    assert "sent to central" not in patient
    unknown = command("explain", "stock_line", "nothing", "-C", lived.folder)
    assert (unknown.code, "central does not hold it" in unknown.out) == (1, True)
    assert "central was never sent such a record" in said("stock_line", "nothing")
    assert "never leaves its site" in said("label", "mine")


def test_o7_a_record_is_named_by_the_beginning_of_its_id_where_that_is_the_only_one(
    lived: Network, command: Command
) -> None:
    """Of what was refused too; an id that is one is meant, whatever else begins so."""
    here = ("-C", lived.folder)
    lived.people_put("north", "stock_line", *({**stock_line(7, "NTH"), "id": one} for one in ("7a-1", "7a-2", "7a")))
    lived.people_put("south", "item", {"id": "8b-1", "code": "B", "name": "B"})
    run_cycle(lived.project, now=NOW)
    assert command("explain", "stock_line", "7a-1", *here).out.startswith("stock_line 7a-1: central holds it")
    assert command("explain", "stock_line", "7a", *here).out.startswith("stock_line 7a: central holds it")
    assert command("explain", "item", "AMOX", *here).out.startswith("item amoxicillin: central holds it")  # its code
    several = command("explain", "stock_line", "7", *here)
    assert (several.code, "several records of `stock_line` begin with `7`: 7a, 7a-1, 7a-2" in several.err) == (2, True)
    refused = command("explain", "item", "8", *here)
    assert (refused.code, "item 8b-1: central does not hold it" in refused.out) == (0, True)


@pytest.mark.long
def test_o7_what_became_of_a_record_that_is_gone(lived: Network, command: Command) -> None:
    lived.people_run("south", "delete from location where id = 'shelf'")
    lived.people_put("central", "item", {"id": "amox", "code": "AM", "name": "Amox"})
    lived.people_run("north", "update item set name = 'Mine' where id = 'amoxicillin'")
    run_cycle(lived.project, now=NOW + timedelta(hours=1))
    lived.people_put("central", "item_merge", {"id": "m", "kept_id": "amoxicillin", "merged_id": "amox"})
    run_cycle(lived.project, now=NOW + timedelta(hours=2))
    gone = command("explain", "location", "shelf", "-C", lived.folder)
    assert "it was deleted" in gone.out
    assert "deleted by south" in gone.out
    merged = command("explain", "item", "amox", "--json", "-C", lived.folder).document
    assert merged["state"] == "merged_away"
    assert merged["merged_into"]["kept_id"] == "amoxicillin"
    assert merged["merged_into"]["made_by"] == "central"
    held = command("explain", "item", "amoxicillin", "--json", "-C", lived.folder).document["held_back"]
    assert [(one["site"], one["reason"], one["state"]) for one in held] == [("north", "not_primary", "open")]


def test_o7_a_file_that_changed_since_the_last_cycle_is_mentioned(lived: Network, command: Command) -> None:
    file = lived.folder / "topology.toml"
    file.write_text(file.read_text().replace("[network]", "[options]\nrepeats_anywhere = true\n[network]"))
    said = command("explain", "item", "amoxicillin", "-C", lived.folder)
    assert "topology.toml asks for what is not applied" in said.out
    assert "what is said here is as applied" in said.out


def test_o7_rules_and_reasons_need_no_project(command: Command, tmp_path: Path) -> None:
    for code, reason in REASONS.items():
        found = command("explain", code, "--json", "-C", tmp_path).document
        assert (found["verdict"], found["rule"]) == (reason.verdict, reason.rule)
        assert found["rule_says"]
    for code, failure in FAILURES.items():
        found = command("explain", code, "--json", "-C", tmp_path).document
        assert (found["verdict"], found["words"]) == ("failed", failure.explanation)
        assert code in command("explain", failure.rule, "-C", tmp_path).out
    for number in rules.WORDS:
        assert command("explain", number.lower(), "--json", "-C", tmp_path).document["says"]
    assert "not_home_site" in command("explain", "B33", "-C", tmp_path).out
    assert "patients, prescribers" in command("explain", "not_home_site", "-C", tmp_path).out


def test_the_page_of_rules_is_the_table(command: Command) -> None:
    """Change sync_rules/for_people/rules.py, then: supplysync explain rules --markdown > docs/rules.md"""
    page = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    assert rules.rules_page() == page
    assert command("explain", "rules", "--markdown").out == page


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["explain", "B99"], "did you mean `B9`? (`supplysync explain rules`"),
        (["explain", "nonsense"], "`nonsense` is no rule, reason code or table; those are T1, T2"),
        (["explain", "stock_on_hand"], "is a report: `supplysync report stock_on_hand`"),
        (["explain", "site_tables"], "`supplysync runbook site_tables` says what to do about it"),
        (["explain", "item"], "supplysync explain item ID"),
        (["explain", "itme", "x"], "or `item`?"),
        (["explain", "item", "x", "--site", "nowhere"], "no site `nowhere`"),
        (["rejected", "admit", "77", "--reason", "x"], "no rejected change 77"),
        (["rejected", "discard", "77", "--reason", "x"], "no rejected change 77"),
        (["rejected", "admit", "77"], "say why: --reason"),
        (["rejected", "discard", "--reason", "x"], "name changes by their ids"),
        (["rejected", "discard", "7", "--table", "item", "--reason", "x"], "name changes by their ids"),
        (["rejected", "discard", "--table", "item", "--reason", "x"], "no change is listed so"),
        (["rejected", "discard", "--table", "itm", "--reason", "x"], "there is no table `itm`; did you mean `item`?"),
        (["rejected", "list", "--older-than", "7"], "is not a span"),
        (["rejected", "list", "--site", "nowhere"], "no site `nowhere`"),
    ],
)
def test_bad_input_says_what_is_allowed(network: Network, command: Command, words: list[str], expected: str) -> None:
    said = command(*words, "-C", network.folder)
    assert said.code == 2
    assert expected in said.err


@pytest.mark.long
def test_a2_discarding_and_admitting_by_command(network: Network, command: Command) -> None:
    here = ("-C", network.folder)
    run_cycle(network.project, now=NOW)
    unknown = command("explain", "item", "amxo", *here)
    assert (unknown.code, "`amxo`; did you mean `AMOX`?" in unknown.err) == (1, True)
    assert next_of(unknown) == ["explain item AMOX"]
    network.people_put("south", "item", {"id": "mine", "code": "MINE", "name": "Mine"})
    network.people_put("south", "stock_line", {"id": "sl", "store_id": "STH", "item_id": "mine"})
    network.people_run("north", "update item set name = 'Mine' where id = 'amoxicillin'")
    run_cycle(network.project, now=NOW - timedelta(days=10))
    listed = command("rejected", "list", "--waiting", "--json", *here).document["rejected"]
    ids = {(row["site_code"], row["table_name"]): row["id"] for row in listed}
    insert, update, waits = ids["south", "item"], ids["north", "item"], ids["south", "stock_line"]
    assert {row["id"]: row["waits_for"] for row in listed} == {
        insert: None, update: None, waits: f"item mine (held back itself: {insert})"
    }  # fmt: skip
    assert "1 more wait" in command("rejected", "list", *here).err
    assert "waits for" in command("rejected", "list", "--waiting", *here).out
    assert command("rejected", "list", "--older-than", "4000 weeks", "--json", *here).document == {"rejected": []}

    assert "each cycle anyway" in command("rejected", "admit", waits, "--reason", "x", *here).err
    refused = command("rejected", "discard", update, "--remove-at-site", "--reason", "x", *here)
    assert (refused.code, "put right already" in refused.err) == (2, True)
    asked = command("rejected", "admit", update, "--reason", "try", *here)
    assert (asked.code, "by the rules as they are then" in asked.err) == (0, True)
    assert "decided already" in command("rejected", "admit", update, "--reason", "try", *here).err
    assert "in the next cycle" in command("rejected", "show", update, *here).out
    gone = command("rejected", "discard", insert, "--remove-at-site", "--reason", "a slip", *here)
    assert (gone.code, "is removed there" in gone.err) == (0, True)
    assert "is discarded by the next cycle" in command("rejected", "admit", insert, "--reason", "x", *here).err
    assert command("rejected", "discard", waits, "--remove-at-site", "--reason", "a slip", *here).code == 0
    for number in range(2):
        run_cycle(network.project, now=NOW + timedelta(minutes=number))
    assert network.rows("south", "item", "id", "id = 'mine'") == []
    assert [row["id"] for row in command("rejected", "list", "--json", *here).document["rejected"]] == [update]
    shown = command("rejected", "show", insert, *here).out
    assert "a slip" in shown
    assert "discarded" in shown
    assert "is dealt with" in command("rejected", "discard", insert, "--reason", "x", *here).err
    assert command("rejected", "show", update, "--json", *here).document["decisions"][0]["reason"] == "try"


def test_a2_many_changes_are_decided_about_at_once_and_shown_before(network: Network, command: Command) -> None:
    """By reason, site or table; those that are decided about already are not decided about twice."""
    here = ("-C", network.folder)
    run_cycle(network.project, now=NOW)
    for site in ("north", "south"):
        network.people_put(site, "item", *({"id": f"{site}-{n}", "code": f"{site}{n}", "name": "Mine"} for n in (1, 2)))
    network.people_run("north", "update item set name = 'Mine' where id = 'amoxicillin'")
    run_cycle(network.project, now=NOW)
    listed = command("rejected", "list", "--json", *here).document["rejected"]
    ids = {row["record_id"]: row["id"] for row in listed}
    seen = command("rejected", "discard", "--because", "not_primary", "--site", "north", "--dry-run", *here)
    assert [record for record in ids if record in seen.out] == ["amoxicillin", "north-1", "north-2"]
    assert {row["decided"] for row in command("rejected", "list", "--json", *here).document["rejected"]} == {None}

    assert command("rejected", "discard", ids["amoxicillin"], "--reason", "a slip", *here).code == 0
    refused = command("rejected", "discard", "--table", "item", "--remove-at-site", "--reason", "all", *here)
    assert (refused.code, "central holds item amoxicillin: " in refused.err) == (2, True)
    asked = command("rejected", "discard", "--site", "north", "--reason", "the list of 2019", *here)
    assert "of these, 1: decided already" in asked.err
    assert "the next cycle discards 2 changes (north: 2); the sites keep their rows" in asked.err
    asked = command("rejected", "admit", ids["south-1"], ids["south-2"], "--reason", "again", *here)
    assert "judges 2 changes (south: 2) again" in asked.err
    decided = {
        row["record_id"]: row["decided"] for row in command("rejected", "list", "--json", *here).document["rejected"]
    }
    assert decided == {**dict.fromkeys(("amoxicillin", "north-1", "north-2"), "discards it"),
                       **dict.fromkeys(("south-1", "south-2"), "judges it again")}  # fmt: skip

    run_cycle(network.project, now=NOW)
    listed = command("rejected", "list", "--json", *here).document["rejected"]
    assert [row["record_id"] for row in listed] == ["south-1", "south-2"]
    [shown] = command("rejected", "show", ids["north-2"], "--json", *here).document["decisions"]
    assert (shown["kind"], shown["reason"]) == ("discard", "the list of 2019")
    assert replay_cycles(network.project, until=None, out=None, place=None).differing == []


def test_a_reason_of_an_older_version_can_be_shown(synced: Network, command: Command) -> None:
    synced.people_run("north", "update item set name = 'Mine' where id = 'amoxicillin'")
    run_cycle(synced.project, now=NOW)
    with open_warehouse(synced.project.warehouse, synced.project.schema) as con:
        con.execute("update ledger.quarantine set reason = 'undecided'")
    assert "another version" in command("rejected", "show", 1, "-C", synced.folder).out
    assert command("rejected", "list", "-C", synced.folder).code == 0
    assert "undecided" in command("explain", "item", "amoxicillin", "-C", synced.folder).out
