"""`sites`: the sites of the network, with the stores that each has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import polars as pl

from central.asker import now
from central.pauses import with_pauses
from central.project import chosen_sites
from pipelines.cli.speech.command import command
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, show_json, show_table
from pipelines.cli.speech.warehouse import open_working
from pipelines.due_sites import next_due
from sync_rules.for_people.states import word_of
from sync_rules.topology.topology import Site
from sync_rules.words import SyncType
from warehouse.ledger import history, visits
from warehouse.records import replicas

_COLUMNS = {
    "id": "id", "code": "site", "name": "name", "kind": "kind", "schedule": "schedule", "next_due_at": "next due",
    "active": "active", "collector": "collectors", "transfer": "transfer",
}  # fmt: skip


@command()
@click.argument("sites", nargs=-1)
@in_folder
@as_json
def sites(sites: tuple[str, ...], folder: Path, as_json: bool) -> None:
    """The SITES of the network (or every one): when each is due, and the stores that it has, active or as copies.

    \b
    Example: supplysync sites
             supplysync sites clinic_1 --json
    """
    with project(folder) as loaded:
        chosen = chosen_sites(loaded, sites or None)
        with open_working(loaded) as con:
            loaded = with_pauses(con, loaded)
            placed = history.instances(con).join(replicas.stores(con).select("code", store_id="id"), on="store_id")
            due = next_due(loaded.topology, visits.last_tries(con), now())
    by_site = placed.partition_by("site_id", as_dict=True)
    rows = [_row(site, by_site.get((site.id,), placed.clear()), due.get(site.id)) for site in chosen]
    if as_json:
        show_json({"sites": rows})
        return
    shown = [{**row, "next_due_at": row["next_due_at"] or word_of("disabled"), **_counted(row)} for row in rows]
    show_table("Sites", _COLUMNS, shown)


def _row(site: Site, own: pl.DataFrame, due: object) -> dict[str, Any]:
    stores = {str(kind): own.filter(sync_type=str(kind))["code"].sort().to_list() for kind in SyncType}
    about = {"id": site.id, "code": site.code, "name": site.name, "kind": str(site.kind), "schedule": site.schedule}
    return {**about, "next_due_at": due, **stores}


def _counted(row: dict[str, Any]) -> dict[str, str]:
    """The stores of each kind as text; transfers are many, and only counted."""
    listed = {kind: " ".join(row[kind]) or "-" for kind in ("active", "collector")}
    return {**listed, "transfer": str(len(row["transfer"]) or "-")}
