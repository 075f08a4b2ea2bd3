"""What an operator asks of the network: its sites, what each store is where, what cycles did."""

from __future__ import annotations

from collections.abc import Callable

from tests.central.small_network import Network, stock_line
from tests.pipelines.conftest import Said, cycle

Command = Callable[..., Said]


def test_t4_each_store_is_shown_as_what_it_is_at_each_site(synced: Network, command: Command) -> None:
    """The table of section 2, of this network."""
    here = ("-C", synced.folder)
    found = {one["store"]: one for one in command("stores", "--json", *here).document["stores"]}
    assert {code: one["active_on"] for code, one in found.items()} == {"CMS": "central", "NTH": "north", "STH": "south"}
    assert found["NTH"]["instances"] == {"central": "collector", "north": "active", "south": "collector"}
    assert found["CMS"]["instances"] == {"central": "active", "north": "transfer", "south": "transfer"}
    shown = [line.split() for line in command("stores", "NTH", *here).out.splitlines()]
    assert shown[1:] == [
        ["store", "mode", "active", "on", "central", "north", "south"],
        ["NTH", "store", "north", "collector", "active", "collector"],
    ]
    wrong = command("stores", "XXX", *here)
    assert (wrong.code, "there is no store `XXX`; stores are CMS, NTH, STH" in wrong.err) == (2, True)


def test_t4_a_store_is_shown_as_it_is_and_not_as_the_file_wants_it(synced: Network, command: Command) -> None:
    file = synced.folder / "topology.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(
        text.replace('active_on = "north"\ncollector_on = ["south"]', 'active_on = "south"'), encoding="utf-8"
    )
    [store] = command("stores", "NTH", "--json", "-C", synced.folder).document["stores"]
    assert store["active_on"] == "north"


def test_sites_are_shown_with_their_stores_and_when_they_are_due(synced: Network, command: Command) -> None:
    here = ("-C", synced.folder)
    file = synced.folder / "topology.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('code = "north"', 'code = "north"\nenabled = false'), encoding="utf-8")
    found = {one["code"]: one for one in command("sites", "--json", *here).document["sites"]}
    assert (found["south"]["active"], found["south"]["collector"]) == (["STH"], ["NTH"])
    assert found["south"]["next_due_at"] is not None
    assert found["north"]["next_due_at"] is None
    assert "paused" in command("sites", "north", *here).out
    assert command("sites", "nowhere", *here).code == 2
    due = {one["site_code"]: one["next_due_at"] for one in command("status", "--json", *here).document["sites"]}
    assert due["south"] == found["south"]["next_due_at"]
    assert due["north"] is None


def test_cycles_are_listed_and_shown_with_what_they_held_back(synced: Network, command: Command) -> None:
    here = ("-C", synced.folder)
    synced.people_put("north", "stock_line", stock_line(1, "NTH"))
    synced.people_put("north", "item", {"id": "amoxicillin", "name": "mine"}, {"id": "own", "name": "mine"})
    cycle(synced)
    (synced.folder / "north.sqlite").rename(synced.folder / "north.away")
    cycle(synced)
    last, middle, first = command("cycles", "list", "--json", *here).document["cycles"]
    assert [one["cycle"] for one in (last, middle, first)] == [3, 2, 1]
    assert (last["sites"], last["not_reached"], last["pulled"]) == (3, 1, 0)
    assert (middle["pulled"], middle["admitted"], middle["rejected"], middle["waiting"]) == (3, 1, 2, 0)
    assert len(command("cycles", "list", "--last", 1, "--json", *here).document["cycles"]) == 1
    shown = command("cycles", "show", 2, "--json", *here).document
    assert [(one["site_code"], one["rejected"]) for one in shown["sites"]] == [
        ("central", 0),
        ("north", 2),
        ("south", 0),
    ]
    assert shown["held_back"] == [
        {"site_code": "north", "table_name": "item", "verdict": "rejected", "reason": "not_primary", "records": 2}
    ]
    assert "not_primary" in command("cycles", "show", 2, *here).out
    assert "held_back" not in command("cycles", "show", 3, *here).out
    wrong = command("cycles", "show", 9, *here)
    assert (wrong.code, "there is no cycle 9; there are 1 to 3" in wrong.err) == (2, True)
