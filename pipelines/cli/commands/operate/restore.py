"""`restore`: a site that lost its database gets it back from central (O5)."""

from __future__ import annotations

from pathlib import Path

import click

from central import decisions
from central.asker import asked_by, now
from central.lock import in_turn
from central.package import package_site, require_carried
from central.plan.restoration import (
    PARTS_THAT_STAY,
    RestorationPlan,
    make_ready,
    plan_restoration,
    require_empty,
    require_gone,
)
from central.project import chosen_sites
from pipelines.cli.clock import moment_named
from pipelines.cli.commands.operate.sync import run_and_show
from pipelines.cli.speech.command import command
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, show_json, show_table, talk
from pipelines.cli.speech.warehouse import open_working
from pipelines.cli.what_ran import then
from sync_rules.table.rules import LOCAL_TABLES
from sync_rules.words import DecisionKind


@command()
@click.argument("site")
@click.option("-o", "out", type=click.Path(path_type=Path, dir_okay=False), help="A SQLite file to carry there.")
@click.option("--reason", help="Why; it is kept.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@in_folder
@as_json
def restore(site: str, out: Path | None, reason: str | None, yes: bool, folder: Path, as_json: bool) -> int:
    """Fill the new, empty database of SITE, which lost its own, with all that central has of it; or a file to carry.

    Counts first, and says what central never had. What people did at the site after its last exchange is lost.

    \b
    Example: supplysync restore clinic_1
             supplysync restore clinic_1 -o clinic_1.sqlite
    """
    with project(folder) as loaded:
        [chosen] = chosen_sites(loaded, (site,))
        with open_working(loaded) as con:
            made = plan_restoration(con, loaded, chosen, now=now())
        if out is None:
            require_empty(loaded, chosen)
        else:
            require_carried(chosen, out, is_lost=True)
            require_gone(loaded, chosen)
        if as_json and not yes:
            show_json(made.document())
            return 0
        if not as_json:
            _show(made)
        if not yes:
            click.confirm("Fill it?", abort=True, err=True)
        if out is None:
            make_ready(loaded, chosen)
        decisions.write_decision(
            loaded.pulls, DecisionKind.READMIT, site, reason=reason, now=now(), decided_by=asked_by(),
            record_id=made.readmission.what,
        )  # fmt: skip
        if out is None:
            return run_and_show(loaded, [site], as_json=as_json)
        with in_turn(loaded.folder):
            records = package_site(loaded, chosen, out.absolute(), now=now(), asked_by=asked_by(), is_lost=True)
    talk.print(f"{site}: {records:,} records in `{out}`; put it where `database` in topology.toml says")
    then()
    return 0


def _show(made: RestorationPlan) -> None:
    title = f"To {made.site}, as central heard of it last: {moment_named(made.as_of)}"
    show_table(title, {"table_name": "table", "records": "records"}, made.records.to_dicts())
    talk.print(f"Central never had, and cannot give back: {', '.join(LOCAL_TABLES)}.")
    talk.print(f"Nor, of tables that leave a site in part or once: {', '.join(PARTS_THAT_STAY)}.")
    if made.stores_that_stay:
        talk.print(f"Nor what never left these stores: {', '.join(made.stores_that_stay)}.")
    if made.listed:
        talk.print(
            f"Nor changes that central did not admit, {made.listed:,} of them: "
            f"`supplysync rejected list --waiting --site {made.site}` has each as it was written.",
            soft_wrap=True,
        )
