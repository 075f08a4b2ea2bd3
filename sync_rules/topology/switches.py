"""Which switches of procurement hold where (B37)."""

from __future__ import annotations

from collections.abc import Mapping

from sync_rules.table.parents import HEADER_OF
from sync_rules.table.rules import RULES
from sync_rules.topology.topology import Site, Topology


def switched(topology: Topology, site: Site) -> Mapping[str, str]:
    """The switches of procurement that are on for a site, by table of documents and lines (B37)."""
    is_free = site.local_procurement and site.id != topology.primary_id
    on = topology.options.switches(buys_for_itself=is_free)
    found = {name: RULES[HEADER_OF.get(name, name)].table.switch for name in RULES}
    return {name: switch for name, switch in found.items() if switch in on}
