"""`[alerts]`: what begins is told once, and once that it is over; whatever the hook does, no cycle hears of it."""

from __future__ import annotations

import json
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from central import decisions
from central.alerts.findings import alert_findings
from central.alerts.memory import alone, memory_file, recall
from central.alerts.round import UNKNOWN, tell_operators, try_hook
from central.cycle.run import run_cycle
from central.project import load
from sync_rules.topology.alerts import Alarm
from sync_rules.words import DecisionKind
from tests.central.hooks import SECRET, Hook, command_line, listening, write_alerts
from tests.central.small_network import NOW, Network
from warehouse.connection import open_warehouse

WEBHOOK = 'webhook = "${ALERT_WEBHOOK}"'
LATER = NOW + timedelta(days=40)


@pytest.fixture
def hook(synced: Network, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hook]:
    """A server that the network's alerts go to."""
    with listening() as made:
        monkeypatch.setenv("ALERT_WEBHOOK", made.address)
        write_alerts(synced.folder, WEBHOOK)
        yield made


def tell(network: Network, now: datetime = NOW, cycle_trouble: object = None) -> str | None:
    return tell_operators(load(network.folder), now, cycle_trouble)


def sync(network: Network, now: datetime = NOW) -> None:
    run_cycle(load(network.folder), now=now)


def ledger(network: Network, sql: str) -> None:
    """Runs a statement on the warehouse, which is open already."""
    project = load(network.folder)
    with open_warehouse(project.warehouse, project.schema) as con:
        con.execute(sql)


def test_an_overdue_site_is_told_once_and_once_that_it_is_over(synced: Network, hook: Hook) -> None:
    assert [tell(synced), hook.taken()] == [None, []]
    (synced.folder / "north.sqlite").rename(synced.folder / "north.away")
    for minute in range(3):
        sync(synced, LATER + timedelta(minutes=minute))
        assert tell(synced, LATER + timedelta(minutes=minute)) is None
    assert hook.taken() == [("overdue", "begins", ["north"])]
    (synced.folder / "north.away").rename(synced.folder / "north.sqlite")
    for minute in range(3, 6):
        sync(synced, LATER + timedelta(minutes=minute))
        assert tell(synced, LATER + timedelta(minutes=minute)) is None
    assert hook.taken() == [("overdue", "over", ["north"])]


def test_states_that_begin_together_are_one_message_and_a_page_says_what_to_do(synced: Network, hook: Hook) -> None:
    tell(synced, LATER)
    [message] = hook.told
    assert message["subjects"] == ["central", "north", "south"]
    assert message["runbook"] == "docs/runbooks/a-site-is-silent.md"
    assert "north: not heard of since 2026-11-24 09:00 UTC" in message["text"]
    assert message["text"].endswith("What to do: `supplysync runbook a-site-is-silent`")


def test_a_site_that_was_never_heard_of_is_overdue_too(synced: Network, hook: Hook) -> None:
    ledger(synced, "update ledger.site set last_contact_at = null, bookmark = null where site_code = 'north'")
    ledger(synced, f"update ledger.site set last_contact_at = timestamptz '{LATER}' where site_code <> 'north'")
    tell(synced, LATER)
    assert [one["text"].splitlines()[1] for one in hook.told] == ["north: never heard of"]


def put_aside(network: Network) -> None:
    network.people_run("north", "update supplysync_identity set database_uuid = 'another' || database_uuid")


def put_back(network: Network) -> None:
    network.people_run("north", "update supplysync_identity set database_uuid = substr(database_uuid, 8)")


def edit_an_item(network: Network) -> None:
    network.people_run("south", "update item set name = 'Mine' where id = 'amoxicillin'")


def discard(network: Network) -> None:
    [(entry,)] = network.warehouse("select id from ledger.quarantine where state = 'open'")
    decisions.write_decision(load(network.folder).pulls, DecisionKind.DISCARD, "south", reason="a mistake", now=NOW,
                             decided_by="ana@server", entry=entry)  # fmt: skip


def ask_for_a_move(network: Network) -> None:
    file = network.folder / "topology.toml"
    file.write_text(file.read_text().replace('active_on = "south"', 'active_on = "north"'))


def take_it_back(network: Network) -> None:
    file = network.folder / "topology.toml"
    file.write_text(file.read_text().replace('code = "STH"\nactive_on = "north"', 'code = "STH"\nactive_on = "south"'))


def hold(network: Network) -> None:
    ledger(network, "update ledger.change_set set state = 'held', deletes = 2000 where site_id = 2")


def let_go(network: Network) -> None:
    ledger(network, "update ledger.change_set set state = 'applied' where site_id = 2")


