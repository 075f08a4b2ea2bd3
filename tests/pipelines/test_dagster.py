"""A cycle as a Dagster run: what is recorded, what fails, what can be run again (decisions B12, 14)."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from assets.partitions import sites
from central.lock import end_turn
from central.working_warehouse import published_cycle
from dashboard.pages.runbooks import page_names
from pipelines.definitions import build_definitions
from pipelines.jobs import STAGES
from pipelines.run_history import dagster_home
from sites.engines.connection import open_site
from sync_rules.for_people.runbooks import CHECKS, to_read
from tests.central.small_network import Network, stock_line
from tests.pipelines.conftest import Said, cycle

ROOT = Path(__file__).parents[2]
Command = Callable[..., Said]
CHANGES = dg.AssetKey("site_changes")


def instance_of(network: Network) -> dg.DagsterInstance:
    os.environ["DAGSTER_HOME"] = str(dagster_home(network.folder))
    return dg.DagsterInstance.get()


def partition_states(network: Network, asset: dg.AssetKey = CHANGES) -> dict[str, str]:
    """The state of each site's partition, as Dagster's pages show it."""
    with instance_of(network) as instance:
        found = instance.get_status_by_partition(asset, instance.get_dynamic_partitions("sites"), sites) or {}
    return {site: state.value for site, state in found.items() if state is not None}


def last_run(network: Network) -> dg.DagsterRun:
    with instance_of(network) as instance:
        return instance.get_runs(limit=1)[0]


def evaluations(network: Network) -> dict[str, dg.AssetCheckEvaluation]:
    """What the checks of the last run came to, by name."""
    with instance_of(network) as instance:
        logs = instance.all_logs(last_run(network).run_id, of_type={dg.DagsterEventType.ASSET_CHECK_EVALUATION})
    found = [entry.dagster_event.event_specific_data for entry in logs if entry.dagster_event]
    return {one.check_name: one for one in found if isinstance(one, dg.AssetCheckEvaluation)}


def numbers_of(one: dg.AssetCheckEvaluation) -> dict[str, Any]:
    return {name: value.value for name, value in one.metadata.items()}


def checks_of_last_run(network: Network) -> dict[str, bool]:
    return {name: one.passed for name, one in evaluations(network).items()}


def test_the_code_location_loads_from_anywhere(tmp_path: Path) -> None:
    found = subprocess.run(
        [sys.executable, "-m", "dagster", "definitions", "validate", "-w", str(ROOT / "workspace.yaml")],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ, "DAGSTER_HOME": str(tmp_path)},
    )  # fmt: skip
    assert found.returncode == 0, found.stdout + found.stderr
    assert "DeprecationWarning" not in found.stderr


def test_the_job_has_the_stages_in_their_order() -> None:
    graph = build_definitions("/nowhere").resolve_asset_graph()
    keys = [key.to_user_string() for key in graph.toposorted_asset_keys]
    stages = ["site_changes", "replicas", "change_sets", "deliveries", "published_snapshot", "sync_report", "retention"]
    assert [key for key in keys if key != "topology"] == stages
    assert keys.index("topology") < keys.index("replicas")


def test_sync_is_a_run_with_counts_and_one_partition_a_site(network: Network, command: Command) -> None:
    assert command("sync", "-C", network.folder).code == 0
    assert last_run(network).status == dg.DagsterRunStatus.SUCCESS
    with instance_of(network) as instance:
        [record] = instance.fetch_materializations(dg.AssetKey("replicas"), limit=1).records
    metadata = record.asset_materialization.metadata  # type: ignore[union-attr]
    admitted = metadata["admitted"].value
    assert isinstance(admitted, int)
    assert admitted > 0
    assert admitted == metadata["dagster/row_count"].value
    assert partition_states(network)["central"] == "MATERIALIZED"


@pytest.mark.long
def test_m6_how_far_a_stage_is_stands_in_the_log_of_the_run_and_on_stderr(network: Network, command: Command) -> None:
    said = command("sync", "-C", network.folder).err
    with instance_of(network) as instance:
        log = [entry.user_message for entry in instance.all_logs(last_run(network).run_id)]
    for expected in ("3 of 3 sites pulled; ", "3 of 3 sites delivered to; "):
        [line] = [line for line in log if line.startswith(expected)]
        assert line in said


def test_b12_a_site_that_cannot_be_reached_is_normal_and_visible(network: Network, command: Command) -> None:
    (network.folder / "north.sqlite").rename(network.folder / "north.away")
    said = command("sync", "-C", network.folder, "--json")
    assert said.code == 0
    assert {site["site_code"]: site["outcome"] for site in said.document["sites"]} == {
        "central": "ok",
        "north": "unreachable",
        "south": "ok",
    }
    assert last_run(network).status == dg.DagsterRunStatus.SUCCESS
    with instance_of(network) as instance:
        checks = instance.event_log_storage.get_asset_check_execution_history(
            dg.AssetCheckKey(dg.AssetKey("sync_report"), "every_due_site_was_reached"), limit=1
        )
    assert checks[0].event.dagster_event.event_specific_data.passed is False  # type: ignore[union-attr]
    assert last_run(network).tags["outcome"] == "never heard of: north; 2 ok"  # one word a state
    for words in (("check",), ("status",), ("cycles", "show", 1)):
        said = command(*words, "-C", network.folder)
        assert [line for line in said.out.splitlines() if line.startswith("north ") and " never heard of " in line]
        assert "unreachable" not in said.out + said.err


def test_a_failed_site_is_red_alone_everything_else_is_written_and_it_runs_again_alone(
    synced: Network, command: Command
) -> None:
    with open_site("sqlite:///north.sqlite", synced.folder) as db:
        [(uuid,)] = db.execute("select database_uuid from supplysync_identity")
        db.execute("update supplysync_identity set database_uuid = 'another'")
    synced.people_put("north", "stock_line", stock_line(1, "NTH"))
    synced.people_put("south", "stock_line", stock_line(1, "STH"))
    synced.people_run("central", "update item set name = 'Changed'")
    said = command("sync", "-C", synced.folder, "--json")
    assert said.code == 1
    assert last_run(synced).status == dg.DagsterRunStatus.FAILURE
    assert partition_states(synced) == {"central": "MATERIALIZED", "north": "FAILED", "south": "MATERIALIZED"}
    assert synced.warehouse("select id from replica.stock_line") == [("stock-STH-1",)]
    assert synced.rows("south", "item", "name") == [("Changed",), ("Changed",)]
    assert checks_of_last_run(synced) == dict.fromkeys(CHECKS, True)  # reported first, failed after

    assert command("sync", "north", "-C", synced.folder).code == 1
    with open_site("sqlite:///north.sqlite", synced.folder) as db:
        db.execute("update supplysync_identity set database_uuid = ?", (uuid,))
    assert command("sync", "north", "-C", synced.folder).code == 0
    assert last_run(synced).tags["dagster/partition"] == "north"
    assert partition_states(synced)["north"] == "MATERIALIZED"
    assert synced.rows("north", "item", "name") == [("Changed",), ("Changed",)]
    assert len(synced.warehouse("select id from replica.stock_line")) == 2


def test_the_schedule_asks_who_is_due(network: Network) -> None:
    """Sites that were never tried are due; then none is, until the year turns."""
    file = network.folder / "topology.toml"
    file.write_text(file.read_text().replace("database =", 'schedule = "0 0 1 1 *"\ndatabase ='))
    definitions = build_definitions(str(network.folder))
    schedule = definitions.resolve_schedule_def("sites_due")
    resources = definitions.resources or {}
    with instance_of(network) as instance, dg.build_schedule_context(instance=instance, resources=resources) as context:
        [request] = schedule.evaluate_tick(context).run_requests or []
    assert request.run_config["ops"]["site_changes"]["config"]["only"] == ["central", "north", "south"]
    cycle(network)
    with instance_of(network) as instance, dg.build_schedule_context(instance=instance, resources=resources) as context:
        tick = schedule.evaluate_tick(context)
    assert not tick.run_requests
    assert tick.skip_message == "no site is due"


def test_every_check_says_what_it_is_and_what_to_do() -> None:
    specs = build_definitions("/nowhere").resolve_asset_graph().asset_check_keys
    assert {key.name for key in specs} == set(CHECKS)
    for asset in STAGES:
        for spec in asset.check_specs:
            assert " Red: " in (spec.description or "")
            assert (spec.description or "").endswith(f"More: {to_read(CHECKS[spec.name])}")


def test_everything_in_the_pages_says_what_it_is_and_what_to_do_when_it_is_red() -> None:
    """Each with a page of the runbooks that is there."""
    definitions = build_definitions("/nowhere")
    graph = definitions.resolve_asset_graph()
    described: dict[str, str | None] = {
        key.to_user_string(): graph.get(key).description for key in graph.get_all_asset_keys()
    }
    described |= {one.name: one.description for one in (*(definitions.schedules or ()), *(definitions.sensors or ()))}
    described |= {one.name: one.description for one in definitions.jobs or ()}
    assert len(described) == 12
    for name, said in described.items():
        sentence, red, more = re.split(r" Red: | More: ", " ".join((said or "").split()))
        assert sentence.endswith("."), name
        assert red.endswith("."), name
        assert more.removeprefix("`supplysync runbook ").removesuffix("`") in page_names(), name


@pytest.mark.long
def test_a_cycle_of_one_site_by_command_is_one_and_shows_what_came(synced: Network, command: Command) -> None:
    synced.people_put("north", "stock_line", stock_line(1, "NTH"))
    [(before,)] = synced.warehouse("select max(cycle) from ledger.cycle")
    done = command("sync", "north", "--json", "-C", synced.folder)
    assert (done.code, done.document["cycle"]) == (0, before + 1)
    assert [(one["site_code"], one["pulled"]) for one in done.document["sites"]] == [("north", 1)]
    assert last_run(synced).tags["cycle"] == str(before + 1)
    assert synced.warehouse("select max(cycle) from ledger.cycle") == [(before + 1,)]


def materialise(network: Network, site: str, asset: str) -> dg.ExecuteInProcessResult:
    """What people begin in Dagster's pages: one asset, for one site."""
    definitions = build_definitions(str(network.folder))
    with instance_of(network) as instance:
        instance.add_dynamic_partitions("sites", ["central", "north", "south"])
        ended = definitions.resolve_job_def("__ASSET_JOB").execute_in_process(
            instance=instance, partition_key=site, asset_selection=[dg.AssetKey(asset)], raise_on_error=False
        )
    end_turn(network.folder)
    return ended


