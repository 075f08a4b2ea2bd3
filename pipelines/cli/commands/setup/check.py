"""`check`: what is wrong with the configuration and the sites, and how to mend it."""

from __future__ import annotations

from pathlib import Path

from central.cycle.known import Known, known_of
from central.own_place import CYCLES, Finding, findings, open_to_read
from central.project import Project
from central.site_state import site_state
from pipelines.cli.speech.command import command
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, show_json, show_table, talk
from sync_rules.topology.placement import unplaced_codes
from warehouse.connection import Connection
from warehouse.ledger.cycles import last_cycle
from warehouse.records import replicas
from wire.file_errors import FileUnusable


@command()
@in_folder
@as_json
def check(folder: Path, as_json: bool) -> int:
    """Look at the configuration and at every site; says how to mend what it finds.

    \b
    Example: supplysync check -C demo-network
    """
    from pipelines.run_history import find_trouble  # Dagster is slow to load and few commands need it

    with project(folder) as in_force:
        loaded = in_force.as_wanted()
        own, known, notes = _own_place(loaded, in_force.waits_for_apply)
        trouble = find_trouble(loaded.folder)
        if trouble:
            own.append(Finding("run history", f"{trouble}; until then cycles run without it", is_note=True))
        found = [site_state(loaded, site, known) for site in loaded.topology.sites]
    wrong = [{"part": one.part, "problem": one.text} for one in own if not one.is_note]
    notes = [f"{one['site']}: {note}" for one in found for note in one["notes"]] + notes
    notes += [one.text for one in own if one.is_note]
    if as_json:
        show_json({"central": wrong, "sites": found, "notes": notes})
    else:
        if wrong:
            show_table("Central", {"part": "part", "problem": "problem"}, wrong)
        show_table("Sites", {key: key for key in ("site", "engine", "reached", "captured", "problem")}, found)
        for note in notes:
            talk.print(f"note: {note}")
    if wrong:
        return 3
    return int(any(one["problem"] and one["reached"] != "unreachable" for one in found))


def _own_place(loaded: Project, waits_for_apply: str | None) -> tuple[list[Finding], Known | None, list[str]]:
    """What is wrong with central's own place, what it knows of sites (None where that is not the latest), and notes on
    stores."""
    try:
        with open_to_read(loaded) as con:
            own = findings(loaded, con, waits_for_apply)
            is_behind = any(one.part == CYCLES for one in own)  # what sites have of later cycles is no sign then
            return (own, None, []) if is_behind else (own, known_of(con, loaded), _unplaced(loaded, con))
    except FileUnusable as error:
        return [Finding("warehouse", str(error)), *findings(loaded, None, waits_for_apply)], None, []


def _unplaced(loaded: Project, con: Connection) -> list[str]:
    """Store codes that only the file or only the records know (T10)."""
    if last_cycle(con) == 0:
        return ["no cycle has run yet; next: supplysync sync"]
    without_record, unnamed = unplaced_codes(loaded.topology, replicas.stores(con))
    notes = [f"store `{code}` is placed by topology.toml and has no record yet" for code in without_record]
    return notes + [f"store `{code}` has a record and topology.toml does not place it" for code in unnamed]
