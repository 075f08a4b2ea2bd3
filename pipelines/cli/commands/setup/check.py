"""`check`: what is wrong with the configuration and the sites, and how to mend it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from central.cycle.fitness import require_pullable
from central.cycle.known import Known, known_of
from central.own_place import CYCLES, TOPOLOGY, Finding, findings, open_to_read
from central.project import Project, ProjectError
from pipelines.cli.speech.command import command
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, show_json, show_table, talk
from sites.capture import identity, triggers
from sites.engines.connection import SiteDatabase, SiteFailed, Unreachable, open_site
from sites.schema.presence import Presence, presence
from sync_rules.table.ownership import STORE_RECORDS
from sync_rules.topology.placement import unplaced_codes
from sync_rules.topology.topology import Site
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

    with project(folder) as loaded:
        own, known, notes = _own_place(loaded)
        trouble = find_trouble(loaded.folder)
        if trouble:
            own.append(Finding("run history", f"{trouble}; until then cycles run without it", is_note=True))
        found = [_checked(loaded, site, known) for site in loaded.topology.sites]
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
        return 4 if {one["part"] for one in wrong} == {TOPOLOGY} else 3
    return int(any(one["problem"] and one["reached"] != "unreachable" for one in found))


def _own_place(loaded: Project) -> tuple[list[Finding], Known | None, list[str]]:
    """What is wrong with central's own place, what it knows of sites (None where that is not the latest), and notes on
    stores."""
    try:
        with open_to_read(loaded) as con:
            own = findings(loaded, con)
            is_behind = any(one.part == CYCLES for one in own)  # what sites have of later cycles is no sign then
            return (own, None, []) if is_behind else (own, known_of(con, loaded), _unplaced(loaded, con))
    except FileUnusable as error:
        return [Finding("warehouse", str(error)), *findings(loaded, None)], None, []


def _checked(loaded: Project, site: Site, known: Known | None) -> dict[str, Any]:
    """What is found at one site: engine, reached, captured tables, the first problem with its cure; what its version of
    the tables lacks and has besides."""
    found: dict[str, Any] = {
        "site": site.code, "engine": None, "reached": "ok", "captured": None, "problem": None, "notes": []
    }  # fmt: skip
    if not site.is_enabled:
        return {**found, "reached": "disabled"}
    try:
        with open_site(loaded.database_url(site), loaded.folder) as db:
            states = triggers.status(db, loaded.schema)
            missing = [state for state in states if not state.is_captured]
            here = presence(db, loaded.schema)
            notes = [*(f"{words}: not collected there" for words in here.words()), *here.further_words()]
            captured = f"{len(states) - len(missing)} of {len(states)}"
            found |= {"engine": db.engine, "captured": captured, "notes": notes}
            found["problem"] = _problem(db, site, here, [state.problem or state.table for state in missing])
            if not found["problem"] and known is not None:
                found["problem"] = "; ".join(require_pullable(loaded, known, db, site)) or None
    except Unreachable as error:
        cure = (
            f"; put it back, or make a new one: supplysync schema create {site.code}" if "no file" in str(error) else ""
        )
        return {**found, "reached": "unreachable", "problem": f"{error}{cure}"}
    except (SiteFailed, ProjectError) as error:
        return {**found, "reached": "failed", "problem": str(error)}
    except Exception as error:  # whatever a site's database holds, the others are looked at (P7)
        return {**found, "reached": "failed", "problem": f"unexpected {type(error).__name__} while looking at it"}
    return found


def _problem(db: SiteDatabase, site: Site, here: Presence, uncaptured: Sequence[str]) -> str | None:
    """The first thing that is wrong with a database that answers, with its cure."""
    own = identity.read_identity(db)
    if own is not None and own.site_id != site.id:
        return f"the database belongs to site `{own.site_code}`; point `database` at the right one"
    if STORE_RECORDS in here.absent:
        return f"table `{STORE_RECORDS}` is missing; make the tables: supplysync schema create {site.code}"
    if here.refused:
        causes = [one for one in here.refused if one in here.lacking or one in here.unwatched]  # not their dependents
        table = (causes or list(here.refused))[0]
        says_its_cure = table in here.unwatched and table not in here.lacking
        cure = "" if says_its_cure else "; bring the site's program up to date"
        return f"table `{table}` is not collected: {here.refused[table]}{cure}"
    return f"{uncaptured[0]}; run: supplysync capture install {site.code}" if uncaptured else None


def _unplaced(loaded: Project, con: Connection) -> list[str]:
    """Store codes that only the file or only the records know (T10)."""
    if last_cycle(con) == 0:
        return ["no cycle has run yet; next: supplysync sync"]
    without_record, unnamed = unplaced_codes(loaded.topology, replicas.stores(con))
    notes = [f"store `{code}` is placed by topology.toml and has no record yet" for code in without_record]
    return notes + [f"store `{code}` has a record and topology.toml does not place it" for code in unnamed]
