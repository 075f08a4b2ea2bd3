"""`rejected`: the changes that were not admitted; listing, showing, admitting and discarding them by hand (A1, A2)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import click
import polars as pl

from central.asker import now
from central.explain.waits import missing
from central.project import Project
from pipelines.cli.speech.command import group
from pipelines.cli.speech.decisions import admit, chosen_changes, discard, known_entry, pending, undone
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, rows_of, show_json, show_table, talk
from pipelines.cli.speech.rejected_change import as_of_now, show_entry, show_versions
from pipelines.cli.speech.warehouse import open_working
from pipelines.cli.what_ran import WHY, then
from sync_rules.codes import REASONS
from sync_rules.for_people.reasons import reason_words
from sync_rules.for_people.runbooks import runbook_of
from sync_rules.texts.likeness import meant
from sync_rules.topology.file import SPAN
from sync_rules.words import DecisionKind, QuarantineState, Verdict
from warehouse.connection import Connection
from warehouse.ledger import quarantine
from warehouse.ledger.sites import known_sites

_COLUMNS = {
    "id": "id",
    "site_code": "site",
    "table_name": "table",
    "record_id": "record",
    "op": "change",
    "verdict": "verdict",
    "reason": "reason",
    "age": "for",
    "decided": "next cycle",
}
_MAY_GO = ("verdict", "op", "age")
"""Columns that a narrow window leaves out: `rejected show` has them."""
_DECIDED = {
    DecisionKind.ADMIT: "judges it again",
    DecisionKind.DISCARD: "discards it",
    DecisionKind.DISCARD_AT_SITE: "discards it",
}
_CHOOSING = (
    click.argument("ids", type=int, nargs=-1, metavar="[ID]..."),
    click.option("--site", help="In place of ids: those of this site, by code."),
    click.option("--because", type=click.Choice(sorted(REASONS)), metavar="CODE", help="Those with this reason code."),
    click.option("--table", help="Those of this table."),
    click.option("--dry-run", is_flag=True, help="Show which they are, and decide nothing."),
    click.option("--reason", help="Why, for those who look at it later."),
)


def _choosing(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a command that decides about changes."""
    for option in reversed(_CHOOSING):
        command = option(command)
    return command


@group()
def rejected() -> None:
    """The changes that were rejected or that wait."""


