"""`readmit`: a site whose database was put back from a backup, or is a copy, goes on (B50)."""

from __future__ import annotations

from pathlib import Path

import click

from central import decisions
from central.asker import asked_by, now
from central.plan.readmission import GoesOnByItself, ReadmissionPlan, plan_readmission
from central.project import Project, chosen_sites
from pipelines.cli.clock import moment_named
from pipelines.cli.commands.operate.sync import run_and_show
from pipelines.cli.named_things import require_table
from pipelines.cli.speech.command import command
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, data, show_json, show_table, talk
from pipelines.cli.speech.warehouse import open_working
from sync_rules.words import DecisionKind
from warehouse.ledger.readmissions import LetIn, last_let_in

_UNDECIDED = (
    "Nothing was done. Say whose rows hold: `supplysync readmit {site} --take central` puts the site's right, "
    "`--take site` (for some tables: `--table T`) takes them in; the other versions stay on the list"
)
_COLUMNS = {
    "table_name": "table",
    "only_lost": "lost line only",
    "only_here": "here only",
    "on_both": "on both",
    "refused": "refused",
    "to_site": "to the site",
    "removed": "removed there",
}


@command()
@click.argument("site")
@click.option(
    "--take",
    type=click.Choice(["site", "central"]),
    help="Whose rows hold where both have a record otherwise, if the site's log has no common place with central.",
)
@click.option("--table", "tables", multiple=True, help="With --take site: these tables alone; of the others central's.")
@click.option("--reason", help="Why; it is kept.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@in_folder
@as_json
def readmit(
    site: str,
    take: str | None,
    tables: tuple[str, ...],
    reason: str | None,
    yes: bool,
    folder: Path,
    as_json: bool,
) -> int:
    """Let SITE go on with a database that was put back from a backup, or copied: counts first, asks, then syncs it.

    What only the lost line changed goes back to the site, what only its database has is admitted as always. Where both
    changed a record the site's row holds, and both are on the list: `rejected list --reason changed_on_both_lines`.

    \b
    Example: supplysync readmit clinic_1
             supplysync readmit clinic_1 --take central --yes
    """
    with project(folder) as loaded:
        made = _planned(loaded, site, _taken(take, tables))
        if isinstance(made, LetIn):
            return _go_on(loaded, site, made, as_json=as_json)
        if as_json and not yes:
            show_json(made.document())
            return 0
        if not as_json:
            _show(made)
        if made.needs_decision:
            talk.print(_UNDECIDED.format(site=site))
            return 4
        _ = yes or click.confirm("Let it in?", abort=True, err=True)
        decisions.write_decision(
            loaded.pulls, DecisionKind.READMIT, site, reason=reason, now=now(), decided_by=asked_by(),
            record_id=made.readmission.what, records=made.readmission.taken,
        )  # fmt: skip
        return run_and_show(loaded, [site], as_json=as_json)


def _planned(loaded: Project, site: str, taken: tuple[str, ...] | None) -> ReadmissionPlan | LetIn:
    """What letting it in would do; or that it was let in. Raises GoesOnByItself where it never was."""
    [chosen] = chosen_sites(loaded, (site,))
    with open_working(loaded) as con:
        try:
            return plan_readmission(con, loaded, chosen, taken=taken, now=now())
        except GoesOnByItself:
            if (done := last_let_in(con, chosen.id)) is None:
                raise
            return done


def _go_on(loaded: Project, site: str, done: LetIn, *, as_json: bool) -> int:
    """It was let in already, perhaps by a command that was killed: what that left is done."""
    rest = "" if done.is_whole else "; what that cycle left is done now"
    talk.print(
        f"{site} was let in with cycle {done.cycle}, {moment_named(done.at)}, by {done.by}{rest}", soft_wrap=True
    )
    if not done.is_whole:
        return run_and_show(loaded, [site], as_json=as_json)
    if as_json:
        show_json({"site": site, "let_in": done.cycle})
    return 0


def _taken(take: str | None, tables: tuple[str, ...]) -> tuple[str, ...] | None:
    if tables and take != "site":
        raise click.UsageError("--table says of which tables the site's rows are taken: it goes with --take site")
    for one in tables:
        require_table(one)
    if take is None:
        return None
    return (tables or ("*",)) if take == "site" else ()


def _show(made: ReadmissionPlan) -> None:
    if made.fork and made.forked_at:
        data.print(
            f"The database of {made.site} went its own way after cycle {made.fork.cycle} "
            f"({moment_named(made.forked_at)}): its log has that place, and not the last one that central read."
        )
    else:
        data.print(f"The log of {made.site} has no place in common with central: all of it is read and compared.")
    rows = made.counts.to_dicts()
    if rows:
        show_table("What becomes of both lines", _COLUMNS, rows)
    else:
        data.print("Both have the same.")
    if made.doubled:
        talk.print(
            f"{made.doubled:,} documents would have the number of another one of their store: `supplysync report "
            "data_quality` then names them (`number_given_twice`)",
            soft_wrap=True,
        )
    if made.stores_that_stay:
        talk.print(
            f"Central does not have what never leaves these stores, and cannot give it back: "
            f"{', '.join(made.stores_that_stay)}; it is as the database has it",
            soft_wrap=True,
        )
