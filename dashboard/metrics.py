"""What a monitor reads: the state of the network as OpenMetrics text, from the published snapshot and nothing else.

Labels are the codes of sites and closed sets of words, so that there are no more series than the network has sites.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboard.reader import Reading
from sync_rules.words import Outcome

MEDIA_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
STATES = ("ok", "unreachable", "late", "overdue", "error", "never", "blocked", "disabled")
"""The statuses that the sync report gives a site."""

Sample = tuple[Mapping[str, str], float | int]


@dataclass(frozen=True)
class _Family:
    """Values of one name, all gauges: they say how it is now."""

    name: str
    meaning: str
    samples: Sequence[Sample]
    unit: str = ""

    def lines(self) -> Iterator[str]:
        """The family as text; nothing of one without values."""
        if not self.samples:
            return
        yield f"# TYPE {self.name} gauge"
        if self.unit:
            yield f"# UNIT {self.name} {self.unit}"
        yield f"# HELP {self.name} {_escaped(self.meaning)}"
        for labels, value in self.samples:
            listed = ",".join(f'{key}="{_escaped(label)}"' for key, label in labels.items())
            yield f"{self.name}{f'{{{listed}}}' if listed else ''} {value:.3f}".removesuffix(".000")


def metrics(reading: Reading, now: datetime) -> str:
    """The text, as of ``now``: ages go on while no snapshot is published."""
    families = [*_of_snapshot(reading, now), *_of_sites(reading, now), *_of_cycle(reading)]
    return "".join(f"{line}\n" for family in families for line in family.lines()) + "# EOF\n"


def _of_snapshot(reading: Reading, now: datetime) -> Iterator[_Family]:
    alone: Mapping[str, str] = {}
    age = max((now - reading.as_of_at).total_seconds(), 0)
    waits = int(bool(reading.about["waits_for_apply"]))
    yield _Family("supplysync_snapshot_age_seconds", "How old the published snapshot is.", [(alone, age)], "seconds")
    yield _Family("supplysync_snapshot", "The number of the published snapshot.", [(alone, reading.snapshot.number)])
    yield _Family("supplysync_topology_waits", "1 where topology.toml asks for what is not applied.", [(alone, waits)])


def _of_sites(reading: Reading, now: datetime) -> Iterator[_Family]:
    sites = reading.rows("from reports.sync_status order by site_code")
    counts = Counter(site["status"] for site in sites)
    states: list[Sample] = [({"state": state}, counts[state]) for state in STATES]
    contacts = [
        ({"site": site["site_code"]}, max((now - site["last_contact_at"]).total_seconds(), 0))
        for site in sites
        if site["last_contact_at"] is not None
    ]
    yield _Family("supplysync_sites", "Sites by their status in the sync report.", states)
    yield _Family(
        "supplysync_site_silence_seconds", "Since the site answered last; of one that never did, nothing.", contacts,
        "seconds",
    )  # fmt: skip
    for column, (name, meaning) in _OF_SITES.items():
        found = [({"site": site["site_code"]}, site[column]) for site in sites if site[column] is not None]
        yield _Family(f"supplysync_site_{name}", meaning, found)


_OF_SITES = {
    "queue_in": ("queue_in", "Changes that wait at the site; nothing where it was not reached."),
    "queue_out": ("queue_out", "Records that central still has for the site; nothing before its first contact."),
    "rejected": ("rejected", "Rejected changes that nobody has dealt with."),
    "waiting": ("waiting", "Changes that wait for what they depend on."),
    "not_taken": ("not_taken", "Rows that the site was sent and has not got so."),
    "held_removals": ("held_removals", "Rows whose removal is held."),
    "held_changes": ("held_changes", "Changed records that are held."),
    "consecutive_failures": ("failures", "Tries since the last one that went through."),
}


def _of_cycle(reading: Reading) -> Iterator[_Family]:
    """The last cycle: from its first visit to its publication, and what came of its sites."""
    cycle = reading.about["cycle"]
    visits = reading.rows("select outcome, started_at from reports.site_visits where cycle = ?", [cycle])
    counts = Counter(visit["outcome"] for visit in visits)
    yield _Family("supplysync_cycle", "The number of the last cycle.", [({}, cycle)])
    yield _Family(
        "supplysync_cycle_sites", "Sites that the last cycle visited, by what came of it.",
        [({"outcome": str(outcome)}, counts[outcome]) for outcome in Outcome],
    )  # fmt: skip
    yield _Family(
        "supplysync_cycle_succeeded", "1 where no site failed in the last cycle; not to be reached is no failure.",
        [({}, int(not counts[Outcome.FAILED]))],
    )  # fmt: skip
    yield _Family(
        "supplysync_cycle_seconds", "From the first visit of the last cycle to its publication.",
        _took(reading.as_of_at, [visit["started_at"] for visit in visits]), "seconds",
    )  # fmt: skip


def _took(until: datetime, began: Iterable[Any]) -> list[Sample]:
    first = min(began, default=None)
    return [] if first is None else [({}, max((until - first).total_seconds(), 0))]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
