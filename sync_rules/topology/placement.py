"""Where each recorded store is, which sites dispense, and where people are at home."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.topology.frames import HomeSite, Placement, SiteKey, StoreKey, StoreRecord, WantedPlace
from sync_rules.topology.moves import as_held, where_active
from sync_rules.topology.topology import Topology
from sync_rules.words import StoreMode, SyncType

STORE_COLUMNS = ("id", "code", "name_id", "mode")
"""The columns of store records by which stores are placed."""


def recorded(rows: pl.DataFrame, known: FrameOf[StoreRecord]) -> FrameOf[StoreRecord]:
    """Store records as ``rows`` have them (STORE_COLUMNS), placed as ``known`` has them placed before."""
    before = known.select("id", "placed_as")
    return StoreRecord.take(rows.select(STORE_COLUMNS).join(before, on="id", how="left", maintain_order="left"))


_REMEMBERED = 8
_recent: deque[tuple[Topology, FrameOf[StoreRecord], FrameOf[Placement]]] = deque(maxlen=_REMEMBERED)
"""What was asked last: within a cycle everybody asks the same, most of them once a site."""


def placement(topology: Topology, stores: FrameOf[StoreRecord]) -> FrameOf[Placement]:
    """Where each recorded store is, by store id.

    A record whose code the file does not name has no active site (T10); a store on its way is where its authority is
    (B47). A record that was placed is bound to the code by which it was, for as long as the file names that: its own
    code may become another one. Where two records carry one code, the bound one is meant, else that of the lowest id.
    """
    for one, of, found in tuple(_recent):
        if of.equals(stores) and one == topology:
            return found
    found = _placed(topology, stores)
    _recent.append((topology, stores, found))
    return found


def _placed(topology: Topology, stores: FrameOf[StoreRecord]) -> FrameOf[Placement]:
    codes = [store.code for store in topology.stores]
    is_bound = pl.col("placed_as").is_in(codes)
    named = stores.sort(is_bound.fill_null(value=False).not_(), "id").select(
        store_id="id",
        store_code=pl.when(is_bound).then("placed_as").otherwise("code"),
        name_id="name_id",
        mode="mode",
    )
    is_first = pl.int_range(pl.len()).over("store_code") == 0
    wanted = _wanted_places(topology).with_columns(is_first=pl.lit(True))
    placed = (
        named.with_columns(is_first=is_first)
        .join(wanted, on=["store_code", "is_first"], how="left", maintain_order="left")
        .with_columns(
            pl.col("central_type").fill_null(str(SyncType.COLLECTOR)),
            pl.col("includes_transactions").fill_null(True),
            pl.col("resyncs_patients").fill_null(False),
        )
    )
    return where_active(topology, Placement.take(placed.sort("store_id")))


def stores_by_code(topology: Topology, stores: FrameOf[StoreRecord]) -> dict[str, str]:
    """The ids of the recorded stores by the codes by which the file names them."""
    placed = placement(replace(topology, moves=()), stores).filter(pl.col("active_site").is_not_null())
    return dict(placed.select("store_code", "store_id").iter_rows())


def _wanted_places(topology: Topology) -> FrameOf[WantedPlace]:
    ids = {site.code: site.id for site in topology.sites}
    return WantedPlace.of(
        (
            store.code,
            ids[store.active_on],
            str(
                SyncType.ACTIVE if store.active_on == topology.central else store.central_instance or SyncType.COLLECTOR
            ),
            store.include_transactions,
            store.resync_patients_on_save,
        )
        for store in topology.stores
    )


def dispensing_sites(placed: FrameOf[Placement]) -> FrameOf[SiteKey]:
    """Each site with at least one active dispensary, sorted."""
    dispensaries = placed.filter((pl.col("mode") == str(StoreMode.DISPENSARY)) & pl.col("active_site").is_not_null())
    return SiteKey.check(dispensaries.select(site_id="active_site").unique().sort("site_id"))


def home_sites(topology: Topology, placed: FrameOf[Placement], stores: FrameOf[StoreKey]) -> FrameOf[HomeSite]:
    """The home sites of people who have these home stores (null: none), in the order of ``stores``.

    The site where the store is active, if a dispensary is active there, or on its way from or to there; else primary
    (B33). Null for a store that is active nowhere, and for what is primary's while that is on its way: then nobody
    decides yet.
    """
    held = pl.concat(dispensing_sites(one) for _, one in as_held(topology, placed))
    dispensing = held.unique().with_columns(dispenses=pl.lit(True))
    where = placed.select("store_id", "active_site").join(
        dispensing, left_on="active_site", right_on="site_id", how="left"
    )
    site = (
        pl.when(pl.col("store_id").is_null() | (pl.col("active_site").is_not_null() & pl.col("dispenses").is_null()))
        .then(pl.lit(topology.primary_id or None, pl.Int64))
        .otherwise("active_site")
    )
    joined = stores.join(where, on="store_id", how="left", maintain_order="left")
    return HomeSite.check(joined.select("store_id", site_id=site))


def unplaced_codes(topology: Topology, stores: FrameOf[StoreRecord]) -> tuple[list[str], list[str]]:
    """Codes in the file without a record yet, and codes of records the file does not name (T10)."""
    found = stores_by_code(topology, stores)
    named, unnamed = {store.code for store in topology.stores}, stores.filter(~pl.col("id").is_in(list(found.values())))
    return sorted(named - found.keys()), sorted(set(unnamed["code"].drop_nulls()) - named)
