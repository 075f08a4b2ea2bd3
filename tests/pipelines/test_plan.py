"""B46, T9: `plan` and `topology`: what would change and what it would move, before anything is done."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from tests.central.small_network import Network, stock_line
from tests.pipelines.conftest import Said, cycle

Command = Callable[..., Said]


def rewrite(network: Network, *changes: tuple[str, str], more: str = "") -> None:
    """Somebody edits topology.toml."""
    file = network.folder / "topology.toml"
    text = file.read_text(encoding="utf-8")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    file.write_text(text + more, encoding="utf-8")


def test_b46_what_would_change_is_counted_by_site_and_table(synced: Network, command: Command) -> None:
    here = ("-C", synced.folder)
    synced.people_put("north", "stock_line", *(stock_line(number, "NTH") for number in range(3)))
    cycle(synced)
    said = command("plan", *here)
    assert (said.code, "topology.toml is as applied: version " in said.out) == (0, True)

    rewrite(synced, ('collector_on = ["south"]', ""), ('code = "north"', 'code = "north"\nschedule = "0 6 * * *"'))
    out = synced.folder / "plan.json"
    planned = command("plan", "-o", out, "--json", *here)
    assert planned.code == 0
    assert json.loads(out.read_text(encoding="utf-8"))["differences"] == planned.document["differences"]
    changes = [(one["subject"], one["key"], one["needs_apply"]) for one in planned.document["differences"]]
    assert changes == [("site `north`", "schedule", False), ("store `NTH`", "collector_on", True)]
    counted = [(one["site"], one["table_name"], one["gains"], one["loses"]) for one in planned.document["consequences"]]
    assert ("south", "stock_line", 0, 3) in counted
    assert {site for site, *_ in counted} == {"south"}
    shown = command("plan", *here)
    assert "store `NTH` collector_on changed south none" in " ".join(shown.out.split())
    assert "`supplysync apply` does this" in shown.err
    assert len(max(shown.out.splitlines(), key=len)) <= 100
    assert len(synced.rows("south", "stock_line", "id")) == 3  # nothing was done

    cycle(synced)
    assert synced.rows("south", "stock_line", "id") == []
    assert "Nothing would change." in command("plan", *here).out


def test_b46_what_keeps_it_from_being_done_and_what_has_no_effect_is_said(synced: Network, command: Command) -> None:
    here = ("-C", synced.folder)
    east = '\n[[site]]\nid = 4\ncode = "east"\ndatabase = "sqlite:///east.sqlite"\n'
    rewrite(synced, ('collector_on = ["south"]', 'collector_on = ["south", "east"]'), more=east)
    planned = command("plan", "--json", *here).document
    silent, effectless = planned["notes"]
    assert silent.startswith("site `east`: no file `east.sqlite`")  # what is not there yet is no obstacle
    assert "supplysync schema create east" in silent
    assert effectless == (
        "a collector on `east` is asked for, but store `NTH` is visible to no store there: nothing is sent (T4)"
    )
    assert ("east", "item", 2) in [(one["site"], one["table_name"], one["gains"]) for one in planned["consequences"]]
    assert command("schema", "create", "east", *here).code == 0
    lacking = command("plan", *here)
    assert (lacking.code, "supplysync capture install east" in lacking.err) == (4, True)
    assert command("capture", "install", "east", *here).code == 0
    assert command("plan", "--json", *here).document["unmet"] == []


def test_b46_a_plan_that_cannot_be_applied_says_so_to_whoever_asks(synced: Network, command: Command) -> None:
    """By its exit code, and a file with mistakes by a document too."""
    here = ("-C", synced.folder)
    before = (synced.folder / "topology.toml").read_text(encoding="utf-8")
    gone = before.replace('active_on = "south"', 'active_on = "central"').replace('code = "south"', 'code = "souths"')
    (synced.folder / "topology.toml").write_text(gone.replace('["south"]', '["north"]'), encoding="utf-8")
    broken = command("plan", "--json", *here)
    assert broken.code == 2
    assert all(one.startswith("topology.toml, line ") for one in broken.document["mistakes"])


@pytest.mark.long
def test_b46_a_move_is_counted(synced: Network, command: Command) -> None:
    here = ("-C", synced.folder)
    synced.people_put("north", "stock_line", stock_line(1, "NTH"), stock_line(2, "NTH"))
    cycle(synced)
    rewrite(synced, ('active_on = "north"\ncollector_on = ["south"]', 'active_on = "south"'))
    planned = command("plan", "--json", *here).document
    [moved] = [one for one in planned["differences"] if one["what"] == "moved"]
    assert (moved["subject"], moved["before"], moved["after"]) == ("store `NTH`", "north", "south")
    assert [(one["table"], one["records"]) for one in planned["handovers"]] == [("stock_line", 2)]
    assert ("north", "stock_line", 0, 2) in [
        (one["site"], one["table_name"], one["gains"], one["loses"]) for one in planned["consequences"]
    ]
    shown = command("plan", *here)
    assert "store `NTH`: `north` hands it over once it was pulled" in shown.err
    assert "Edited elsewhere from then on" in shown.out
    assert "paused" not in shown.err
    command("pause", "north", *here)
    said = "`north` is paused: nothing is handed over until `supplysync resume north`"
    assert said in " ".join(command("plan", *here).err.split())


def test_b46_before_the_first_cycle_there_is_nothing_to_compare_with(network: Network, command: Command) -> None:
    (network.folder / "north.sqlite").rename(network.folder / "north.away")
    planned = command("plan", "-C", network.folder)
    assert "or the first `supplysync sync`, applies topology.toml" in " ".join(planned.out.split())
    assert "note: site `north`: no file" in planned.err
    assert "none yet, no cycle has run" in command("topology", "show", 1, "-C", network.folder).err


def test_t9_versions_are_listed_shown_and_compared(synced: Network, command: Command) -> None:
    here = ("-C", synced.folder)
    cycle(synced)  # a copy has another address of its database, so this is a version
    before = synced.project.topology_text
    rewrite(synced, ('collector_on = ["south"]', ""))
    cycle(synced)
    versions = command("topology", "list", "--json", *here).document["versions"]
    assert [(one["version"], one["cycle"]) for one in versions] == [(3, 3), (2, 2), (1, 1)]
    assert versions[0]["what"] == ["store `NTH` collector_on changed: south -> none"]
    listed = command("topology", "list", *here).out
    assert "collector_on changed" in listed
    shown = command("topology", "show", 2, *here).out
    assert "\n".join(line for line in shown.splitlines() if not line.startswith("#")).strip() == before.strip()
    assert re.match(r"# Version 2, applied .* by nobody@nowhere, by a cycle, as it moves no record: cycle 2\n", shown)
    [difference] = command("topology", "diff", 2, 3, "--json", *here).document["differences"]
    assert (difference["subject"], difference["before"], difference["after"]) == ("store `NTH`", "south", "none")
    assert "store `NTH`" in command("topology", "diff", 3, 2, *here).out
    wrong = command("topology", "show", 7, *here)
    assert (wrong.code, "there are: 1, 2, 3" in wrong.err) == (2, True)
