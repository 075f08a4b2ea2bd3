"""`site`: a new site's database as a file to carry (O1); letting go of one that was taken by mistake, or whose site was
removed (T1, P6, O3)."""

from __future__ import annotations

from pathlib import Path

import click
import polars as pl

from central.asker import asked_by, now
from central.lock import in_turn
from central.package import package_site
from central.plan.copies import Copied, copied_from
from central.project import chosen_sites
from central.readmission.renewal import renew_site
from central.retirement import Wipe, look_at_wipe, retire_site
from central.working_warehouse import behind_its_cycles, open_to_read
from pipelines.cli.speech.command import group
from pipelines.cli.speech.options import in_folder, project, wanted_project
from pipelines.cli.speech.output import as_json, rows_of, show_json, show_table, talk
from pipelines.cli.what_ran import then
from sites.capture import identity
from sites.engines.connection import open_site
from warehouse.ledger.sites import known_sites

_NAMED = 3
"""So many of the records that stay are named."""


@group()
def site() -> None:
    """The databases of sites: a new one as a file, and the site that one says it belongs to."""


@site.command()
@click.argument("code")
@click.option("-o", "out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The file to make.")
@in_folder
def package(code: str, out: Path, folder: Path) -> None:
    """Make the database of CODE, a site that was added and never reached, with all that is to be its, to carry there.

    It is the site's database from then on; put it where `database` in topology.toml says.

    \b
    Example: supplysync site package clinic_9 -o clinic_9.sqlite
    """
    with project(folder) as loaded:
        [chosen] = chosen_sites(loaded, (code,))
        with in_turn(loaded.folder):
            records = package_site(loaded, chosen, out.absolute(), now=now(), asked_by=asked_by())
    talk.print(f"{code}: {records:,} records in `{out}`; put it where `database` in topology.toml says")
    then()


@site.command()
@click.argument("code")
@click.option("--yes", is_flag=True, help="Do not ask.")
@in_folder
def renew(code: str, yes: bool, folder: Path) -> None:
    """Make the database that topology.toml names for CODE, a new site, its own: it is a copy of another site's.

    Its rows stay until its first cycle; then those that other stores have elsewhere go. What central never had of other
    stores is listed as rejected and stays, until somebody discards it.

    \b
    Example: supplysync site renew clinic_9
    """
    with wanted_project(folder) as loaded, in_turn(loaded.folder):
        [chosen] = chosen_sites(loaded, (code,))
        found = copied_from(loaded, chosen)
        talk.print(
            f"The database of {code} says that it is `{found.whose}`'s. It gets an identity and a log of its own."
        )
        talk.print(_unsent(found), soft_wrap=True)
        if not yes:
            click.confirm(f"Is it a copy, and {found.whose}'s own elsewhere?", abort=True, err=True)
        renew_site(loaded, chosen)
    talk.print(f"{code}: its database is a site's of its own")
    talk.print(
        f"Rows of other stores that central never had stay there and are listed then; to take them out: `supplysync "
        f"rejected discard --site {code} --because not_owner --remove-at-site --reason copied`",
        soft_wrap=True,
    )
    then("check")


def _unsent(found: Copied) -> str:
    """What is in the copy that central has not got."""
    if found.unsent is None:
        return f"What is in it that central never got from {found.whose} cannot be told: its log is not the one known"
    tables = ", ".join(f"{table} {records:,}" for table, records in found.unsent.items())
    total = sum(found.unsent.values())
    return f"Records in it that central never got from {found.whose}: {total:,}" + (f" ({tables})" if tables else "")


@site.command()
@click.argument("code")
@click.option("--leave-unsent", is_flag=True, help="Though central never got what was changed there last.")
@click.option("--wipe", is_flag=True, help="What came from elsewhere goes too; counts first.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@in_folder
@as_json
def retire(code: str, leave_unsent: bool, wipe: bool, yes: bool, folder: Path, as_json: bool) -> None:
    """Take what supplysync put into the database of CODE, a site that was removed, out of it; its data stays.

    With --wipe the records go too that other sites or central made; what was made there stays, with what it refers to,
    and what central never got.

    \b
    Example: supplysync site retire clinic_1
             supplysync site retire clinic_1 --wipe
    """
    with project(folder) as loaded:
        if wipe:
            with in_turn(loaded.folder):
                counted = look_at_wipe(loaded, code, is_unsent_left=leave_unsent)
            if not as_json:
                _show_wipe(code, counted)
            if not yes:
                asked = f"Take these {sum(counted.records.values()):,} records out of the database of {code}?"
                click.confirm(asked, abort=True, err=True)
        with in_turn(loaded.folder):
            done = retire_site(loaded, code, is_unsent_left=leave_unsent, is_wiped=wipe)
    if as_json:
        show_json({"site": code, "unsent": done.unsent, **_document(done.wipe)})
    gone = f"; {sum(done.wipe.records.values()):,} records that came from elsewhere are gone" if wipe else ""
    left = ""
    if done.unsent:
        many, stay = ("1 record", "stays") if done.unsent == 1 else (f"{done.unsent:,} records", "stay")
        left = f"; {many} that central never got {stay} there"
    talk.print(f"{code}: its database is no site's any more{gone}{left}")


def _document(wipe: Wipe) -> dict[str, object]:
    """As JSON: ``removed`` by table; ``stayed``: each record, and the table that refers to it."""
    stayed = wipe.stayed.select("table_name", "record_id", referred_to_by="said")
    return {"removed": dict(wipe.records), "stayed": rows_of(stayed)}


def _show_wipe(code: str, wipe: Wipe) -> None:
    rows = [{"table": table, "records": records} for table, records in wipe.records.items()]
    show_table(f"Goes from the database of {code}", {"table": "table", "records": "records"}, rows)
    if wipe.stayed.height:
        stays = (
            wipe.stayed.sort("table_name", "record_id")
            .group_by("table_name", "said", maintain_order=True)
            .agg(records=pl.len(), which=pl.col("record_id").head(_NAMED).str.join(", "))
        )
        columns = {"table_name": "table", "said": "referred to by", "records": "records", "which": "among them"}
        show_table("Stays, because what stays refers to it", columns, rows_of(stays))


@site.command()
@click.argument("code")
@in_folder
def unclaim(code: str, folder: Path) -> None:
    """Let go of the database that topology.toml names for CODE: it belongs to no site again.

    Only while central has read nothing of it: what came from there is central's, and is told by that identity.

    \b
    Example: supplysync site unclaim clinic_1
    """
    with wanted_project(folder) as loaded:
        [chosen] = chosen_sites(loaded, (code,))
        with open_to_read(loaded) as con:
            known, behind = known_sites(con).get(chosen.id), behind_its_cycles(loaded, con)
        if behind:
            raise click.UsageError(f"whether central has read the database of `{code}` is not known: {behind}")
        if known is not None and known.bookmark is not None:
            raise click.UsageError(
                f"central has read the database of `{code}`: its records are known by that identity; let `database` in "
                "topology.toml name that database again"
            )
        with open_site(loaded.database_url(chosen), loaded.folder) as db:
            identity.unclaim(db, chosen.id, chosen.code)
        talk.print(f"{code}: its database belongs to no site now; the next sync takes the one that topology.toml names")
