"""`status`: the sync report."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from central.asker import now
from central.moves.explanation import MoveExplanation, ways
from central.moves.under_way import with_moves
from central.pauses import with_pauses
from central.project import Project
from central.working_warehouse import behind_its_cycles
from pipelines.cli.next_command.mended_sites import mended_sites
from pipelines.cli.paused_sites import notes_on_paused, paused_sites
from pipelines.cli.speech.command import command
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, in_words, rows_of, show_json, show_table, talk
from pipelines.cli.speech.warehouse import open_working
from pipelines.due_sites import next_due
from sync_rules.for_people.runbooks import ALARMS, CYCLE_FAILED, MOVING, pages_about, to_read
from sync_rules.for_people.states import word_of
from sync_rules.topology.alerts import Alarm
from sync_rules.words import CENTRAL_DATA, MoveState
from warehouse.connection import Connection, rolled_back
from warehouse.exports import views
from warehouse.ledger import visits
from warehouse.ledger.cycles import last_begun
from warehouse.ledger.sites import put_sites
from warehouse.snapshots.publish import is_cycle_published

_CONDITIONS = {
    "never": "a site was never pulled",
    "blocked": "a site is not tried, as central or primary was never pulled",
    "late": "a site is silent for longer than late_after",
    "overdue": "a site is silent for longer than overdue_after",
    "failed": "the last try of a site failed, or the last cycle could not begin or not go on",
    "unreachable": "a site was not reached, or failed, several times in a row",
    "paused": "a site is paused",
    "held": "a change set or a mass change waits for `supplysync release`",
    "rejected": "rejected changes that nobody has dealt with: `supplysync rejected list`",
    "waiting": "changes wait for what they depend on: `supplysync rejected list --waiting`",
    "not_taken": "a site has not taken rows that it was sent: `supplysync report not_taken`",
    "moving": "a store or central data is on its way: `supplysync moves list`",
    "unapplied": "topology.toml asks for what is not applied: `supplysync plan`",
    "stale": "the published snapshot lacks what the last cycle brought: `supplysync warehouse publish`",
}
"""What a monitor may fail on, and what it says."""
_CONDITION_OF = {"error": "failed", "disabled": "paused"}
"""The conditions that are not called as the code of the report is."""

_COLUMNS = {
    "site_code": "site",
    "status": "status",
    "store_codes": "stores",
    "last_contact_at": "last contact",
    "days_since_contact": "days",
    "next_due_at": "next due",
    "queue_out": "to send",
    "held_removals": "held removals",
    "held_changes": "held changes",
    "rejected": "rejected",
    "waiting": "waiting",
    "not_taken": "not taken",
    "oldest_pending_at": "oldest of these",
    "consecutive_failures": "failed tries",
}
_IF_ANY = {"held_removals", "held_changes", "waiting", "not_taken", "oldest_pending_at", "consecutive_failures"}
"""Columns that are shown where there is something in them."""
_MAY_GO = ("days_since_contact", "oldest_pending_at", "next_due_at", "store_codes")
"""Columns that a narrow window leaves out, in this order."""


@command()
@click.option(
    "--fail-on",
    "fail_on",
    multiple=True,
    type=click.Choice([*_CONDITIONS, *_CONDITION_OF]),
    metavar="STATE",
    help=f"Exit code 1 where this holds, or the warehouse is lost: {', '.join(_CONDITIONS)} (or the report's codes: "
    f"{', '.join(_CONDITION_OF)}); may be given more than once.",
)
@click.option(
    "--failures", type=click.IntRange(min=1), default=3, show_default=True, help="So many in a row are unreachable."
)
@in_folder
@as_json
def status(fail_on: tuple[str, ...], failures: int, folder: Path, as_json: bool) -> int:
    """The sync report: when each site was last heard, what waits, what was rejected.

    \b
    Example: supplysync status --fail-on overdue --fail-on failed
             supplysync status --fail-on unreachable --failures 5
    """
    fail_on = tuple(_CONDITION_OF.get(one, one) for one in fail_on)
    with project(folder) as loaded, open_working(loaded) as con:
        rows = _sites(con, loaded)
        behind, begun = behind_its_cycles(loaded, con), last_begun(con)
        paused, moving = paused_sites(con, loaded), ways(con, with_moves(con, loaded), is_open=True)
        is_stale = not is_cycle_published(con, loaded.published, loaded.schema)
        mended = () if as_json else mended_sites(con, loaded, rows)
        due = next_due(with_pauses(con, loaded).topology, visits.last_tries(con), now())
    for row in rows:
        row["next_due_at"] = due.get(row["site_id"])  # none: paused
        row["paused_by"] = paused.get(row["site_code"])
    trouble = _cycle_trouble(loaded, begun) if "failed" in fail_on else None
    unapplied, is_moving = loaded.waits_for_apply is not None, bool(moving)
    network = {"failed": trouble is not None, "unapplied": unapplied, "moving": is_moving, "stale": is_stale}
    holds = _holds(rows, failures, **network)
    failed = [one for one in holds if one in fail_on]
    if as_json:
        show_json({"sites": rows, "behind": behind, "topology": loaded.waits_for_apply, "moves": len(moving),
                   "cycle_trouble": trouble, "holds": holds})  # fmt: skip
    else:
        is_new = begun is None
        show_table("Sync report", _COLUMNS, in_words(rows, "status"), if_any=_IF_ANY, may_go=_MAY_GO)
        _show_notes(rows, paused, moving, mended, loaded.waits_for_apply, is_new=is_new and not behind)
        for page in [] if is_new else _pages(rows, is_unapplied=unapplied, is_moving=is_moving):
            talk.print(f"what to do: {to_read(page)}")
        _show_trouble(trouble)
        for name in failed:
            talk.print(f"fails on {name}: {_CONDITIONS[name]}")
    return int(bool(fail_on and behind) or bool(failed))


def _cycle_trouble(loaded: Project, begun: datetime | None) -> str | None:
    """Why the last cycle could not begin, or not go on: a monitor asks, whatever the ledger tells of sites."""
    from pipelines.run_history import cycle_trouble  # Dagster is slow to load, and only a monitor asks

    return cycle_trouble(loaded.folder, begun)


def _show_trouble(trouble: str | None) -> None:
    if trouble:
        talk.print(f"the last cycle: {trouble}", soft_wrap=True)
        talk.print(f"what to do: {to_read(CYCLE_FAILED)}")


def _show_notes(
    rows: Sequence[Mapping[str, Any]],
    paused: Mapping[str, str],
    moving: Sequence[MoveExplanation],
    mended: Collection[str],
    waits_for_apply: str | None,
    *,
    is_new: bool,
) -> None:
    """What the table does not say: errors, who paused what, what is on its way."""
    if is_new:
        talk.print("note: no cycle has run yet")
    for row in rows:
        if row["last_error"] and row["status"] != "disabled":  # that was before it was left alone
            talk.print(f"{row['site_code']}: {_last_try(row)}{row['last_error']}", soft_wrap=True)
    for code in mended:
        talk.print(
            f"note: {code}: looked at just now, nothing is wrong that can be seen: `supplysync sync {code}`",
            soft_wrap=True,
        )
    for note in notes_on_paused(paused, len(rows)):
        talk.print(f"note: {note}", soft_wrap=True)
    if moving:
        talk.print(f"note: {_on_the_way(moving)} on the way to another site: `supplysync moves list`")
    for one in moving:
        talk.print(f"note: {one.store}: {one.before} -> {one.after}, {one.state}: {_edited(one)}")
    if waits_for_apply:
        talk.print(f"note: {waits_for_apply}")


def _last_try(row: Mapping[str, Any]) -> str:
    """What the last try of a site came to, and how many did not go through: what `sync` and `check` call it."""
    tries = row["consecutive_failures"]
    if not tries or row["status"] in ("blocked", "disabled"):
        return ""
    outcome = word_of("error" if row["status"] == "error" else "unreachable", was_heard=row["status"] != "never")
    return f"{outcome}, {f'{tries:,} tries in a row' if tries > 1 else 'one try'}: "


def _holds(rows: Sequence[Mapping[str, Any]], failures: int, **of_network: bool) -> list[str]:
    """Which of the conditions hold, of any site or of the network."""
    columns = {
        "held": ("held_removals", "held_changes"), "rejected": ("rejected",), "waiting": ("waiting",),
        "not_taken": ("not_taken",),
    }  # fmt: skip
    found = {_CONDITION_OF.get(row["status"], row["status"]) for row in rows}
    found |= {name for name, is_so in of_network.items() if is_so}
    found |= {name for name, of_it in columns.items() if any(row[column] for row in rows for column in of_it)}
    found.discard("unreachable")  # one try is normal: so many in a row are not
    found |= {"unreachable"} if any(row["consecutive_failures"] >= failures for row in rows) else set()
    return [name for name in _CONDITIONS if name in found]


def _sites(con: Connection, loaded: Project) -> list[dict[str, Any]]:
    """The report, by what is paused and resumed already, though no cycle has acted on it yet."""
    with rolled_back(con):
        put_sites(con, with_pauses(con, loaded).topology, waits_for_apply=loaded.waits_for_apply is not None)
        return rows_of(views.read(con, "sync_status"))


def _pages(rows: Sequence[Mapping[str, Any]], *, is_unapplied: bool, is_moving: bool) -> list[str]:
    """The runbooks about what the report shows."""
    pages = {page for row in rows for page in pages_about(row)}
    pages |= {ALARMS[Alarm.UNAPPLIED]} if is_unapplied else set()
    pages |= {MOVING} if is_moving else set()
    return sorted(pages)


def _on_the_way(moving: Sequence[MoveExplanation]) -> str:
    stores = sum(one.store != CENTRAL_DATA for one in moving)
    said = [f"{stores} store{'s' if stores > 1 else ''}"] if stores else []
    said += ["central data"] if stores < len(moving) else []
    return f"{' and '.join(said)} {'is' if len(moving) == 1 else 'are'}"


def _edited(one: MoveExplanation) -> str:
    """Where what is on its way may be edited now."""
    if one.state.is_before_cut:
        return f"edited on {one.before}"
    return "edited nowhere" if one.state is MoveState.FILLING else f"edited on {one.after}"
