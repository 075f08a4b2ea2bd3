"""`capture install`, `status`, `remove`: the triggers and the change log of site databases (P1)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from central.project import Project, chosen_sites
from central.site_state import cure_of_missing
from central.visits.damage import damage_told
from pipelines.cli.speech.command import group
from pipelines.cli.speech.options import in_folder, wanted_project
from pipelines.cli.speech.output import as_json, show_json, show_table, talk
from pipelines.cli.what_ran import then
from sites.capture import triggers
from sites.engines.connection import SiteDatabase, Unreachable, open_site
from sites.schema.presence import presence
from sync_rules.topology.topology import Site

_WHETHER = "`supplysync check` says whether the next pull may"


@group()
def capture() -> None:
    """The triggers and the change log of site databases."""


@capture.command()
@click.argument("sites", nargs=-1)
@in_folder
def install(sites: tuple[str, ...], folder: Path) -> None:
    """Install capture at SITES, or at every site. Doing it again changes nothing. Tables that cannot be watched are
    left out and named.

    \b
    Example: supplysync capture install clinic_1 clinic_2
    """
    with wanted_project(folder) as loaded:
        for site in chosen_sites(loaded, sites or None):
            with _opened(loaded, site) as db:
                gaps = triggers.install(db, loaded.schema)
                left_out = presence(db, loaded.schema).unwatched
            after = f"; {_counted(len(gaps))} to be read whole: {_WHETHER}" if gaps else ""
            talk.print(f"{site.code}: captured{after}")
            for table, why in left_out.items():
                talk.print(f"{site.code}: table `{table}` is left out: {why}")


@capture.command()
@click.argument("sites", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Do not ask.")
@in_folder
def remove(sites: tuple[str, ...], yes: bool, folder: Path) -> None:
    """Remove the triggers from SITES: what changes then is found when capture is installed again and the tables are
    read whole. The log stays.

    \b
    Example: supplysync capture remove clinic_1
    """
    if not yes:
        click.confirm(
            f"Remove capture from {', '.join(sites)}? Nothing is pulled from there until it is installed again",
            abort=True,
            err=True,
        )
    with wanted_project(folder) as loaded:
        for site in chosen_sites(loaded, sites or None):
            with _opened(loaded, site) as db:
                triggers.remove(db)
            tables = _counted(len(loaded.schema.tables))
            talk.print(f"{site.code}: capture removed; the next `capture install` leaves {tables} to be read whole")
    then(f"capture install {' '.join(sites)}")


@capture.command("status")
@click.argument("sites", nargs=-1)
@in_folder
@as_json
def capture_status(sites: tuple[str, ...], folder: Path, as_json: bool) -> int:
    """Say for SITES, or every site, which tables are captured; exit code 1 where one is not.

    \b
    Example: supplysync capture status clinic_1
    """
    rows = []
    with wanted_project(folder) as loaded:
        for site in chosen_sites(loaded, sites or None):
            with _opened(loaded, site) as db:
                states = triggers.status(db, loaded.schema)
            rows += [
                {"site": site.code, "table": one.table, "is_captured": one.is_captured, "problem": one.problem}
                for one in states
            ]
    lacking = [row for row in rows if not row["is_captured"]]
    if as_json:
        show_json({"tables": rows})
    elif lacking:
        show_table("Not captured", {"site": "site", "table": "table", "problem": "problem"}, lacking)
    else:
        talk.print(f"all {len(rows)} tables are captured")
    return int(bool(lacking))


@contextmanager
def _opened(loaded: Project, site: Site) -> Iterator[SiteDatabase]:
    """The site's database. Raises Unreachable and SiteFailed, with what helps."""
    try:
        with (
            damage_told(site, was_pulled=None),
            open_site(loaded.database_url(site), loaded.folder) as db,
        ):
            yield db
    except Unreachable as error:
        helps = cure_of_missing(site, None) if "no file" in str(error) else "; how it stands: `supplysync check`"
        raise Unreachable(f"site `{site.code}`: {error}{helps}") from error


def _counted(tables: int) -> str:
    return f"{tables} table{'' if tables == 1 else 's'}"
