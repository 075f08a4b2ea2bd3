"""Alerts as cycles and Dagster tell them, however they were begun."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator

import dagster as dg
import pytest

from pipelines.dead_runs import end_dead_runs
from pipelines.definitions import build_definitions
from pipelines.run_history import dagster_home
from tests.central.hooks import SECRET, Hook, command_line, listening, write_alerts
from tests.central.small_network import Network
from tests.pipelines.conftest import Said, cycle

Command = Callable[..., Said]


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hook]:
    with listening() as made:
        monkeypatch.setenv("ALERT_WEBHOOK", made.address)
        yield made


def sensed(network: Network) -> str:
    """What the sensor says after it looked."""
    definitions = build_definitions(str(network.folder))
    os.environ["DAGSTER_HOME"] = str(dagster_home(network.folder))
    with (
        dg.DagsterInstance.get() as instance,
        dg.build_sensor_context(instance=instance, resources=definitions.resources or {}) as context,
    ):
        return str(definitions.resolve_sensor_def("alerts").evaluate_tick(context).skip_message)


def log_of_last_run(network: Network) -> str:
    os.environ["DAGSTER_HOME"] = str(dagster_home(network.folder))
    with dg.DagsterInstance.get() as instance:
        return "\n".join(entry.user_message for entry in instance.all_logs(instance.get_runs(limit=1)[0].run_id))


def test_sync_tells_what_it_found_and_a_hook_that_fails_fails_no_cycle(
    synced: Network, command: Command, hook: Hook
) -> None:
    write_alerts(synced.folder, 'webhook = "${ALERT_WEBHOOK}"', 'events = ["failure"]')
    hook.answers = 500
    synced.people_run("north", "update supplysync_identity set database_uuid = 'another' || database_uuid")
    said = command("sync", "-C", synced.folder)
    assert said.code == 1  # the site failed, the hook is no matter
    noted = command("check", "-C", synced.folder).err
    for text in (said.err, noted, log_of_last_run(synced)):
        assert "alerts: " in text
        assert "the webhook ${ALERT_WEBHOOK} answered 500" in text
        assert SECRET not in text
    hook.answers = 200
    assert sensed(synced) == "what is to be told was told"
    assert sensed(synced) == "what is to be told was told"
    assert hook.taken() == [("failure", "begins", ["north"])]
    synced.people_run("north", "update supplysync_identity set database_uuid = substr(database_uuid, 8)")
    cycle(synced)
    sensed(synced)
    assert hook.taken() == [("failure", "over", ["north"])]


@pytest.mark.long
def test_a_cycle_that_cannot_go_on_is_told_by_sync_and_by_the_sensor_once(
    synced: Network, command: Command, hook: Hook
) -> None:
    write_alerts(synced.folder, 'webhook = "${ALERT_WEBHOOK}"')
    published = synced.folder / "published"
    shutil.rmtree(published)
    published.write_text("no folder")
    assert command("sync", "-C", synced.folder).code == 3
    assert "step published_snapshot: no snapshot could be written" in hook.told[0]["text"]
    for _ in range(2):
        sensed(synced)
    assert hook.taken() == [("failure", "begins", ["cycle"])]
    published.unlink()
    assert command("sync", "-C", synced.folder).code == 0
    sensed(synced)
    assert hook.taken() == [("failure", "over", ["cycle"])]


def test_a_run_whose_process_died_is_told_by_the_sensor(synced: Network, hook: Hook) -> None:
    write_alerts(synced.folder, 'webhook = "${ALERT_WEBHOOK}"')
    job = build_definitions(str(synced.folder)).resolve_job_def("sync")
    os.environ["DAGSTER_HOME"] = str(dagster_home(synced.folder))
    with dg.DagsterInstance.get() as instance:
        instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
        end_dead_runs(instance)
    assert sensed(synced) == "what is to be told was told"
    assert "its run ended before any step said why" in hook.told[0]["text"]
    assert hook.taken() == [("failure", "begins", ["cycle"])]


def test_without_alerts_the_sensor_looks_at_nothing(synced: Network) -> None:
    assert sensed(synced) == "topology.toml has no [alerts]"


def test_alerts_test_sends_one_and_alerts_list_shows_what_stands(synced: Network, command: Command) -> None:
    nobody = command("alerts", "test", "-C", synced.folder)
    assert (nobody.code, "has no [alerts]" in nobody.err) == (2, True)
    write_alerts(synced.folder, command_line())
    assert command("alerts", "test", "-C", synced.folder).code == 0
    [line] = (synced.folder / "told.jsonl").read_text().splitlines()
    assert json.loads(line)["event"] == "test"
    assert command("alerts", "list", "-C", synced.folder, "--json").document == {"told": [], "trouble": None}
    write_alerts(synced.folder, command_line(["false"]))
    failed = command("alerts", "test", "-C", synced.folder)
    assert (failed.code, "ended with exit code 1" in failed.err) == (3, True)
    assert "ended with exit code 1" in command("alerts", "list", "-C", synced.folder).err


def test_s3_a_mistake_in_alerts_stops_no_cycle_and_check_names_it(synced: Network, command: Command) -> None:
    write_alerts(synced.folder, 'events = ["late"]', 'command = ["true"]')
    said = command("check", "-C", synced.folder)
    assert said.code == 2
    assert "alerts.events: `late` is not allowed; allowed: overdue, failure, rejected, unapplied, held" in said.err
    assert command("status", "-C", synced.folder).code == 0
