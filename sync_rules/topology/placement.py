"""Where each recorded store is, which sites dispense, and where people are at home."""

from __future__ import annotations

import polars as pl

from sync_rules.topology.topology import Topology
from sync_rules.words import StoreMode, SyncType

PLACEMENT = {
    "store_id": pl.String(),
    "store_code": pl.String(),
    "name_id": pl.String(),
    "mode": pl.String(),
    "active_site": pl.Int64(),  # null: the file does not place this store (T10)
    "central_type": pl.String(),  # active, collector or transfer: its instance on central
    "includes_transactions": pl.Boolean(),
    "resyncs_patients": pl.Boolean(),
}


def placement(topology: Topology, stores: pl.DataFrame) -> pl.DataFrame:
    """Where each recorded store is: a PLACEMENT frame, by store id.

    ``stores`` has the store records' id, code, name_id, mode. A record whose code the file does
    not name has no active site (T10). Where two records carry one code, the lowest id is meant.
    """
    ids = {site.code: site.id for site in topology.sites}
    wanted = pl.DataFrame(
        [
            (
                store.code,
                ids[store.active_on],
                str(
                    SyncType.ACTIVE
                    if store.active_on == topology.central
                    else store.central_instance or SyncType.COLLECTOR
                ),
                store.include_transactions,
                store.resync_patients_on_save,
            )
            for store in topology.stores
        ],
        schema={"store_code": pl.String(), **{name: PLACEMENT[name] for name in list(PLACEMENT)[4:]}},
        orient="row",
    )
    named = stores.sort("id").select(store_id="id", store_code="code", name_id="name_id", mode="mode")
    first = pl.int_range(pl.len()).over("store_code") == 0
    return (
        named.with_columns(is_first=first)
        .join(
            wanted.with_columns(is_first=pl.lit(True)), on=["store_code", "is_first"], how="left", maintain_order="left"
        )
        .with_columns(
            pl.col("central_type").fill_null(str(SyncType.COLLECTOR)),
            pl.col("includes_transactions").fill_null(True),
            pl.col("resyncs_patients").fill_null(False),
        )
        .select([pl.col(name).cast(kind) for name, kind in PLACEMENT.items()])
    )


def dispensing_sites(placed: pl.DataFrame) -> pl.DataFrame:
    """site_id of each site with at least one active dispensary, sorted."""
    dispensaries = placed.filter((pl.col("mode") == str(StoreMode.DISPENSARY)) & pl.col("active_site").is_not_null())
    return dispensaries.select(site_id="active_site").unique().sort("site_id")


def home_sites(topology: Topology, placed: pl.DataFrame, stores: pl.DataFrame) -> pl.DataFrame:
    """``stores`` (store_id, null where there is none) with site_id: the home site of whoever has that home store.

    The site where the store is active, if a dispensary is active there; else primary (B33). Null for a store that
    is active nowhere: then nobody decides yet.
    """
    dispensing = dispensing_sites(placed).with_columns(dispenses=pl.lit(True))
    where = placed.select("store_id", "active_site").join(
        dispensing, left_on="active_site", right_on="site_id", how="left"
    )
    site = (
        pl.when(pl.col("store_id").is_null() | (pl.col("active_site").is_not_null() & pl.col("dispenses").is_null()))
        .then(pl.lit(topology.primary_id, pl.Int64))
        .otherwise("active_site")
    )
    return (
        stores.join(where, on="store_id", how="left", maintain_order="left")
        .with_columns(site_id=site)
        .drop("active_site", "dispenses")
    )


def unplaced_codes(topology: Topology, stores: pl.DataFrame) -> tuple[list[str], list[str]]:
    """Codes in the file without a record yet, and codes of records the file does not name (T10)."""
    named, recorded = {store.code for store in topology.stores}, set(stores["code"].to_list())
    return sorted(named - recorded), sorted(recorded - named)
