"""Decisions by command: about sites, and about changes that were not admitted (A2)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import click

from central import decisions
from central.asker import asked_by, now
from central.pauses import EVERY_SITE, paused_now
from central.project import Project, chosen_sites
from pipelines.cli.speech.output import talk
from pipelines.cli.speech.rejected_change import columns_put_back
from pipelines.cli.speech.warehouse import open_working
from sync_rules.words import DecisionKind, QuarantineState
from warehouse.connection import Connection
from warehouse.ledger import quarantine
from warehouse.ledger.decisions import last_decision


def decide_about_sites(
    loaded: Project, kind: DecisionKind, sites: Sequence[str], *, is_all: bool, reason: str | None
) -> None:
    """Writes a decision about each of ``sites``, or about all. Raises UsageError where it would do nothing."""
    if bool(sites) == is_all:
        raise click.UsageError("name sites, or say --all")
    codes = [EVERY_SITE] if is_all else [site.code for site in chosen_sites(loaded, sites)]
    with open_working(loaded) as con:
        paused = paused_now(con, loaded)
    if kind is DecisionKind.RESUME:
        _require_paused(loaded, codes, paused)
    for code in codes:
        if kind is DecisionKind.RESUME or code not in paused:
            decisions.write_decision(loaded.pulls, kind, code, reason=reason, now=now(), decided_by=asked_by())


def _require_paused(loaded: Project, codes: Sequence[str], paused: Collection[str]) -> None:
    enabled = {site.code: site.is_enabled for site in loaded.topology.sites}
    for code in codes:
        if code in paused or (code == EVERY_SITE and paused):
            continue
        if EVERY_SITE in paused:
            raise click.UsageError(f"every site is paused: `supplysync resume --all`; `{code}` alone is not")
        if not enabled.get(code, True):
            raise click.UsageError(f"`{code}` is paused in topology.toml: take `enabled = false` out of its [[site]]")
        raise click.UsageError(f"`{code}` is not paused" if code != EVERY_SITE else "no site is paused by command")


def admit_one(con: Connection, loaded: Project, id: int, reason: str) -> None:  # noqa: A002 - the word of the command line
    """Decides that a rejected change is judged again. Raises UsageError where that would do nothing."""
    entry = open_entry(con, loaded, id)
    if entry["verdict"] == "waiting":
        raise click.UsageError(f"change {id} waits and is judged again in each cycle anyway; "
                               f"`supplysync rejected show {id}` says what it waits for")  # fmt: skip
    if is_decided(con, loaded, id, DecisionKind.ADMIT):
        return
    others = quarantine.of_document(con, id).height - 1
    reverted = columns_put_back(con, loaded, entry)
    decisions.write_decision(loaded.pulls, DecisionKind.ADMIT, entry["site_code"], reason=reason, now=now(),
                     decided_by=asked_by(), entry=id)  # fmt: skip
    with_others = f", with {others} other part{'s' if others > 1 else ''} of its document" if others else ""
    talk.print(f"the next cycle judges change {id} again{with_others}, by the rules as they are then; "
               f"`supplysync rejected show {id}` says what came of it")  # fmt: skip
    if reverted:
        talk.print(f"note: central's row has changed since; if the change is admitted, the site's version of then "
                   f"takes its place: {', '.join(reverted)}")  # fmt: skip


def admit_all(con: Connection, loaded: Project, site: str, because: str, reason: str) -> None:
    """Decides that all changes of a site that were rejected for a reason are. Raises UsageError where none was."""
    found = quarantine.refused_for(con, site, because)
    if not found:
        raise click.UsageError(f"no change of `{site}` is rejected as `{because}`; "
                               "`supplysync rejected list` shows what is")  # fmt: skip
    decisions.write_decision(loaded.pulls, DecisionKind.ADMIT, site, reason=reason, now=now(), decided_by=asked_by(),
                             record_id=because)  # fmt: skip
    talk.print(f"the next cycle judges {len(found):,} change{'s' if len(found) > 1 else ''} of {site} again, by the "
               "rules as they are then; `supplysync rejected list` shows what is left")  # fmt: skip


def known_entry(con: Connection, id: int) -> dict[str, Any]:  # noqa: A002 - the word of the command line
    """The change of an id. Raises UsageError."""
    entry = quarantine.entry(con, id)
    if entry is None:
        raise click.UsageError(f"no rejected change {id}; `supplysync rejected list` shows them")
    return entry


def open_entry(con: Connection, loaded: Project, id: int) -> dict[str, Any]:  # noqa: A002 - the word of the command line
    """The same, while nobody has dealt with it. Raises UsageError."""
    entry = known_entry(con, id)
    if entry["state"] != QuarantineState.OPEN:
        raise click.UsageError(f"change {id} is dealt with ({entry['state']}, cycle {entry['closed_cycle']}); "
                               f"`supplysync rejected show {id}` shows it")  # fmt: skip
    if entry["site_code"] not in {site.code for site in loaded.topology.sites}:
        talk.print(f"note: site `{entry['site_code']}` is not in topology.toml any more")
    return entry


def undone(con: Connection, loaded: Project) -> tuple[decisions.Decision, ...]:
    """The decisions that no cycle has acted on yet."""
    return decisions.after(loaded.pulls, last_decision(con))


def is_decided(con: Connection, loaded: Project, id: int, kind: str) -> bool:  # noqa: A002 - the word of the command line
    """Whether the same decision waits for the next cycle already: nothing happens twice. Refuses what contradicts one
    that will have closed the change by then."""
    for one in undone(con, loaded):
        if one.entry != id:
            continue
        if one.kind == kind:
            talk.print(f"decided already, by {one.decided_by}; the next cycle acts on it")
            return True
        if one.kind.startswith("discard"):
            raise click.UsageError(f"change {id} is discarded by the next cycle already, as {one.decided_by} decided")
    return False
