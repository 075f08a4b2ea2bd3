"""The rows that applying the topology writes at the sites: ``site`` and ``store_site`` (T7, B15)."""

from __future__ import annotations

import polars as pl

from sync_rules.topology import Topology


def topology_rows(topology: Topology, instances: pl.DataFrame, placed: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """For each table, the rows of all sites: a site's own row, and a row for each instance on it."""
    sites = pl.DataFrame(
        [(str(site.id), site.code, site.name or site.code, str(site.kind)) for site in topology.sites],
        schema={"id": pl.String(), "code": pl.String(), "name": pl.String(), "kind": pl.String()},
        orient="row",
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
    return {"site": sites, "store_site": stores}
