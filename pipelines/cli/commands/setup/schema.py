"""`schema create`: the reference tables of a site database."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from central.project import chosen_sites
from pipelines.cli.speech.command import group
from pipelines.cli.speech.options import in_folder, wanted_project
from pipelines.cli.speech.output import talk
from pipelines.cli.what_ran import then
from sites.engines.connection import SiteFailed, open_site
from sites.schema import create


@group()
def schema() -> None:
    """The reference tables of a site database."""


@schema.command("create")
@click.argument("sites", nargs=-1, required=True)
@in_folder
def schema_create(sites: tuple[str, ...], folder: Path) -> None:
    """Make the reference tables in the empty databases of SITES.

    \b
    Example: supplysync schema create clinic_1
    """
    with wanted_project(folder) as loaded:
        for site in chosen_sites(loaded, sites or None):
            with open_site(loaded.database_url(site), loaded.folder, create=True) as db:
                if there := sorted(db.column_names().keys() & loaded.schema.tables.keys()):
                    raise SiteFailed(_has_tables(site.code, there))
                create(db)
            talk.print(f"{site.code}: tables made")
    then(f"capture install {' '.join(sites)}")


def _has_tables(code: str, there: Sequence[str]) -> str:
    return (
        f"`{code}` has {len(there)} of these tables already, such as `{there[0]}`: nothing was made there; what it "
        "lacks says `supplysync check`"
    )
