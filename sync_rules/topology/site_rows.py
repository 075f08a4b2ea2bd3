"""The rows that applying the topology writes at the sites: ``site``, ``store_site`` and what they read of its options
(T7, B15, B37)."""

from __future__ import annotations

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.table.data_types import PRIMARY_KEY, SWITCH_KEYS
from sync_rules.table.policies import Authority
from sync_rules.table.rules import PARTS, part_of_row
from sync_rules.topology.frames import Instance, Placement, SettingRow, SiteRow
from sync_rules.topology.moves import told_primary
from sync_rules.topology.topology import Topology


def topology_rows(
    topology: Topology, instances: FrameOf[Instance], placed: FrameOf[Placement]
) -> dict[str, pl.DataFrame]:
    """For each table the rows of all sites, with the site they are for (``of_site``): a site's own row, a row for each
    instance on it, and its preferences."""
    sites = SiteRow.of(
        (str(site.id), site.code, site.name or site.code, str(site.kind), str(site.id)) for site in topology.sites
    )
    site_id = pl.col("site_id").cast(pl.String)
    options = placed.select(
        "store_id", include_transactions="includes_transactions", resync_patients_on_save="resyncs_patients"
    )
    stores = instances.join(options, on="store_id").select(
        id=site_id + ":" + pl.col("store_id"),
        site_id=site_id,
        store_id="store_id",
        sync_type="sync_type",
        include_transactions="include_transactions",
        resync_patients_on_save="resync_patients_on_save",
    )
    return {
        "site": sites,
        "store_site": stores.with_columns(of_site="site_id"),
        "preference": _preferences(topology),
    }


def primary_row(site_id: int) -> str:
    """The id of the preference that tells a site whether it is primary (B49)."""
    return f"{PRIMARY_KEY}:{site_id}"


def is_from_topology(table: str) -> pl.Expr:
    """Which rows of a table are written from the topology."""
    return part_of_row(table)[0] == topology_part(table)


def topology_part(table: str) -> str:
    """The part of a table that is written from the topology."""
    return next(part for part, rule in PARTS[table].items() if rule.authority is Authority.TOPOLOGY)


def _preferences(topology: Topology) -> FrameOf[SettingRow]:
    """What topology.toml decides about procurement, as each site reads it (B37), and who is primary (B49)."""
    rows = []
    for site in sorted(topology.sites, key=lambda site: site.id):
        on = topology.options.switches(buys_for_itself=site.local_procurement)
        rows += [
            (f"{key}:{site.id}", key, "true" if key in on else "false", str(site.id)) for key in sorted(SWITCH_KEYS)
        ]
    told = told_primary(topology)
    rows += [
        (primary_row(site.id), PRIMARY_KEY, "true" if told[site.id] else "false", str(site.id))
        for site in topology.sites
        if site.id in told
    ]
    return SettingRow.of(rows)
