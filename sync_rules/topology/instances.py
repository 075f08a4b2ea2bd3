"""Which site has which store, as what: worked out from the topology, the store records and who sees whom."""

from __future__ import annotations

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import StoreName
from sync_rules.topology.frames import Instance, Parties, Placement, WantedCollector
from sync_rules.topology.topology import Topology
from sync_rules.words import SyncType


def instances(
    topology: Topology,
    placed: FrameOf[Placement],
    visible: FrameOf[StoreName],
    parties: FrameOf[Parties] | None = None,
) -> FrameOf[Instance]:
    """Which site has which store, as what (T3, T4, T6, T10, B7, X7), sorted.

    ``visible`` has a row for each name that is visible in a store.
    """
    active = placed.filter(pl.col("active_site").is_not_null()).select(
        site_id="active_site", store_id="store_id", sync_type=pl.lit(str(SyncType.ACTIVE))
    )
    central = placed.select(
        site_id=pl.lit(topology.central_id, pl.Int64), store_id="store_id", sync_type="central_type"
    )
    collectors = _wanted_collectors(topology, placed)
    primary = placed.select(
        site_id=pl.lit(topology.primary_id, pl.Int64), store_id="store_id", sync_type=pl.lit(str(SyncType.TRANSFER))
    )
    seen = _seen(placed, visible).with_columns(sync_type=pl.lit(str(SyncType.TRANSFER)))
    on_primary = pl.col("site_id") == topology.primary_id
    seen_there = collectors.join(seen, on=["site_id", "store_id"], how="semi")
    collected = pl.concat([collectors.filter(on_primary), seen_there]).unique()
    dealing = _dealing(placed, parties).with_columns(sync_type=pl.lit(str(SyncType.TRANSFER)))
    ordered = pl.concat([active, central, collected, primary, seen, dealing])
    spoken_of = ordered.filter(pl.col("sync_type").is_not_null())
    # the first that speaks of a place decides
    first = spoken_of.unique(["site_id", "store_id"], keep="first", maintain_order=True)
    return Instance.take(first.sort("site_id", "store_id"))


def _dealing(placed: FrameOf[Placement], parties: FrameOf[Parties] | None) -> pl.DataFrame:
    """Site and store: a transfer ties the (placed) store to one that is active on the site (X7)."""
    active = placed.filter(pl.col("active_site").is_not_null()).select("store_id", site_id="active_site")
    if parties is None:
        return active.clear().select("site_id", "store_id")
    others = active.join(parties, on="store_id").select("site_id", store_id="other_id")
    return others.join(active, on="store_id", how="semi").unique().sort("site_id", "store_id")


def _wanted_collectors(topology: Topology, placed: FrameOf[Placement]) -> pl.DataFrame:
    ids = {site.code: site.id for site in topology.sites}
    wanted = [(ids[site], store.code) for store in topology.stores for site in store.collector_on]
    frame = WantedCollector.of(wanted)
    placed_only = placed.filter(pl.col("active_site").is_not_null())
    return frame.join(placed_only.select("store_code", "store_id"), on="store_code").select(
        "site_id", "store_id", sync_type=pl.lit(str(SyncType.COLLECTOR))
    )


def _seen(placed: FrameOf[Placement], visible: FrameOf[StoreName]) -> pl.DataFrame:
    """Site and store: the (placed) store is visible to a store that is active on the site (T4)."""
    placed_only = placed.filter(pl.col("active_site").is_not_null())
    viewers = placed_only.select("store_id", site_id="active_site")
    return (
        visible.join(viewers, on="store_id")
        .select("site_id", "name_id")
        .join(placed_only.select("store_id", "name_id"), on="name_id")
        .select("site_id", "store_id")
        .unique()
        .sort("site_id", "store_id")
    )