@pytest.mark.parametrize(
    ("begin", "end", "event", "subject", "words"),
    [
        (put_aside, put_back, "failure", "north", "identity refused"),
        (edit_an_item, discard, "rejected", "south", "1 rejected"),
        (ask_for_a_move, take_it_back, "unapplied", "topology.toml", "`supplysync plan` shows it"),
        (hold, let_go, "held", "north", "`supplysync release north --reason WHY`"),
    ],
)
def test_each_state_begins_and_ends(
    synced: Network, hook: Hook, begin: Callable[[Network], None], end: Callable[[Network], None], event: str,
    subject: str, words: str,
) -> None:  # fmt: skip
    begin(synced)
    if event != "held":
        sync(synced, NOW + timedelta(minutes=1))
    assert [tell(synced) for _ in range(2)] == [None, None]
    [message] = hook.told
    assert words in message["text"]
    assert hook.taken() == [(event, "begins", [subject])]
    end(synced)
    if event != "held":
        sync(synced, NOW + timedelta(minutes=2))
    assert [tell(synced) for _ in range(2)] == [None, None]
    assert hook.taken() == [(event, "over", [subject])]


def test_a_cycle_that_could_not_go_on_is_told_until_one_came_to_its_end(synced: Network, hook: Hook) -> None:
    tell(synced, cycle_trouble="the disk is full")
    [message] = hook.told
    assert message["runbook"] == "docs/runbooks/a-cycle-failed.md"
    assert hook.taken() == [("failure", "begins", ["cycle"])]
    for trouble, expected in (("still full", []), (UNKNOWN, []), (None, [("failure", "over", ["cycle"])])):
        tell(synced, cycle_trouble=trouble)
        assert hook.taken() == expected


@pytest.mark.long
def test_while_the_warehouse_cannot_be_opened_what_was_told_of_sites_stands(
    small_network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening() as hook:
        monkeypatch.setenv("ALERT_WEBHOOK", hook.address)
        write_alerts(small_network.folder, WEBHOOK)
        sync(small_network)
        put_aside(small_network)
        sync(small_network)
        tell(small_network)
        assert hook.taken() == [("failure", "begins", ["north"])]
        warehouse = load(small_network.folder).warehouse
        whole = warehouse.read_bytes()
        warehouse.write_bytes(b"no database\n" * 1000)
        assert tell(small_network, cycle_trouble=UNKNOWN) is None
        assert hook.taken() == [("failure", "begins", ["cycle"])]
        warehouse.write_bytes(whole)
        assert tell(small_network) is None
        assert hook.taken() == [("failure", "over", ["cycle"])]


def test_a_command_gets_the_text_and_the_whole_message_in_the_projects_folder(synced: Network) -> None:
    write_alerts(synced.folder, command_line(), 'events = ["failure"]')
    tell(synced, LATER, "the disk is full")
    assert (synced.folder / "told.txt").read_text().splitlines() == [
        "supplysync, network: failure",
        "cycle: a cycle could not begin or not go on: the disk is full",
        "What to do: `supplysync runbook a-cycle-failed`",
    ]
    [line] = (synced.folder / "told.jsonl").read_text().splitlines()
    message: dict[str, Any] = json.loads(line)
    assert (message["event"], message["state"], message["project"]) == ("failure", "begins", "network")


def test_s2_a_user_and_password_in_the_address_go_as_http_has_them(
    synced: Network, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_alerts(synced.folder, WEBHOOK)
    monkeypatch.setenv("ALERT_WEBHOOK", hook.address.replace("http://", "http://ana:p%40ss@"))
    assert tell(synced, LATER) is None
    assert hook.authorised == {f"Basic {b64encode(b'ana:p@ss').decode()}"}


def test_events_that_are_not_listed_are_not_told(synced: Network, hook: Hook) -> None:
    write_alerts(synced.folder, WEBHOOK, 'events = ["overdue"]')
    tell(synced, NOW, "the disk is full")
    assert hook.taken() == []
    tell(synced, LATER, "the disk is full")
    assert [event for event, _, _ in hook.taken()] == ["overdue"]
    write_alerts(synced.folder, WEBHOOK, 'events = ["failure"]')
    tell(synced, LATER, None)
    assert (hook.taken(), recall(synced.folder).told) == ([], {})


def test_without_alerts_nothing_is_looked_at_or_kept(synced: Network) -> None:
    assert tell(synced, LATER, "the disk is full") is None
    assert not memory_file(synced.folder).exists()


def broken_answers(hook: Hook) -> None:
    hook.answers = 500


def redirects(hook: Hook) -> None:
    hook.answers = 302


def is_slow(hook: Hook) -> None:
    hook.is_slow = True


def mended(hook: Hook) -> None:
    hook.answers, hook.is_slow = 204, False
    hook.released.set()
    hook.told.clear()


@pytest.mark.parametrize(
    ("breaks", "words"),
    [(broken_answers, "answered 500"), (redirects, "answered 302"), (is_slow, "did not answer within 1 s")],
)
def test_s2_a_hook_that_fails_is_said_without_its_address_and_tried_again(
    synced: Network, hook: Hook, breaks: Callable[[Hook], None], words: str
) -> None:
    write_alerts(synced.folder, WEBHOOK, "timeout_seconds = 1")
    breaks(hook)
    began = time.monotonic()
    assert tell(synced, LATER) == f"the webhook ${{ALERT_WEBHOOK}} {words}"
    assert time.monotonic() - began < 5
    [finding] = alert_findings(load(synced.folder))
    assert words in finding.text
    assert finding.is_note
    kept = memory_file(synced.folder).read_text()
    assert SECRET not in finding.text + kept
    assert "127.0.0.1" not in finding.text + kept
    mended(hook)
    assert tell(synced, LATER) is None
    assert ("overdue", "begins", ["central", "north", "south"]) in hook.taken()
    assert alert_findings(load(synced.folder)) == []


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://127.0.0.1:1/s3cr3t-path", "could not be reached: connection refused"),
        ("http://s3cr3t-path.invalid/", "could not be reached: "),
        ("http://[s3cr3t-path/", "could not be reached: ValueError"),
        ("http://127.0.0.1:s3cr3t-path/", "could not be reached: InvalidURL"),
        ("file:///etc/s3cr3t-path", "has no address that begins with https:// or http://"),
        ("", "is not set"),
    ],
)
def test_s2_an_address_that_leads_nowhere_is_not_quoted(
    synced: Network, monkeypatch: pytest.MonkeyPatch, address: str, words: str
) -> None:
    monkeypatch.setenv("ALERT_WEBHOOK", address)
    write_alerts(synced.folder, WEBHOOK)
    trouble = tell(synced, LATER) or ""
    assert words in trouble
    assert SECRET not in trouble


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["false"], "the command `false` ended with exit code 1"),
        (["no-such-program"], "the command `no-such-program` cannot be run: no such file or directory"),
        (["sh", "-c", "sleep 60 & wait"], "the command `sh` took longer than 1 s and was ended"),
    ],
)
def test_a_command_that_fails_is_said_and_ends_in_time(synced: Network, command: list[str], words: str) -> None:
    write_alerts(synced.folder, command_line(command), "timeout_seconds = 1")
    began = time.monotonic()
    assert tell(synced, LATER) == words
    assert time.monotonic() - began < 5
    assert recall(synced.folder).told == {}