def _span(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:  # noqa: ARG001
    if value is not None and not SPAN.fullmatch(value):
        raise click.BadParameter(f"`{value}` is not a span; write `7 days` or `1 month`")
    return value


@rejected.command("list")
@click.option("--site", help="Only those of this site, by code.")
@click.option(
    "--because",
    "--reason",
    "reason",
    type=click.Choice(sorted(REASONS)),
    metavar="CODE",
    help="Only those with this reason code.",
)
@click.option("--waiting", is_flag=True, help="Those that wait, too, and what they wait for.")
@click.option("--older-than", callback=_span, help="Only those first seen longer ago, for example `7 days`.")
@in_folder
@as_json
def list_rejected(
    site: str | None, reason: str | None, waiting: bool, older_than: str | None, folder: Path, as_json: bool
) -> None:
    """List the rejected changes that nobody has dealt with, and for how long they have been there.

    \b
    Example: supplysync rejected list --site clinic_1
             supplysync rejected list --reason changed_on_both_lines
             supplysync rejected list --waiting --older-than "7 days"
    """
    at = now()
    with project(folder) as loaded, open_working(loaded) as con:
        pulled = sorted(one.site_code for one in known_sites(con).values())
        if site is not None and site not in pulled:
            raise click.UsageError(f"no site `{site}` was ever pulled; {meant(site, pulled, 'sites')}")
        seen_before = (at, older_than) if older_than else None
        found = quarantine.open_entries(con, site=site, with_waiting=True, seen_before=seen_before)
        every = rows_of(found.filter(reason=reason) if reason else found)
        waits_for = missing(con, loaded) if waiting else {}
        decided = {entry: _DECIDED[DecisionKind(one.kind)] for entry, one in pending(con, loaded).items()}
    rows = [row for row in every if waiting or row["verdict"] == "rejected"]
    for row in rows:
        age = max(at - row["first_seen_at"], timedelta())
        row["age_days"] = age.days
        row["waits_for"] = waits_for.get(row["id"])
        row["decided"] = decided.get(row["id"])
    if as_json:
        show_json({"rejected": rows})
        return
    columns = {**_COLUMNS, **({"waits_for": "waits for"} if waits_for else {})}
    shown = [{**row, "age": _age(at - row["first_seen_at"])} for row in rows]
    title = f"{len(rows)} change{'s' if len(rows) != 1 else ''}"
    show_table(title, columns, shown, if_any=("decided",), may_go=_MAY_GO)
    if undecided := [row["id"] for row in rows if not row["decided"]]:
        then(f"rejected show {undecided[0]}")
    if len(every) > len(rows):
        talk.print(f"{len(every) - len(rows)} more wait for something: `supplysync rejected list --waiting`")


def _age(age: timedelta) -> str:
    """About how long, in its largest unit."""
    seconds = int(max(age, timedelta()).total_seconds())
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if count := seconds // length:
            return f"{count:,} {unit}{'s' if count > 1 else ''}"
    return "a moment"


@rejected.command("show")
@click.argument("id", type=int)
@in_folder
@as_json
def show_rejected(id: int, folder: Path, as_json: bool) -> None:  # noqa: A002 - the word of the command line
    """Show one rejected change whole: the site's version, central's, the rule, and what became of it.

    \b
    Example: supplysync rejected show 12
    """
    with project(folder) as loaded, open_working(loaded) as con:
        entry = known_entry(con, id)
        decided = rows_of(quarantine.decisions(con, id))
        not_yet = [one for one in undone(con, loaded) if id in one.entries]
        today = as_of_now(con, loaded, entry)
    said = reason_words(entry["reason"])
    versions = {
        "site": json.loads(entry.pop("site_row") or "null"),
        "central": json.loads(entry.pop("central_row") or "null"),
    }
    decided += [
        {"number": one.number, "kind": one.kind, "reason": one.reason, "decided_at": one.decided_at,
         "decided_by": one.decided_by, "cycle": None}
        for one in not_yet
    ]  # fmt: skip
    if as_json:
        more = {"rule": said.rule, "explanation": said.words, **asdict(today),
                "runbook": runbook_of(entry["reason"]), "decisions": decided}  # fmt: skip
        show_json({**entry, **more, "versions": versions})
        return
    show_entry(entry, decided, today)
    show_versions(versions)
    if entry["state"] == QuarantineState.OPEN and not not_yet:
        is_rejected = entry["verdict"] == Verdict.REJECTED
        cure = [f"rejected admit {id} {WHY}"] if is_rejected else []
        cure += [f"rejected show {today.held_back}"] if today.held_back else []
        then(*cure, f"rejected discard {id} {WHY}")


def _decide(
    act: Callable[[Connection, Project, pl.DataFrame, str], None],
    folder: Path,
    which: Mapping[str, Any],
    reason: str | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Does ``act`` with the changes that are meant, or shows them."""
    if reason in REASONS:
        raise click.UsageError(
            f"`{reason}` is a reason code: --because {reason} chooses by it; --reason says why, in words"
        )
    if reason is None and not dry_run:
        raise click.UsageError("say why: --reason; or see which they are with --dry-run")
    with project(folder) as loaded, open_working(loaded) as con:
        found = chosen_changes(con, loaded, **which)
        if is_decided := reason is not None and not dry_run:
            act(con, loaded, found, str(reason))
        if as_json:
            show_json({"is_decided": is_decided, "changes": rows_of(found)})
        if as_json or is_decided:
            return
        columns = {key: heading for key, heading in _COLUMNS.items() if key not in ("age", "decided")}
        show_table(f"{found.height:,} change{'s' if found.height > 1 else ''}", columns, rows_of(found), may_go=_MAY_GO)
        talk.print("nothing is decided: say it again without --dry-run, and with --reason")


@rejected.command("admit")
@_choosing
@in_folder
@as_json
def admit_rejected(reason: str | None, dry_run: bool, folder: Path, as_json: bool, **which: Any) -> None:
    """Have rejected changes judged again by the next cycle, after their cause was cured.

    The rules as they are then decide: this does not override them. A change whose cause is not cured stays rejected.
    Where the site has sent a newer version of the record since, the newer one is judged. The other rejected parts of
    the document are judged with it. What a site wrote of a store that had moved away (moved_away) is taken in for the
    new owner, unless that has changed the record since.

    \b
    Example: supplysync rejected admit 12 13 --reason "the store is placed now"
             supplysync rejected admit --because store_unknown --dry-run
             supplysync rejected admit --because moved_away --reason "it is back"
    """
    _decide(admit, folder, which, reason, dry_run=dry_run, as_json=as_json)


@rejected.command("discard")
@_choosing
@click.option("--remove-at-site", is_flag=True, help="Remove the rows at the site, too, where central holds none.")
@in_folder
@as_json
def discard_rejected(
    reason: str | None, dry_run: bool, remove_at_site: bool, folder: Path, as_json: bool, **which: Any
) -> None:
    """Close rejected or waiting changes for good, with a note; the next cycle does it.

    The rows stay at the site, unless --remove-at-site. A later edit of a record there is judged on its own. The
    lines of a document that central does not hold are discarded with it.

    \b
    Example: supplysync rejected discard 12 --reason "entered twice, by mistake"
             supplysync rejected discard 12 --remove-at-site --reason "by mistake"
             supplysync rejected discard --site clinic_2 --table sensor --dry-run
    """
    _decide(partial(discard, remove_at_site=remove_at_site), folder, which, reason, dry_run=dry_run, as_json=as_json)
