"""Topology: the file and its mistakes, where stores are, which instances follow (spec section 2)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sync_rules.frame import FrameOf
from sync_rules.frames import StoreName
from sync_rules.topology.alerts import Alarm
from sync_rules.topology.differences import differences, taken_at_once
from sync_rules.topology.file import TopologyError, parse
from sync_rules.topology.frames import StoreRecord
from sync_rules.topology.instances import instances
from sync_rules.topology.placement import placement, unplaced_codes
from sync_rules.topology.text import to_toml
from sync_rules.topology.topology import Topology

FILE = """\
[network]
central = "central"

[[site]]
id = 1
code = "central"
database = "sqlite:///central.sqlite"

[[site]]
id = 2
code = "remote_1"
database = "sqlite:///remote_1.sqlite"

[[site]]
id = 3
code = "remote_2"
kind = "mobile"
database = "sqlite:///remote_2.sqlite"

[[store]]
code = "A"
active_on = "central"

[[store]]
code = "B"
active_on = "remote_1"
"""

_ACTIVE = 'central_instance = "active"'
_AGE = "transfer_age_limit_months"
_TRANSFER = 'central_instance = "transfer"'
_COPIED = 'collector_on = ["remote_9"]'
MISTAKES = [
    ('central = "central"', 'central = "nowhere"', 2, "network.central", "T1"),
    ('central = "central"', 'central = "central"\nprimary = "nowhere"', 3, "network.primary", "T1"),
    ("id = 2", "id = 1", 10, 'site "remote_1", id', "T1"),
    ("id = 2", "id = 0", 10, 'site "remote_1", id', "T1"),
    ('code = "remote_1"', 'code = "central"', 11, 'site "central", code', "T1"),
    ("remote_1.sqlite", "central.sqlite", 12, 'site "remote_1", database', "T1"),
    ('active_on = "remote_1"', 'active_on = "remote_9"', 26, 'store "B", active_on', "T2"),
    ('active_on = "central"', f'active_on = "central"\n{_COPIED}', 23, 'store "A", collector_on', "T2"),
    ('code = "B"', 'code = "A"', 25, 'store "A", code', "T2"),
    ('active_on = "remote_1"', f'active_on = "remote_1"\n{_ACTIVE}', 27, 'store "B", central_instance', "T2"),
    ('active_on = "central"', f'active_on = "central"\n{_TRANSFER}', 23, 'store "A", central_instance', "T3"),
    ("id = 2", 'id = "two"', 10, 'site "remote_1", id', "S3"),
    ("id = 2", "id = 2\nnumber = 7", 11, 'site "remote_1", number', "S3"),
    ('kind = "mobile"', 'kind = "tablet"', 17, 'site "remote_2", kind', "S3"),
    ('code = "remote_1"', "", 9, "site[1].code", "S3"),
    ("[network]", "[options]\nlate_after = \"soon\"\n\n[network]", 2, "options.late_after", "S3"),
    ('code = "remote_1"', 'code = "remote_1"\nschedule = "hourly"', 12, 'site "remote_1", schedule', "S3"),
    ("sqlite:///remote_1.sqlite", "postgresql://me:secret@host/db", 12, 'site "remote_1", database', "S2"),
    ("sqlite:///remote_1.sqlite", "sqlite:///./x/../central.sqlite", 12, 'site "remote_1", database', "T1"),
    ('active_on = "central"', 'active_on = "central"\ncollector_on = ["central"]', 23, 'store "A", collector_on', "T4"),
    ("[network]", f"[options]\n{_AGE} = -3\n\n[network]", 2, f"options.{_AGE}", "S3"),
    ("[network]", "[retention]\npulls_days = 0\n\n[network]", 2, "retention.pulls_days", "B55"),
    ("[network]", "[retention]\nclosed_days = 99999999999\n\n[network]", 2, "retention.closed_days", "B55"),
    ("[network]", f"[options]\n{_AGE} = 99999999999\n\n[network]", 2, f"options.{_AGE}", "S3"),
    ("[network]", "[options]\nlate_after = \"99999999999 days\"\n\n[network]", 2, "options.late_after", "S3"),
    ("[network]", "[retention]\nruns_days = \"30\"\n\n[network]", 2, "retention.runs_days", "S3"),
    ("[network]", "[retention]\ndays = 30\n\n[network]", 2, "retention.days", "S3"),
    ("[network]", "[tracer]\n\n[network]", 1, "tracer", "S3"),
    ("[network]", "[tracer]\nmaster_list = \"\"\n\n[network]", 2, "tracer.master_list", "S3"),
    ("[network]", "[tracer]\nmaster_list = [\"EML\"]\n\n[network]", 2, "tracer.master_list", "S3"),
    ("[network]", "[tracer]\nitems = []\n\n[network]", 2, "tracer.items", "S3"),
    ("[network]", "[tracer]\nitems = [1]\n\n[network]", 2, "tracer.items", "S3"),
    ("[network]", "[tracer]\nitems = [\"X\", \"Y\", \"X\"]\n\n[network]", 2, "tracer.items", "S3"),
    ("[network]", "[tracer]\nlist = \"EML\"\n\n[network]", 2, "tracer.list", "S3"),
    ("[network]", "[extra]\n\n[network]", 1, "extra", "S3"),
    ('central = "central"', 'central = "central"\ntime_zone = "Mars/Olympus"', 3, "network.time_zone", "S3"),
]  # fmt: skip


@pytest.mark.parametrize(("found", "written", "line", "key", "rule"), MISTAKES, ids=lambda value: str(value)[:30])
def test_s3_a_mistake_is_named_by_line_key_and_rule(found: str, written: str, line: int, key: str, rule: str) -> None:
    with pytest.raises(TopologyError) as caught:
        parse(FILE.replace(found, written, 1))
    assert any(
        said.startswith(f"topology.toml, line {line}, {key}: ") and said.endswith(f"({rule})")
        for said in caught.value.lines
    ), caught.value.lines


def test_t2_a_mobile_site_has_at_most_one_active_store() -> None:
    two = FILE.replace('"central"\n\n[[store]]', '"remote_2"\n\n[[store]]').replace(
        'active_on = "remote_1"', 'active_on = "remote_2"'
    )
    with pytest.raises(TopologyError, match="`remote_2` is mobile and may have one active store, not 2"):
        parse(two)


def test_s3_every_mistake_is_said_at_once() -> None:
    with pytest.raises(TopologyError) as caught:
        parse(FILE.replace("id = 2", "id = 1").replace('active_on = "remote_1"', 'active_on = "x"'))
    assert len(caught.value.lines) == 3  # both sites with the id, and the store
    with pytest.raises(TopologyError) as caught:
        parse(
            FILE.replace("id = 2", "id = 1\nnumbr = 3")
            .replace('"remote_1"\n', '"x"\n')
            .replace('kind = "mobile"', "kind = 1")
        )
    assert len(caught.value.lines) == 4  # a key that is not known and a value of another type as well


def test_s3_a_table_of_which_there_are_several_has_two_brackets() -> None:
    with pytest.raises(TopologyError) as caught:
        parse(FILE.replace("[[site]]", "[site]"))
    assert caught.value.lines == [f"topology.toml, line {n}: write [[site]] with two brackets" for n in (4, 9, 14)]


def test_s2_a_mistake_never_shows_a_database_url() -> None:
    with pytest.raises(TopologyError) as caught:
        parse(FILE.replace('database = "sqlite:///remote_1.sqlite"', "database = 7").replace("7", "77"))
    assert "77" not in str(caught.value)


def test_what_is_not_written_is_as_documented() -> None:
    topology = parse(FILE)
    assert topology.primary == "central"
    assert topology.options.overdue_after == "1 month"
    assert topology.site("remote_1").schedule == "*/15 * * * *"
    assert topology.stores[0].include_transactions is True


def test_b55_retention_holds_from_the_next_cycle_without_apply() -> None:
    applied = parse(FILE)
    wanted = parse(FILE + "\n[retention]\npulls_days = 100\n")
    [found] = differences(applied, wanted)
    assert found.words == "retention pulls_days changed: 400 -> 100"
    assert not found.needs_apply
    assert taken_at_once(applied, wanted) == wanted
    assert parse(to_toml(wanted)) == wanted


# The worked example of spec section 2, with the visibility rows behind it (B7).
GOLDEN = """
[network]
central = "central"