@pytest.mark.parametrize("asset", ["site_changes", pytest.param("deliveries", marks=pytest.mark.long)])
def test_one_asset_materialised_for_one_site_is_a_whole_cycle_of_it(synced: Network, asset: str) -> None:
    """What people begin in Dagster's pages: pulled, judged, delivered and published, in a cycle of its own."""
    synced.people_put("north", "stock_line", stock_line(1, "NTH"))
    synced.people_put("south", "stock_line", stock_line(1, "STH"))
    synced.people_run("central", "update item set name = 'Changed'")
    cycle(synced, "central")
    [(before,)] = synced.warehouse("select max(cycle) from ledger.cycle")
    assert materialise(synced, "north", asset).success
    assert synced.warehouse("select max(cycle) from ledger.cycle") == [(before + 1,)]
    assert synced.warehouse("select id from replica.stock_line") == [("stock-NTH-1",)]
    assert set(synced.rows("north", "item", "name")) == {("Changed",)}
    assert published_cycle(synced.project) == before + 1
    for one in ("site_changes", "deliveries"):
        assert partition_states(synced, dg.AssetKey(one)) == {"north": "MATERIALIZED"}
    tags = last_run(synced).tags
    assert tags["cycle"] == str(before + 1)
    assert (tags["sites"], tags["outcome"]) == ("north", "1 ok")


