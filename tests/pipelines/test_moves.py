"""B44, B47: `apply` and `moves`: what an operator sees of a store on its way, and may do about it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from dagster import DagsterInstance, DagsterRunStatus

from central.asker import asked_by
from tests.central.small_network import Network, stock_line
from tests.pipelines.conftest import Said, cycle
from tests.pipelines.next_commands import next_of
from tests.pipelines.test_plan import rewrite

Command = Callable[..., Said]
TO_SOUTH = ('active_on = "north"\ncollector_on = ["south"]', 'active_on = "south"')


def states(network: Network, command: Command) -> list[str]:
    listed = command("moves", "list", "--all", "--json", "-C", network.folder).document["moves"]
    return [one["state"] for one in listed]


@pytest.mark.long
def test_b44_a_move_from_the_plan_to_its_end(synced: Network, command: Command) -> None:
    here = ("-C", synced.folder)
    synced.people_put("north", "stock_line", stock_line(1, "NTH"))
    cycle(synced)
    rewrite(synced, TO_SOUTH)
    saved = synced.folder / "plan.json"
    assert command("plan", "-o", saved, *here).code == 0
    applied = command("apply", saved, "--yes", *here)
    assert (applied.code, "is applied." in applied.out, next_of(applied)) == (0, True, ["sync"])
    assert "`north` hands it over once it was pulled" in applied.err
    status = command("status", "--fail-on", "moving", *here)
    assert (status.code, "1 store is on the way to another site: `supplysync moves list`" in status.err) == (1, True)
    assert "note: NTH: north -> south, wanted: edited on north" in status.err
    assert "north -> south" in command("stores", "NTH", *here).out
    listed = command("moves", "list", *here)
    assert "wanted" in listed.out
    assert "the next pull of `north`" in listed.out
    assert len(max(listed.out.splitlines(), key=len)) <= 120
    assert command("sync", *here).code == 0
    page = synced.folder / "pages"
    assert command("dashboard", "--static", page, *here).code == 0
    assert "Stores on their way" in (page / "sync.html").read_text(encoding="utf-8")
    for _ in range(3):
        cycle(synced, is_published=True)
    assert states(synced, command) == ["done"]
    [row] = json.loads(command("report", "moves", "--format", "json", *here).out)["rows"]
    assert (row["store_code"], row["from_site_code"], row["to_site_code"]) == ("NTH", "north", "south")
    shown = command("moves", "show", 1, *here).out
    assert "store NTH from north to south" in shown
    assert [word for word in ("wanted", "cut", "filling", "activating", "done") if word in shown] == [
        "wanted", "cut", "filling", "activating", "done"
    ]  # fmt: skip
    stores = command("stores", "NTH", "--json", *here).document["stores"]
    assert [one["active_on"] for one in stores] == ["south"]
    versions = command("topology", "list", "--json", *here).document["versions"]
    assert versions[0]["version"] == json.loads(command("apply", "--yes", "--json", *here).out)["version"]


def test_b46_a_saved_plan_that_holds_no_longer_is_refused(synced: Network, command: Command) -> None:
    here = ("-C", synced.folder)
    rewrite(synced, ('collector_on = ["south"]', ""))
    saved = synced.folder / "plan.json"
    assert command("plan", "-o", saved, *here).code == 0
    rewrite(synced, ("[network]", "[options]\nrepeats_anywhere = true\n[network]"))
    refused = command("apply", saved, "--yes", *here)
    assert (refused.code, "topology.toml says something else now" in refused.err) == (4, True)
    saved.write_text("{}", encoding="utf-8")
    assert command("apply", saved, "--yes", *here).code == 4


def test_b44_apply_is_a_run_of_dagster_with_what_it_did(synced: Network, command: Command) -> None:
    rewrite(synced, ('collector_on = ["south"]', ""))
    assert command("apply", "--yes", "-C", synced.folder).code == 0
    with DagsterInstance.from_config(str(synced.folder / "dagster")) as instance:
        [run] = instance.get_runs(limit=1)
    assert (run.job_name, run.status) == ("apply", DagsterRunStatus.SUCCESS)
    assert run.tags["outcome"] == "applied: 2 changes"


@pytest.mark.long
def test_b47_a_move_is_called_off_or_sent_elsewhere(synced: Network, command: Command) -> None:
    here = ("-C", synced.folder)
    rewrite(synced, TO_SOUTH)
    assert command("apply", "--yes", *here).code == 0
    wrong = command("moves", "redirect", 1, "--to", "central", *here)
    assert (wrong.code, "call it off with `supplysync moves cancel 1`" in wrong.err) == (4, True)
    wrong = command("moves", "go-on", 1, "--reason", "x", *here)
    assert (wrong.code, "no record keeps move 1" in wrong.err) == (4, True)
    said = command("moves", "cancel", 1, "--reason", "a year later", *here)
    assert (said.code, 'write active_on = "north"' in said.err) == (0, True)
    assert states(synced, command) == ["cancelled"]
    [decided] = command("moves", "show", 1, "--json", *here).document["decided"]
    assert (decided["what"], decided["by"], decided["reason"]) == ("cancelled", asked_by(), "a year later")
    listed = command("topology", "list", *here).out
    assert "move 1 cancelled (a year later); and 2 more" in listed
    assert len(max(listed.splitlines(), key=len)) <= 100
    assert "topology.toml asks for what is not applied" in command("sync", *here).err
    assert synced.rows("north", "store_site", "sync_type", "store_id = 'NTH'") == [("active",)]
    assert command("moves", "cancel", 1, *here).code == 4
    assert "there is no move 7; there are: 1" in command("moves", "show", 7, *here).err

    assert command("apply", "--yes", *here).code == 0  # the file still asks for it
    rewrite(synced, ('active_on = "south"', 'active_on = "central"'))
    refused = command("apply", "--yes", *here)
    assert (refused.code, "call it off first with `supplysync moves cancel 2`" in refused.err) == (4, True)
    for _ in range(2):
        command("sync", *here)
    assert states(synced, command) == ["filling", "cancelled"]
    refused = command("apply", "--yes", *here)
    assert (refused.code, "`supplysync moves redirect 2 --to SITE` sends it elsewhere" in refused.err) == (4, True)
    wrong = command("moves", "cancel", 2, *here)
    assert (wrong.code, "it was handed over" in wrong.err) == (4, True)
    said = command("moves", "redirect", 2, "--to", "central", *here)
    assert (said.code, 'write active_on = "central"' in said.err) == (0, True)
    for _ in range(4):
        command("sync", *here)
    assert states(synced, command) == ["done", "cancelled"]
    assert synced.rows("central", "store_site", "sync_type", "store_id = 'NTH'") == [("active",)]
    assert synced.rows("south", "store_site", "sync_type", "store_id = 'NTH'") != [("active",)]