[[site]]
id = 1
code = "central"
database = "a"

[[site]]
id = 2
code = "remote_1"
database = "b"

[[site]]
id = 3
code = "remote_2"
database = "c"

[[store]]
code = "A"
active_on = "central"
collector_on = ["remote_1"]

[[store]]
code = "B"
active_on = "remote_1"

[[store]]
code = "C"
active_on = "remote_2"

[[store]]
code = "D"
active_on = "remote_2"

[[store]]
code = "E"
active_on = "central"

[[store]]
code = "F"
active_on = "remote_1"
central_instance = "transfer"
"""
SEES = (("B", "A"), ("F", "A"), ("A", "B"), ("A", "D"), ("C", "B"), ("B", "C"))
NORMAL = {
    "A": ("active", "collector", None),
    "B": ("collector", "active", "transfer"),
    "C": ("collector", "transfer", "active"),
    "D": ("collector", None, "active"),
    "E": ("active", None, None),
    "F": ("transfer", "active", None),
}
MIRRORED = {**NORMAL, "D": ("collector", "transfer", "active"), "E": ("active", "transfer", None)}


def stores_of(codes: str, mode: str = "store") -> FrameOf[StoreRecord]:
    rows = [(f"id-{code}", code, f"name-{code}", mode, None) for code in codes]
    return StoreRecord.of(rows)


def found_instances(topology: Topology, sees: tuple[tuple[str, str], ...] = SEES) -> dict[str, tuple[str | None, ...]]:
    visible = StoreName.of((f"id-{viewer}", f"name-{seen}") for viewer, seen in sees)
    found = instances(topology, placement(topology, stores_of("ABCDEF")), visible)
    types = {(store, site): kind for site, store, kind in found.iter_rows()}
    return {code: tuple(types.get((f"id-{code}", site)) for site in (1, 2, 3)) for code in "ABCDEF"}


def test_the_golden_table() -> None:
    assert found_instances(parse(GOLDEN)) == NORMAL


def test_b7_the_golden_table_in_mirrored_mode() -> None:
    assert found_instances(parse(GOLDEN.replace('central"\n', 'central"\nprimary = "remote_1"\n', 1))) == MIRRORED


def test_t4_a_collector_needs_visibility_and_visibility_alone_gives_a_transfer_instance() -> None:
    topology = parse(GOLDEN)
    unseen = tuple(pair for pair in SEES if pair[1] != "A")
    assert found_instances(topology, unseen)["A"] == ("active", None, None)
    assert found_instances(topology, (*SEES, ("C", "D"), ("B", "D")))["D"] == ("collector", "transfer", "active")


def test_t10_a_record_the_file_does_not_name_goes_to_central_and_primary_only() -> None:
    topology = parse(GOLDEN.replace('[[store]]\ncode = "D"\nactive_on = "remote_2"\n', ""))
    assert found_instances(topology, (*SEES, ("B", "D")))["D"] == ("collector", None, None)
    assert unplaced_codes(topology, stores_of("ABCDE")) == (["F"], ["D"])


def compared(*changes: tuple[str, str]) -> list[tuple[str, str, str, str | None, str | None, bool]]:
    """What FILE with some texts replaced says otherwise than FILE."""
    text = FILE
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    found = differences(parse(FILE), parse(text))
    return [(str(one.what), one.subject, one.key, one.before, one.after, one.needs_apply) for one in found]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("[network]", "[options]\nlate_after = '9 days'\n[network]"),
         ("changed", "options", "late_after", "7 days", "9 days", False)),
        (("[network]", "[options]\nrepeats_anywhere = true\n[network]"),
         ("changed", "options", "repeats_anywhere", "false", "true", True)),
        (('central = "central"', 'central = "central"\ncurrency = "EUR"'),
         ("changed", "network", "currency", "USD", "EUR", True)),
        (('central = "central"', 'central = "central"\nprimary = "remote_1"'),
         ("moved", "network", "primary", "central", "remote_1", True)),
        (("sqlite:///remote_1.sqlite", "sqlite:///other.sqlite"),
         ("changed", "site `remote_1`", "database", "sqlite:///remote_1.sqlite", "sqlite:///other.sqlite", False)),
        (('kind = "mobile"', 'kind = "mobile"\nenabled = false'),
         ("changed", "site `remote_2`", "enabled", "true", "false", False)),
        (('kind = "mobile"', ""), ("changed", "site `remote_2`", "kind", "mobile", "desktop", True)),
    ],
)  # fmt: skip
def test_b45_what_moves_no_record_and_no_right_needs_no_apply(change, expected):
    assert compared(change) == [expected]


def test_b45_a_site_that_is_renamed_is_the_same_site():
    """Sites are told apart by their ids: stores that are active there do not move."""
    found = compared(('"remote_1"', '"far"'))
    assert [one for one in found if one[0] == "moved"] == []
    assert ("renamed", "site `remote_1`", "code", "remote_1", "far", True) in found


def test_b45_the_same_text_makes_no_difference():
    assert compared() == []
    assert differences(parse(FILE), parse(f"# {FILE}".replace("# [network]", "# a remark\n[network]"))) == []


def test_b45_what_needs_no_apply_is_taken_though_the_rest_waits():
    text = FILE.replace("[network]", "[options]\nlate_after = '9 days'\nrepeats_anywhere = true\n[network]")
    text = text.replace("sqlite:///remote_1.sqlite", "sqlite:///other.sqlite")
    text = text.replace('kind = "mobile"', "enabled = false")
    taken = taken_at_once(parse(FILE), parse(text))
    found = [(one.subject, one.key) for one in differences(parse(FILE), taken)]
    assert found == [("options", "late_after"), ("site `remote_1`", "database"), ("site `remote_2`", "enabled")]
    assert [one.needs_apply for one in differences(taken, parse(text))] == [True, True]


def test_b45_nothing_is_taken_that_would_be_no_network():
    """A site takes over the address of one that is to be removed, and still there."""
    text = FILE[: FILE.index("[[site]]\nid = 3")] + FILE[FILE.index("[[store]]") :].replace('"remote_2"', '"remote_1"')
    text = text.replace("sqlite:///remote_1.sqlite", parse(FILE).site("remote_2").database)
    assert taken_at_once(parse(FILE), parse(text)) == parse(FILE)


def test_b44_a_topology_written_out_is_the_same_topology():
    odd = replace(parse(FILE), time_zone="Pacific/Auckland", currency="NZD")
    name = replace(odd.sites[1], name='Réf. "Nord" \\ 1', schedule="0 6 * * *", is_enabled=False)
    for topology in (
        parse(FILE),
        parse(f"{FILE}{ALERTS}"),
        parse(GOLDEN),
        replace(odd, sites=(odd.sites[0], name, *odd.sites[2:])),
    ):
        assert parse(to_toml(topology)) == topology


ALERTS = """
[alerts]
command = ["mail", "-s", "a \\"quoted\\" word", "ops@example.org"]
events = ["overdue", "held"]
timeout_seconds = 5
"""
ADDRESS = "https://hooks.example.org/s3cr3t"


def test_alerts_are_none_where_nobody_is_named_and_all_events_where_none_is():
    assert not parse(FILE).alerts.is_wanted
    alerts = parse(f'{FILE}[alerts]\nwebhook = "${{ALERT_WEBHOOK}}"\n').alerts
    assert (alerts.is_wanted, alerts.variable, alerts.events) == (True, "ALERT_WEBHOOK", tuple(Alarm))
    alerts = parse(f"{FILE}{ALERTS}").alerts
    assert (alerts.command[0], alerts.events, alerts.timeout_seconds) == ("mail", (Alarm.OVERDUE, Alarm.HELD), 5)


@pytest.mark.parametrize(
    ("lines", "key", "line", "said"),
    [
        ("", "alerts", 27, "names neither; allowed: `command`, or `webhook` (S3)"),
        ('command = ["a"]\nwebhook = "${A}"', "alerts", 27, "names both; allowed: `command`, or `webhook` (S3)"),
        ("command = []", "alerts.command", 28, "write the words of a command as texts"),
        ('command = ["a", 1]', "alerts.command", 28, "write the words of a command as texts"),
        ('command = "a b"', "alerts.command", 28, "`a b` is not a list (S3)"),
        (f'webhook = "{ADDRESS}"', "alerts.webhook", 28, "an address is a secret; write ${NAME} and set NAME in .env"),
        (f'webhook = ["{ADDRESS}"]', "alerts.webhook", 28, "a secret or address is not a text (S3)"),
        ('events = ["late"]\ncommand = ["a"]', "alerts.events", 28,
         "`late` is not allowed; allowed: overdue, failure, rejected, unapplied, held (S3)"),
        ('events = []\ncommand = ["a"]', "alerts.events", 28, "is empty; allowed: overdue, "),
        ('command = ["a"]\ntimeout_seconds = 0', "alerts.timeout_seconds", 29, "`0` is not allowed; allowed: 1 to 60"),
        ('command = ["a"]\nevery = 1', "alerts.every", 29,
         "is not known; allowed: command, webhook, events, timeout_seconds (S3)"),
    ],
)  # fmt: skip
def test_s3_a_mistake_in_alerts_names_line_key_and_what_is_allowed(lines, key, line, said):
    with pytest.raises(TopologyError) as caught:
        parse(f"{FILE}[alerts]\n{lines}\n")
    [told] = caught.value.lines
    assert told.startswith(f"topology.toml, line {line}, {key}: {said}")
    assert "s3cr3t" not in told


def test_b45_alerts_need_no_apply():
    before, after = parse(FILE), parse(f"{FILE}{ALERTS}")
    found = differences(before, after)
    assert {(one.subject, one.needs_apply) for one in found} == {("alerts", False)}
    assert "alerts events changed: overdue failure rejected unapplied held -> overdue held" in {
        one.words for one in found
    }
    assert taken_at_once(before, after) == after


def test_s3_a_tracer_list_holds_from_the_next_cycle_without_apply() -> None:
    applied = parse(FILE)
    wanted = parse(FILE + '\n[tracer]\nmaster_list = "EML"\nitems = ["ORS", "AMOX \\"250\\""]\n')
    assert (wanted.tracer.master_list, wanted.tracer.items) == ("EML", ("ORS", 'AMOX "250"'))
    found = differences(applied, wanted)
    assert [one.words for one in found] == [
        "tracer master_list changed: none -> EML",
        'tracer items changed: none -> ORS AMOX "250"',
    ]
    assert not any(one.needs_apply for one in found)
    assert taken_at_once(applied, wanted) == wanted
    assert parse(to_toml(wanted)) == wanted
