"""Which switches of procurement hold where (B37)."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import CHANGE, ChangeKey
from sync_rules.table.parents import HEADER_OF
from sync_rules.table.rules import RULES
from sync_rules.topology.topology import Site, Topology
from sync_rules.words import Verdict

SWITCH_OF: Mapping[str, str] = {
    name: switch for name in RULES if (switch := RULES[HEADER_OF.get(name, name)].table.switch) is not None
}
"""The switch of procurement that speaks of a table of documents or lines."""


def switched(topology: Topology, site: Site) -> Mapping[str, str]:
    """The switches of procurement that are on for a site, by table of documents and lines (B37)."""
    is_free = site.local_procurement and site.id != topology.primary_id
    on = topology.options.switches(buys_for_itself=is_free)
    return {name: switch for name, switch in SWITCH_OF.items() if switch in on}


def is_shut(topology: Topology) -> pl.Expr:
    """Whether an option keeps a site (``site_id``) from new documents of a ``switch`` for its own stores (B37)."""
    local = [site.id for site in topology.sites if site.local_procurement]
    is_free = (pl.col("site_id") == topology.primary_id) | (
        (pl.col("switch") == "centralised_procurement") & pl.col("site_id").is_in(local)
    )
    return pl.col("switch").is_in(topology.options.switches()) & ~is_free


def unswitched(topology: Topology, changes: pl.DataFrame) -> FrameOf[ChangeKey]:
    """Those of ``changes`` (CHANGE, is_pulled, verdict) that were pulled and held back, of documents, lines or payments
    which no switch keeps their site from now: whenever one comes, they are from before it."""
    switch = pl.col("table_name").replace_strict(dict(SWITCH_OF), default=None, return_dtype=pl.String)
    held_back = changes.filter(pl.col("is_pulled") & (pl.col("verdict") != str(Verdict.ADMITTED)))
    found = held_back.with_columns(switch=switch).filter(pl.col("switch").is_not_null() & ~is_shut(topology))
    return ChangeKey.check(found.select(CHANGE).unique(maintain_order=True))
