"""`site unclaim`: letting go of a database that was taken for a site's by mistake (T1, P6)."""

from __future__ import annotations

from pathlib import Path

import click

from central.own_place import behind_its_cycles, open_to_read
from central.project import chosen_sites
from pipelines.cli.speech.command import group
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import talk
from sites.capture import identity
from sites.engines.connection import open_site
from warehouse.ledger.sites import known_sites


@group()
def site() -> None:
    """What a database says of itself: the site that it belongs to."""


@site.command()
@click.argument("code")
@in_folder
def unclaim(code: str, folder: Path) -> None:
    """Let go of the database that topology.toml names for CODE: it belongs to no site again.

    Only while central has read nothing of it: what came from there is central's, and is told by that identity.

    \b
    Example: supplysync site unclaim clinic_1
    """
    with project(folder) as loaded:
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