@pytest.mark.long
def test_one_asset_of_a_site_that_fails_is_red_and_says_why(synced: Network) -> None:
    synced.people_run("north", "update supplysync_identity set database_uuid = 'another'")
    assert not materialise(synced, "north", "site_changes").success
    assert partition_states(synced) == {"north": "FAILED"}
    assert last_run(synced).tags["outcome"] == "failed"


@pytest.mark.long
def test_b12_one_asset_of_a_site_that_is_away_or_paused_ends_as_the_command_does(
    synced: Network, command: Command
) -> None:
    (synced.folder / "north.sqlite").rename(synced.folder / "north.away")
    [(before,)] = synced.warehouse("select max(cycle) from ledger.cycle")
    assert materialise(synced, "north", "deliveries").success
    assert (last_run(synced).tags["outcome"], partition_states(synced)) == ("unreachable", {})
    tried = "select last_outcome, consecutive_failures from ledger.site where site_code = 'north'"
    assert synced.warehouse(tried) == [("unreachable", 1)]
    assert command("sync", "north", "-C", synced.folder).code == 0
    assert last_run(synced).status == dg.DagsterRunStatus.SUCCESS
    assert synced.warehouse(tried) == [("unreachable", 2)]
    with instance_of(synced) as instance:
        seen = instance.fetch_observations(dg.AssetRecordsFilter(CHANGES, asset_partitions=["north"]), limit=1)
    assert seen.records[0].asset_observation.metadata["outcome"].value == "unreachable"  # type: ignore[union-attr]

    command("pause", "north", "-C", synced.folder)
    assert materialise(synced, "north", "site_changes").success
    assert last_run(synced).tags["outcome"] == "paused"
    assert synced.warehouse("select max(cycle) from ledger.cycle") == [(before + 2,)]  # nothing was used up


