"""`site`: a new site's database as a file to carry (O1); letting go of one that was taken by mistake, or whose site was
removed (T1, P6, O3)."""

from __future__ import annotations

from pathlib import Path

import click

from central.cycle.run import asked_by, now
from central.lock import in_turn
from central.own_place import behind_its_cycles, open_to_read
from central.package import package_site
from central.project import chosen_sites
from central.readmission.renewal import copied_from, renew_site
from central.retirement import retire_site
from pipelines.cli.speech.command import group
from pipelines.cli.speech.options import in_folder, project, wanted_project
from pipelines.cli.speech.output import talk
from sites.capture import identity
from sites.engines.connection import open_site
from warehouse.ledger.sites import known_sites


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


@site.command()
@click.argument("code")
@click.option("--yes", is_flag=True, help="Do not ask.")
@in_folder
def renew(code: str, yes: bool, folder: Path) -> None:
    """Make the database that topology.toml names for CODE, a new site, its own: it is a copy of another site's.

    Its rows stay; what it had not sent as that other site is judged as what CODE writes, and listed where CODE may not.

    \b
    Example: supplysync site renew clinic_9
    """
    with wanted_project(folder) as loaded, in_turn(loaded.folder):
        [chosen] = chosen_sites(loaded, (code,))
        whose = copied_from(loaded, chosen)
        talk.print(f"The database of {code} says that it is `{whose}`'s. It gets an identity and a log of its own.")
        if not yes:
            click.confirm(f"Is it a copy, and {whose}'s own elsewhere?", abort=True, err=True)
        renew_site(loaded, chosen)
    talk.print(f"{code}: its database is a site's of its own; next: supplysync check, then supplysync sync {code}")


@site.command()
@click.argument("code")
@click.option("--leave-unsent", is_flag=True, help="Though central never got what was changed there last.")
@in_folder
def retire(code: str, leave_unsent: bool, folder: Path) -> None:
    """Take what supplysync put into the database of CODE, a site that was removed, out of it; its data stays.

    \b
    Example: supplysync site retire clinic_1
    """
    with project(folder) as loaded, in_turn(loaded.folder):
        unsent = retire_site(loaded, code, is_unsent_left=leave_unsent)
    left = f"; {unsent:,} records that central never got stay there" if unsent else ""
    talk.print(f"{code}: its database is no site's any more{left}")


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
