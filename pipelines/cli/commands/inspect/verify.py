"""`verify`: whether sites have what central has (O6)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
import polars as pl

from central.moves.under_way import with_moves
from central.pauses import with_pauses
from central.project import Project, chosen_sites
from central.verification.repair import plan_repair
from central.verification.verification import SiteVerified, verify_site
from central.visits.known import known_of
from pipelines.cli.named_things import id_of_store, require_table
from pipelines.cli.speech.command import command
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, show_json
from pipelines.cli.speech.warehouse import open_working
from pipelines.cli.verification.findings import document_of, show_site
from pipelines.cli.verification.repairs import decide_repairs, planned
from pipelines.cli.what_ran import then
from sync_rules.words import Outcome
from warehouse.connection import Connection
from warehouse.records import replicas


@command()
@click.argument("sites", nargs=-1)
@click.option("--table", help="This table alone.")
@click.option("--store", help="What belongs to this store alone, by code.")
@click.option("--repair", "is_repair", is_flag=True, help="Put right what differs: shows what it will do, and asks.")
@click.option(
    "--take",
    type=click.Choice(["site", "central"]),
    help="With --repair: whose rows hold where the site may edit them, and nothing was logged.",
)
@click.option("--reason", help="Why it is put right; it is kept.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@in_folder
@as_json
def verify(
    sites: tuple[str, ...],
    table: str | None,
    store: str | None,
    is_repair: bool,
    take: str | None,
    reason: str | None,
    yes: bool,
    folder: Path,
    as_json: bool,
) -> int:
    """Compare SITES (or every one that is not paused) with central, down to the rows that differ.

    Compared is what should be equal: not what is under way, waits or was refused, nor what people changed since the
    site was pulled. Exit code 1 where something differs.

    \b
    Example: supplysync verify
             supplysync verify clinic_1 --table stock_line --json
             supplysync verify clinic_1 --repair --take central
    """
    if take and not is_repair:
        raise click.UsageError("--take says whose rows hold when they are put right: it goes with --repair")
    if table:
        require_table(table)
    with project(folder) as loaded:
        found, codes = _found(loaded, sites, table, store)
        plans = [plan_repair(one, take) for one in found] if is_repair else []
        if as_json:
            show_json({"sites": [document_of(one, codes) for one in found], **planned(plans)})
        else:
            for one in found:
                show_site(one, codes)
        differs = any(one.differences.height for one in found)
        if is_repair and differs:
            return decide_repairs(loaded, plans, reason=reason, yes=yes, as_json=as_json)
        if differs:
            then(f"verify {' '.join(one.site.code for one in found if one.differences.height)} --repair")
    return int(differs or any(one.outcome is Outcome.FAILED for one in found))


def _found(
    loaded: Project, sites: Sequence[str], table: str | None, store: str | None
) -> tuple[list[SiteVerified], dict[str, str]]:
    """What is found at the sites asked for, or those that are not paused; the codes of stores, by id."""
    with open_working(loaded) as con:
        laid = with_pauses(con, with_moves(con, loaded))
        known, codes = known_of(con, laid), _codes(con)
        owner = id_of_store(store, codes) if store is not None else None
        chosen = [one for one in chosen_sites(laid, sites or None) if sites or one.is_enabled]
        return [verify_site(con, laid, known, one, {table} if table else None, owner) for one in chosen], codes


def _codes(con: Connection) -> dict[str, str]:
    return dict(replicas.stores(con).select("id", pl.coalesce("code", "id")).iter_rows())
