"""`rejected`: the changes that were not admitted; listing, showing, admitting and discarding them by hand (A1, A2)."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import click

from central import decisions
from central.admission.decisions import discarded_with
from central.asker import asked_by, now
from central.explain.waits import missing
from pipelines.cli.speech.command import group
from pipelines.cli.speech.decisions import admit_all, admit_one, is_decided, known_entry, open_entry, undone
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, rows_of, show_json, show_table, talk
from pipelines.cli.speech.rejected_change import as_of_now, show_entry, show_versions
from pipelines.cli.speech.warehouse import open_working
from sync_rules.codes import REASONS
from sync_rules.for_people.reasons import reason_words
from sync_rules.for_people.runbooks import runbook_of
from sync_rules.topology.file import SPAN
from sync_rules.words import DecisionKind
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
}
_reason_option = click.option("--reason", required=True, help="Why, for those who look at it later.")


@group()
def rejected() -> None:
    """The changes that were rejected or that wait."""


def _span(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:  # noqa: ARG001
    if value is not None and not SPAN.fullmatch(value):
        raise click.BadParameter(f"`{value}` is not a span; write `7 days` or `1 month`")
    return value


@rejected.command("list")
@click.option("--site", help="Only those of this site, by code.")
@click.option("--reason", type=click.Choice(sorted(REASONS)), metavar="CODE", help="Only those with this reason.")
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
        if site is not None and site not in {one.site_code for one in known_sites(con).values()}:
            raise click.UsageError(f"no site `{site}` was ever pulled; `supplysync status` shows the sites")
        seen_before = (at, older_than) if older_than else None
        found = quarantine.open_entries(con, site=site, with_waiting=True, seen_before=seen_before)
        every = rows_of(found.filter(reason=reason) if reason else found)
        waits_for = missing(con, loaded) if waiting else {}
    rows = [row for row in every if waiting or row["verdict"] == "rejected"]
    for row in rows:
        age = max(at - row["first_seen_at"], timedelta())
        row["age_days"] = age.days
        row["waits_for"] = waits_for.get(row["id"])
    if as_json:
        show_json({"rejected": rows})
        return
    shown = [{**row, "age": _age(at - row["first_seen_at"])} for row in rows]
    columns = {**_COLUMNS, **({"waits_for": "waits for"} if waits_for else {})}
    show_table(f"{len(rows)} change{'s' if len(rows) != 1 else ''}", columns, shown)
    if len(every) > len(rows):
        talk.print(f"{len(every) - len(rows)} more wait for something: supplysync rejected list --waiting")


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
        not_yet = [one for one in undone(con, loaded) if one.entry == id]
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


@rejected.command("admit")
@click.argument("id", type=int, required=False)
@click.option("--site", help="In place of one: those of this site, by code, ...")
@click.option("--because", help="... that were rejected for this reason, by its code.")
@_reason_option
@in_folder
def admit_rejected(id: int | None, site: str | None, because: str | None, reason: str, folder: Path) -> None:  # noqa: A002 - the word of the command line
    """Have a rejected change judged again by the next cycle, after its cause was cured.

    The rules as they are then decide: this does not override them. A change whose cause is not cured stays rejected.
    Where the site has sent a newer version of the record since, the newer one is judged. The other rejected parts of
    the document are judged with it. What a site wrote of a store that had moved away (moved_away) is taken in for the
    new owner, unless that has changed the record since.

    \b
    Example: supplysync rejected admit 12 --reason "the store is placed at clinic_1 now"
             supplysync rejected admit --site clinic_2 --because moved_away --reason "the computer was found"
    """
    if (id is None) == (site is None) or (site is None) != (because is None):
        raise click.UsageError("name one change, or --site and --because")
    with project(folder) as loaded, open_working(loaded) as con:
        if id is not None:
            admit_one(con, loaded, id, reason)
        else:
            admit_all(con, loaded, str(site), str(because), reason)


@rejected.command("discard")
@click.argument("id", type=int)
@click.option("--remove-at-site", is_flag=True, help="Remove the row at the site, too, where central does not hold it.")
@_reason_option
@in_folder
def discard_rejected(id: int, remove_at_site: bool, reason: str, folder: Path) -> None:  # noqa: A002 - the word of the command line
    """Close one rejected or waiting change for good, with a note; the next cycle does it.

    The row stays at the site, unless --remove-at-site. A later edit of the record there is judged on its own. The
    lines of a document that central does not hold are discarded with it.

    \b
    Example: supplysync rejected discard 12 --reason "entered twice, by mistake"
             supplysync rejected discard 12 --remove-at-site --reason "entered twice, by mistake"
    """
    kind = DecisionKind.DISCARD_AT_SITE if remove_at_site else DecisionKind.DISCARD
    with project(folder) as loaded, open_working(loaded) as con:
        entry = open_entry(con, loaded, id)
        central = quarantine.central_row(con, entry["table_name"], entry["record_id"], loaded.schema)
        if remove_at_site and central is not None:
            raise click.UsageError(
                f"central holds {entry['table_name']} {entry['record_id']}: the site's copy has been put right "
                "already, and there is nothing to remove. Leave out --remove-at-site"
            )
        if remove_at_site and entry["op"] == "delete":
            raise click.UsageError(
                "the site deleted the record: there is nothing to remove. Leave out --remove-at-site"
            )
        if is_decided(con, loaded, id, kind):
            return
        others = discarded_with(con, id).height - 1
        decisions.write_decision(loaded.pulls, kind, entry["site_code"], reason=reason, now=now(),
                         decided_by=asked_by(), entry=id)  # fmt: skip
    with_others = f" and {others} line{'s' if others > 1 else ''} of its document" if others else ""
    site = entry["site_code"]
    after = f", and what {site} has of it is removed there" if remove_at_site else ""
    if not remove_at_site and central is None and entry["op"] == "upsert":
        after = f"; {site} keeps its row"
    talk.print(f"the next cycle discards change {id}{with_others}{after}")
