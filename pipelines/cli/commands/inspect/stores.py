"""`stores`: which site has which store, as what: the table of section 2 (T3 to T6)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import polars as pl

from pipelines.cli.speech.command import command
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, show_json, show_table
from pipelines.cli.speech.warehouse import open_working
from sync_rules.words import SyncType
from warehouse.ledger import history
from warehouse.records import replicas

_LISTED = 20
_WIDEST = 10
"""So many sites have a column each; of more, only what each store is where it matters is shown."""


@command()
@click.argument("stores", nargs=-1)
@in_folder
@as_json
def stores(stores: tuple[str, ...], folder: Path, as_json: bool) -> None:
    """What each of STORES (or every one) is at each site: active, collector or transfer.

    \b
    Example: supplysync stores -C demo-network
             supplysync stores A B --json
    """
    with project(folder) as loaded, open_working(loaded) as con:
        known = replicas.stores(con)
        instances = history.instances(con)
    unknown = sorted(set(stores) - set(known["code"]))
    if unknown:
        listed = ", ".join(known["code"].sort().head(_LISTED)) or "none yet, no cycle has run"
        raise click.UsageError(f"there is no store `{unknown[0]}`; there are {listed}")
    chosen = known.filter(pl.col("code").is_in(stores)) if stores else known
    codes = {site.id: site.code for site in loaded.topology.sites}
    by_store = instances.sort("site_id").partition_by("store_id", as_dict=True)
    rows = [
        _row(store, by_store.get((store["id"],), instances.clear()), codes)
        for store in chosen.sort("code").iter_rows(named=True)
    ]
    if as_json:
        show_json({"stores": rows})
        return
    shown = {"store": "store", "mode": "mode", "active_on": "active on"}
    if len(codes) <= _WIDEST:
        show_table("Stores", shown | {code: code for code in codes.values()}, [_wide(row) for row in rows])
    else:
        show_table(
            "Stores", {**shown, "collectors": "collectors", "transfers": "transfer"}, [_long(row) for row in rows]
        )


def _row(store: dict[str, Any], own: pl.DataFrame, codes: dict[int, str]) -> dict[str, Any]:
    at = {codes[site_id]: kind for site_id, _, kind in own.iter_rows() if site_id in codes}
    active = [site for site, kind in at.items() if kind == str(SyncType.ACTIVE)]
    return {"store": store["code"], "mode": store["mode"], "active_on": active[0] if active else None, "instances": at}


def _wide(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "active_on": row["active_on"] or "nowhere", **row["instances"]}


def _long(row: dict[str, Any]) -> dict[str, Any]:
    of_kind = {kind: [site for site, one in row["instances"].items() if one == str(kind)] for kind in SyncType}
    return {
        **row,
        "active_on": row["active_on"] or "nowhere",
        "collectors": " ".join(of_kind[SyncType.COLLECTOR]) or "-",
        "transfers": len(of_kind[SyncType.TRANSFER]),
    }
