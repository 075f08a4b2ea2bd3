"""Which sites are due, by the cron schedule of each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim

from sync_rules.topology.topology import Topology


def due_sites(topology: Topology, tried: Mapping[int, datetime], now: datetime) -> list[str]:
    """Codes of the enabled sites whose schedule came up after they were last tried, until ``now``.

    Schedules are read in the network's time zone. A site that was never tried is due.
    """
    zone = ZoneInfo(topology.time_zone)
    local = now.astimezone(zone)
    return [
        site.code
        for site in topology.sites
        if site.is_enabled
        and (site.id not in tried or next(CronSim(site.schedule, tried[site.id].astimezone(zone))) <= local)
    ]