@pytest.mark.long
def test_a_run_is_called_by_its_cycle_its_sites_and_its_outcome(synced: Network, command: Command) -> None:
    (synced.folder / "north.sqlite").rename(synced.folder / "north.away")
    synced.people_run("south", "update supplysync_identity set database_uuid = 'another'")
    assert command("sync", "-C", synced.folder).code == 1
    tags = last_run(synced).tags
    assert tags["cycle"] == "2"
    assert tags["sites"] == "central, north, south"
    assert tags["outcome"] == "failed: south; unreachable: north; 1 ok"
    assert command("sync", "north", "-C", synced.folder).code == 0
    tags = last_run(synced).tags
    assert (tags["cycle"], tags["sites"]) == ("3", "north")
    assert tags["outcome"] == "unreachable"


@pytest.mark.long
def test_a_silent_site_is_in_the_check_even_where_it_was_not_due(network: Network, command: Command) -> None:
    (network.folder / "north.sqlite").rename(network.folder / "north.away")
    command("sync", "-C", network.folder)
    cycle(network, "central")
    with instance_of(network) as instance:
        ended = (
            build_definitions(str(network.folder))
            .resolve_job_def("sync")
            .execute_in_process(
                instance=instance, run_config={"ops": {"site_changes": {"config": {"only": ["central", "south"]}}}}
            )
        )
    end_turn(network.folder)
    assert ended.success
    found = evaluations(network)["every_due_site_was_reached"]
    assert not found.passed
    assert numbers_of(found) == {
        "found": "north", "due": 2, "reached": 2, "silent": "north (never heard of): no file `north.sqlite`",
    }  # fmt: skip


def test_checks_find_what_they_are_for_and_say_their_numbers(synced: Network, command: Command) -> None:
    """Rows that nothing of ours would write: one known twice, one that refers to nothing."""
    synced.people_put("north", "stock_line", stock_line(1, "NTH"))
    synced.people_run("south", "update item set name = 'Mine' where id = 'amoxicillin'")
    assert command("sync", "-C", synced.folder).code == 0
    found = evaluations(synced)
    assert numbers_of(found["every_change_has_a_verdict"]) == {
        "found": "nothing",
        "pulled": 2,
        "admitted": 1,
        "rejected": 1,
        "waiting": 0,
        "besides": 0,
    }
    assert numbers_of(found["no_patient_data_in_the_snapshot"])["tables"] > 50
    with duckdb.connect(str(synced.project.warehouse)) as con:
        con.execute("insert into ledger.record select * from ledger.record where record_id = 'stock-NTH-1'")
        con.execute("update replica.item set unit_id = 'gone' where id = 'amoxicillin'")
    assert command("sync", "-C", synced.folder).code == 0
    found = evaluations(synced)
    assert {name for name, one in found.items() if not one.passed} == {
        "replicas_refer_to_what_is_there", "every_record_has_one_owner",
    }  # fmt: skip
    assert numbers_of(found["every_record_has_one_owner"])["found"] == "stock_line: 1"
    assert numbers_of(found["replicas_refer_to_what_is_there"])["found"] == "item.unit_id: 1"