def test_nothing_that_goes_wrong_is_raised(synced: Network, hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise KeyError("s3cr3t-path")

    monkeypatch.setattr("central.alerts.round.project_states", fails)
    trouble = tell(synced, LATER) or ""
    assert trouble.startswith("unexpected KeyError at ")
    assert SECRET not in trouble


def test_who_cannot_remember_tells_nothing_again_and_again(synced: Network, hook: Hook) -> None:
    memory_file(synced.folder).mkdir()
    trouble = tell(synced, LATER) or ""
    assert "alerts.json` cannot be used" in trouble
    assert hook.taken() == []


def test_a_memory_that_is_not_whole_makes_states_told_once_more(synced: Network, hook: Hook) -> None:
    tell(synced, LATER)
    memory_file(synced.folder).write_text('{"told": [')
    tell(synced, LATER)
    tell(synced, LATER)
    assert [event for event, _, _ in hook.taken()] == ["overdue", "overdue"]


def test_of_two_who_tell_at_once_one_does(synced: Network, hook: Hook) -> None:
    with alone(synced.folder) as is_alone:
        assert is_alone
        assert tell(synced, LATER) is None
    assert hook.taken() == []
    tell(synced, LATER)
    assert [event for event, _, _ in hook.taken()] == ["overdue"]


def test_a_trial_is_sent_and_mends_what_check_notes(synced: Network, hook: Hook) -> None:
    hook.answers = 500
    assert try_hook(load(synced.folder), NOW) == "the webhook ${ALERT_WEBHOOK} answered 500"
    assert len(alert_findings(load(synced.folder))) == 1
    hook.answers = 200
    assert try_hook(load(synced.folder), NOW) is None
    assert hook.taken() == [("test", "test", [])]
    assert alert_findings(load(synced.folder)) == []


def test_b45_alerts_hold_without_apply_while_other_things_wait(synced: Network, hook: Hook) -> None:
    ask_for_a_move(synced)
    sync(synced)
    write_alerts(synced.folder, WEBHOOK, 'events = ["unapplied"]')
    project = load(synced.folder)
    assert project.waits_for_apply
    assert project.topology.alerts.events == (Alarm.UNAPPLIED,)
    tell(synced)
    assert hook.taken() == [("unapplied", "begins", ["topology.toml"])]
