"""`resend`: sending a site again what it should have (O4)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click
import polars as pl

from central import decisions
from central.asker import asked_by, now
from central.project import chosen_sites
from pipelines.cli.named_things import id_of_store, require_table
from pipelines.cli.speech.command import command
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, show_json, show_table, talk
from pipelines.cli.speech.warehouse import open_working
from sync_rules.words import DecisionKind
from warehouse.connection import Connection
from warehouse.records import replicas
from warehouse.records.facts import held_back_from_resend, to_resend


@command()
@click.argument("site")
@click.option("--store", help="What belongs to this store, by code.")
@click.option("--table", help="The records of this table.")
@click.option("--patient", help="This patient, by id, and all that is about them.")
@click.option("--all", "is_all", is_flag=True, help="Everything that the site should have.")
@click.option("--reason", help="Why; it is kept.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@in_folder
@as_json
def resend(
    site: str,
    store: str | None,
    table: str | None,
    patient: str | None,
    is_all: bool,
    reason: str | None,
    yes: bool,
    folder: Path,
    as_json: bool,
) -> None:
    """Send SITE again, with its next cycle, what it should have of a store, a table or a patient, or everything.

    Counts first. What people changed there since goes before it, as always; what of theirs was refused or waits stays.

    \b
    Example: supplysync resend clinic_1 --store B
             supplysync resend clinic_1 --all --yes
    """
    with project(folder) as loaded:
        [chosen] = chosen_sites(loaded, (site,))
        with open_working(loaded) as con:
            what = _what(con, store, table, patient, is_all=is_all)
            found = to_resend(con, chosen.id, what).group_by("table_name").agg(records=pl.len()).sort("table_name")
            left = held_back_from_resend(con, chosen.id, what).group_by("table_name").agg(records=pl.len())
        left_out = dict(left.sort("table_name").iter_rows())
        total = int(found["records"].sum())
        if as_json:
            show_json({"site": site, "records": total, "tables": found.to_dicts(), "left_out": left_out})
        else:
            show_table(f"To {site} again", {"table_name": "table", "records": "records"}, found.to_dicts())
        _require_some(site, total, left_out)
        if not yes:
            click.confirm(f"Send these {total:,} records again?", abort=True, err=True)
        decisions.write_decision(
            loaded.pulls, DecisionKind.RESEND, site, reason=reason, now=now(), decided_by=asked_by(), record_id=what
        )
    talk.print(f"{site}: {total:,} records go out again with its next cycle")


def _require_some(site: str, total: int, left_out: Mapping[str, int]) -> None:
    """Says what is left out. Raises UsageError where nothing is to be sent again."""
    if left_out and total:
        talk.print(f"note: left out: {_why(site, left_out)}", soft_wrap=True)
    elif left_out:
        raise click.UsageError(f"nothing of this goes out again: {_why(site, left_out)}")
    elif not total:
        raise click.UsageError(f"`{site}` should have nothing of this; `supplysync explain` says who has a record")


def _why(site: str, left_out: Mapping[str, int]) -> str:
    """What is not sent again though the site should have it, and what is to be done first."""
    counted = ", ".join(f"{table} {records:,}" for table, records in left_out.items())
    return (
        f"records of which a change of `{site}`'s own is not decided ({counted}): `supplysync rejected list --waiting "
        f"--site {site}` has these; admit or discard them first"
    )


def _what(con: Connection, store: str | None, table: str | None, patient: str | None, *, is_all: bool) -> str:
    if [bool(one) for one in (store, table, patient, is_all)].count(True) != 1:
        raise click.UsageError("say one of --store, --table, --patient, --all")
    if store:
        return f"store:{id_of_store(store, dict(replicas.stores(con).select('id', 'code').iter_rows()))}"
    if table:
        require_table(table)
        return f"table:{table}"
    return f"patient:{patient}" if patient else "everything:"
