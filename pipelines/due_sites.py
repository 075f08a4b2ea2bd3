"""Which sites are due, by the cron schedule of each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim

from sync_rules.topology.topology import Topology


def due_sites(topology: Topology, tried: Mapping[int, datetime], now: datetime) -> list[str]:
    """Codes of the enabled sites whose schedule came up after they were last tried, until ``now``.

    Schedules are read in the network's time zone. A site that was never tried is due.
    """
    due = next_due(topology, tried, now)
    return [site.code for site in topology.sites if site.id in due and due[site.id] <= now]


def next_due(topology: Topology, tried: Mapping[int, datetime], now: datetime) -> Mapping[int, datetime]:
    """When each enabled site is due next, by its id: past where it is due already, ``now`` where it was never tried."""
    zone = ZoneInfo(topology.time_zone)
    return {
        site.id: _after(site.schedule, tried[site.id], zone) if site.id in tried else now
        for site in topology.sites
        if site.is_enabled
    }


def _after(schedule: str, tried: datetime, zone: ZoneInfo) -> datetime:
    """When a schedule comes up next, in UTC."""
    return next(CronSim(schedule, tried.astimezone(zone))).astimezone(UTC)
