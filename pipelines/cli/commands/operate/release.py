"""`release`: letting a held mass removal go (M8), or a mass of changes found after a gap in capture (B57), and trying
again what a site did not take (B19)."""

from __future__ import annotations

from pathlib import Path

import click

from central import decisions
from central.asker import asked_by, now
from central.project import chosen_sites
from pipelines.cli.speech.command import command
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, rows_of, show_json, talk
from pipelines.cli.speech.warehouse import open_working
from sync_rules.words import DecisionKind
from warehouse.exports import views


@command()
@click.argument("site")
@click.option("--reason", required=True, help="Why it is right that so much goes or changes, or what was mended.")
@in_folder
@as_json
def release(site: str, reason: str, folder: Path, as_json: bool) -> None:
    """Let a held mass removal at SITE, or a mass of changes found there, go with its next cycle; try again what SITE
    did not take.

    \b
    Example: supplysync release clinic_1 --reason "the store moved away"
    """
    with project(folder) as loaded:
        [chosen] = chosen_sites(loaded, (site,))
        with open_working(loaded) as con:
            held = [row for row in rows_of(views.read(con, "sync_status")) if row["site_code"] == chosen.code]
        removals, changes, refused = (
            held[0][name] if held else None for name in ("held_removals", "held_changes", "not_taken")
        )
        if removals is None and changes is None and not refused:
            raise click.UsageError(f"nothing is held for `{site}`; `supplysync status` shows what is")
        decisions.write_decision(
            loaded.pulls, DecisionKind.RELEASE, site, reason=reason, now=now(), decided_by=asked_by()
        )
        if as_json:
            show_json({"site": site, "removals": removals, "changes": changes, "not_taken": refused or None})
        if removals is not None:
            talk.print(f"{site}: {removals:,} rows will be removed with its next cycle")
        if refused:
            talk.print(f"{site}: {refused:,} rows that it did not take are tried again with its next cycle")
        if changes is not None:
            talk.print(f"{site}: what changed there, {changes:,} records so far, is admitted with its next cycle")
