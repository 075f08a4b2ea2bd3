"""`check`: what is wrong with the configuration and the sites, and how to mend it."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from central import cycle_file
from central.alerts.findings import alert_findings
from central.asker import now
from central.checkpoints.kept_list import known_backups
from central.own_place import CYCLES, Finding, findings
from central.pauses import with_pauses
from central.plan.notes import idle
from central.project import Project
from central.questions.findings import QUESTIONS, question_findings
from central.site_state import site_state
from central.visits.known import Known, known_of
from central.working_warehouse import open_to_read
from pipelines.cli.paused_sites import notes_on_paused, paused_sites
from pipelines.cli.speech.command import command
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, data, in_words, show_json, show_table, talk
from pipelines.cli.what_ran import what_ran
from sync_rules.for_people.runbooks import CYCLE_FAILED, STATUSES, to_read
from sync_rules.topology.placement import unplaced_codes
from sync_rules.topology.topology import Site
from warehouse.connection import Connection
from warehouse.ledger.cycles import last_cycle
from warehouse.ledger.readmissions import restorable_since
from warehouse.records import replicas
from wire.file_errors import FileUnusable

_COLUMNS = {"site": "site", "engine": "engine", "reached": "reached", "captured": "captured",
            "restorable_since": "own backups since"}  # fmt: skip
_FIRST_NETWORK = "first-network"


@command()
@click.option("--files", "is_thorough", is_flag=True, help="Read every kept file too, byte by byte: it takes a while.")
@in_folder
@as_json
def check(is_thorough: bool, folder: Path, as_json: bool) -> int:
    """Look at the configuration and at every site; says how to mend what it finds.

    \b
    Example: supplysync check -C demo-network
             supplysync check --files
    """
    from pipelines.run_history import find_trouble  # Dagster is slow to load and few commands need it

    with project(folder) as in_force:
        loaded = in_force.as_wanted()
        place = _own_place(loaded, in_force.waits_for_apply, is_thorough=is_thorough)
        own = list(place.findings)
        if trouble := find_trouble(loaded.folder):
            own.append(Finding("run history", f"{trouble}; until then cycles run without it", is_note=True))
        own += [*alert_findings(loaded), *question_findings(loaded)]
        found = [
            {**site_state(by, site, place.known), "restorable_since": place.restorable_since.get(site.code)}
            for by, site in _sites(loaded, in_force, place.paused)
        ]
    age, is_new = _last_backup(loaded), cycle_file.last_number(loaded.pulls) == 0
    wrong = [{"part": one.part, "problem": one.text} for one in own if not one.is_note]
    notes = [f"{one['site']}: {note}" for one in found for note in one["notes"]]
    notes += [*notes_on_paused(place.paused, len(found)), *place.notes]
    notes += [one.text for one in own if one.is_note]
    is_clean = not wrong and not any(one["problem"] for one in found)
    if as_json:
        show_json({"central": wrong, "sites": found, "notes": notes, "backup": age,
                   "next": "supplysync sync" if is_new and is_clean else None})  # fmt: skip
    else:
        _show(wrong, in_words(found, "reached", unheard=_unheard(loaded, place.known), code="site"),
              [*(f"note: {note}" for note in notes), age], _pages(wrong, found, is_new=is_new))  # fmt: skip
    what_ran().found = found
    if wrong:
        return 3
    return int(any(one["problem"] and one["reached"] != "unreachable" for one in found))


def _sites(loaded: Project, in_force: Project, paused: Container[str]) -> Iterator[tuple[Project, Site]]:
    """The sites of topology.toml, and those that it names no more: cycles visit them until that is applied. One that is
    ``paused`` is left alone, by whatever it is paused."""
    wanted = {site.code for site in loaded.topology.sites}
    every = [(loaded, site) for site in loaded.topology.sites]
    every += [(in_force, site) for site in in_force.topology.sites if site.code not in wanted]
    for by, site in every:
        yield by, replace(site, is_enabled=False) if site.code in paused else site


def _unheard(loaded: Project, known: Known | None) -> list[str]:
    """The sites that no cycle heard yet, as far as that is known."""
    return [site.code for site in loaded.topology.sites if known is not None and not known.was_pulled(site.id)]


def _show(
    wrong: Sequence[dict[str, str]], found: Sequence[dict[str, Any]], said: Sequence[str], pages: Sequence[str]
) -> None:
    if wrong:
        show_table("Central", {"part": "part", "problem": "problem"}, wrong)
    show_table("Sites", _COLUMNS, found)
    for one in found:
        if one["problem"]:
            data.print(f"{one['site']}: {one['problem']}")
    for line in [*said, *(f"what to do: {to_read(page)}" for page in pages)]:
        talk.print(line)


def _pages(wrong: Sequence[dict[str, str]], found: Sequence[dict[str, Any]], *, is_new: bool) -> list[str]:
    """The runbooks about what was found; where no cycle has run yet, how to begin."""
    reached = {one["reached"] for one in found if one["problem"]}
    pages = [
        (any(one["part"] != QUESTIONS for one in wrong), CYCLE_FAILED),
        (is_new and bool(reached), _FIRST_NETWORK),
        (not is_new and bool(reached - {"unreachable"}), STATUSES["error"]),
        (not is_new and "unreachable" in reached, STATUSES["overdue"]),
    ]
    return [page for is_needed, page in pages if is_needed]


def _last_backup(loaded: Project) -> str:
    """How old the last backup of central is."""
    try:
        known = known_backups(loaded)
    except FileUnusable as error:
        return str(error)
    if not known:
        lost = "; if `data` was lost, so was the list of them: `supplysync restore-server DIR`"
        is_new = cycle_file.last_number(loaded.pulls) == 0
        return "no backup of central was made yet: `supplysync backup DIR`" + (lost if is_new else "")
    last, behind = known[-1], cycle_file.last_number(loaded.pulls) - known[-1].last_cycle
    days = (now() - last.made_at).days
    hours = round((now() - last.made_at).total_seconds() / 3600)
    age = f"{days} days" if days > 1 else f"{hours} hours" if hours > 1 else "an hour" if hours else "less than an hour"
    there = "" if last.is_there else ", which cannot be seen from here just now"
    return f"the last backup of central is {age} old: {last.number} in `{last.folder}`{there}; cycles since: {behind}"


@dataclass(frozen=True)
class _OwnPlace:
    """What central's own place says: what is wrong there, what it knows of sites (None where that is not the latest),
    which are paused, by what, notes on stores, and by site from when on it can be put back from a backup of its own."""

    findings: Sequence[Finding]
    known: Known | None = None
    paused: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    restorable_since: Mapping[str, datetime] = field(default_factory=dict)


def _own_place(loaded: Project, waits_for_apply: str | None, *, is_thorough: bool) -> _OwnPlace:
    try:
        with open_to_read(loaded) as con:
            own = findings(loaded, con, waits_for_apply, is_thorough=is_thorough)
            is_behind = any(one.part == CYCLES for one in own)  # what sites have of later cycles is no sign then
            known = None if is_behind else known_of(con, loaded)
            notes = _notes(loaded, con, is_behind=is_behind)
            return _OwnPlace(own, known, paused_sites(con, loaded), notes, restorable_since(con))
    except FileUnusable as error:
        return _OwnPlace([Finding("warehouse", str(error)), *findings(loaded, None, waits_for_apply)])


def _notes(loaded: Project, con: Connection, *, is_behind: bool) -> list[str]:
    """What is asked for and has no effect, and store codes that only the file or only the records know (T10)."""
    if is_behind:
        return []
    topology = with_pauses(con, loaded).topology
    unnamed = unplaced_codes(topology, replicas.stores(con))[1]
    return [
        *idle(con, topology),
        *(f"store `{code}` has a record and topology.toml does not place it" for code in unnamed),
        *_unknown_tracers(loaded, con),
    ]


def _unknown_tracers(loaded: Project, con: Connection) -> list[str]:
    """What `[tracer]` names and no record has: it counts for nothing until one does."""
    if last_cycle(con) == 0:
        return []
    tracer = loaded.topology.tracer
    named = [("tracer.master_list", "master_list", [tracer.master_list] if tracer.master_list else [])]
    named += [("tracer.items", "item", list(tracer.items))]
    return [
        f"`{key}` in topology.toml names `{code}`, and there is no {table.replace('_', ' ')} with this code"
        for key, table, codes in named
        for code in replicas.codes_of_none(con, table, codes)
    ]
