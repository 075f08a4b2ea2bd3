"""Scopes: named groups of records that sites subscribe to; membership is their join (R3, R7, M2).

A record's scopes follow from the record alone (its owner). A site's scopes follow from
the instances on it. Whatever changes at a site - routing, back-fill when a store becomes visible,
removal when it no longer is - is a difference of that one join at two positions.
"""

from __future__ import annotations

import polars as pl

from sync_rules.data_types import RULES
from sync_rules.topology import Topology, dispensing_sites
from sync_rules.words import SyncType

SITE_SCOPES = {"site_id": pl.Int64(), "scope": pl.String()}


def record_scopes(records: pl.DataFrame) -> pl.Series:
    """The scopes of each record, as a series of lists, in the order of ``records``.

    ``records`` has table_name and owner (null where the policy needs none). A record without scopes belongs
    to the warehouse alone: nobody is sent it, and whoever has it keeps it.
    """
    keys = records.select("table_name", pl.col("owner").fill_null(""))
    audiences = pl.DataFrame(
        [(name, list(rule.audience)) for name, rule in RULES.items() if rule.audience],
        schema={"table_name": pl.String(), "scope": pl.List(pl.String())},
        orient="row",
    )
    few = (  # records of one table and owner share their scopes: work them out once
        keys.unique()
        .join(audiences, on="table_name")
        .explode("scope")
        .with_columns(pl.col("scope").str.replace("{owner}", pl.col("owner"), literal=True))
        .group_by("table_name", "owner")
        .agg(scopes=pl.col("scope").sort())
    )
    found = keys.join(few, on=["table_name", "owner"], how="left", maintain_order="left")
    return found["scopes"].fill_null([])


def site_scopes(topology: Topology, placed: pl.DataFrame, instances: pl.DataFrame) -> pl.DataFrame:
    """The scopes each site subscribes to: a SITE_SCOPES frame, sorted, without repeats.

    Central's collectors live in the warehouse only: its own database subscribes to what an
    active or transfer instance would (B36). A store whose data does not leave its site
    (T6, ``include_transactions`` off) has no collectors to subscribe to it.
    """
    sites = pl.DataFrame([(site.id,) for site in topology.sites], schema={"site_id": pl.Int64()}, orient="row")
    full = _full_copies(topology, placed, instances)
    active = instances.filter(pl.col("sync_type") == str(SyncType.ACTIVE))
    frames = [
        sites.with_columns(scope=pl.lit("everywhere")),
        sites.with_columns(scope=pl.lit("site:") + pl.col("site_id").cast(pl.String)),
        pl.DataFrame({"site_id": [topology.primary_id], "scope": ["primary"]}, schema=SITE_SCOPES),
        dispensing_sites(placed).with_columns(scope=pl.lit("dispensaries")),
        _scoped(instances, "instance:"),
        _scoped(active, "active:"),
        _scoped(full, "store:"),
        _scoped(full.filter("has_stock"), "stock:"),
    ]
    return (
        pl.concat([frame.select([pl.col(name).cast(kind) for name, kind in SITE_SCOPES.items()]) for frame in frames])
        .unique()
        .sort("site_id", "scope")
    )


def _scoped(frame: pl.DataFrame, prefix: str) -> pl.DataFrame:
    return frame.select("site_id", scope=pl.lit(prefix) + pl.col("store_id"))


def _full_copies(topology: Topology, placed: pl.DataFrame, instances: pl.DataFrame) -> pl.DataFrame:
    """Instances that hold the store's data, and whether its stock records too (``has_stock``)."""
    is_active = pl.col("sync_type") == str(SyncType.ACTIVE)
    is_collector = (pl.col("sync_type") == str(SyncType.COLLECTOR)) & (pl.col("site_id") != topology.central_id)
    leaves = pl.col("central_type") != str(SyncType.TRANSFER)
    return (
        instances.join(placed.select("store_id", "central_type", "mode", "includes_transactions"), on="store_id")
        .filter(is_active | (is_collector & leaves))
        .with_columns(has_stock=is_active | ~is_quiet())
    )


def is_quiet() -> pl.Expr:
    """A dispensary whose stock records stay at its site: ``include_transactions`` off (B22)."""
    return (pl.col("mode") == "dispensary") & ~pl.col("includes_transactions")
