"""Who is due, by each site's own cron schedule in the network's time zone."""

from __future__ import annotations

from datetime import UTC, datetime

from pipelines.due_sites import due_sites, next_due
from sync_rules.topology.topology import Site, Topology


def network(*schedules: str) -> Topology:
    sites = tuple(Site(number, f"site_{number}", schedule=text) for number, text in enumerate(schedules, start=1))
    return Topology("site_1", "site_1", sites, (), time_zone="Pacific/Auckland")


def test_a_site_never_tried_is_due() -> None:
    assert due_sites(network("0 3 * * *"), {}, datetime(2026, 11, 24, 12, tzinfo=UTC)) == ["site_1"]


def test_a_site_is_due_once_its_schedule_came_up_since_it_was_tried() -> None:
    topology = network("*/15 * * * *", "0 3 * * *")
    tried = dict.fromkeys((1, 2), datetime(2026, 11, 24, 12, 1, tzinfo=UTC))
    assert due_sites(topology, tried, datetime(2026, 11, 24, 12, 14, tzinfo=UTC)) == []
    assert due_sites(topology, tried, datetime(2026, 11, 24, 12, 15, tzinfo=UTC)) == ["site_1"]
    # three in the morning in Auckland is 14:00 UTC
    assert due_sites(topology, tried, datetime(2026, 11, 24, 14, 0, tzinfo=UTC)) == ["site_1", "site_2"]


def test_when_a_site_is_due_next_is_said_in_one_zone() -> None:
    tried = {1: datetime(2026, 11, 24, 12, 1, tzinfo=UTC), 2: datetime(2026, 11, 24, 12, 1, tzinfo=UTC)}
    now = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
    assert next_due(network("*/15 * * * *", "0 3 * * *", "0 3 * * *"), tried, now) == {
        1: datetime(2026, 11, 24, 12, 15, tzinfo=UTC),  # past: it is due
        2: datetime(2026, 11, 24, 14, 0, tzinfo=UTC),
        3: now,  # never tried
    }
