"""`stores`: which site has which store, as what: the table of section 2 (T3 to T6)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import polars as pl

from central.moves.explanation import MoveExplanation, ways
from central.moves.under_way import with_moves
from pipelines.cli.speech.command import command
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, data, show_json, show_table
from pipelines.cli.speech.warehouse import open_working
from sync_rules.texts.likeness import meant
from sync_rules.topology.placement import stores_by_code
from sync_rules.words import SyncType
from warehouse.ledger import history
from warehouse.records import replicas

_LISTED = 20
_WIDEST = 10
"""So many sites have a column each, if the terminal is wide enough; of more, only what each store is where it matters
is shown."""
_KIND, _STORE = len(SyncType.COLLECTOR), 40
"""How wide a column of a site is at least, and what stands before them."""


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
        under_way = {one.store: one for one in ways(con, with_moves(con, loaded), is_open=True)}
        named = {one: code for code, one in stores_by_code(loaded.topology, known).items()}
    unknown = sorted(set(stores) - set(known["code"]))
    if unknown:
        raise click.UsageError(f"there is no store `{unknown[0]}`; {meant(unknown[0], known['code'].sort(), 'stores')}")
    chosen = known.filter(pl.col("code").is_in(stores)) if stores else known
    codes = {site.id: site.code for site in loaded.topology.sites}
    by_store = instances.sort("site_id").partition_by("store_id", as_dict=True)
    rows = [
        {
            **_row(store, by_store.get((store["id"],), instances.clear()), codes),
            "on_its_way": _way(under_way.get(named.get(store["id"], ""))),
        }
        for store in chosen.sort("code").iter_rows(named=True)
    ]
    if as_json:
        show_json({"stores": rows})
        return
    _show(rows, list(codes.values()))


def _show(rows: list[dict[str, Any]], sites: list[str]) -> None:
    shown = {"store": "store", "mode": "mode", "active_on": "active on"}
    width = sum(max(len(code), _KIND) + 2 for code in sites) + _STORE
    if len(sites) <= _WIDEST and width <= data.width:
        show_table("Stores", shown | {code: code for code in sites}, [_wide(row) for row in rows])
    else:
        show_table(
            "Stores", {**shown, "collectors": "collectors", "transfers": "transfer"}, [_long(row) for row in rows]
        )


def _row(store: dict[str, Any], own: pl.DataFrame, codes: dict[int, str]) -> dict[str, Any]:
    at = {codes[site_id]: kind for site_id, _, kind in own.iter_rows() if site_id in codes}
    active = [site for site, kind in at.items() if kind == str(SyncType.ACTIVE)]
    return {"store": store["code"], "mode": store["mode"], "active_on": active[0] if active else None, "instances": at}


def _way(one: MoveExplanation | None) -> dict[str, str] | None:
    return {"from": one.before, "to": one.after, "state": str(one.state)} if one else None


def _active(row: dict[str, Any]) -> str:
    """Where the store is active; of one that is on its way, whence and whither."""
    way = row["on_its_way"]
    return f"{way['from']} -> {way['to']}" if way else row["active_on"] or "nowhere"


def _wide(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "active_on": _active(row), **row["instances"]}


def _long(row: dict[str, Any]) -> dict[str, Any]:
    of_kind = {kind: [site for site, one in row["instances"].items() if one == str(kind)] for kind in SyncType}
    return {
        **row,
        "active_on": _active(row),
        "collectors": " ".join(of_kind[SyncType.COLLECTOR]) or "-",
        "transfers": len(of_kind[SyncType.TRANSFER]),
    }
