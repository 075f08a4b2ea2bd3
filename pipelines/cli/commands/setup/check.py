"""`check`: what is wrong with the configuration and the sites, and how to mend it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from central.project import Project, ProjectError
from pipelines.cli.speech.command import command
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, show_json, show_table, talk
from sites import schema
from sites.capture import identity, triggers
from sites.engines.connection import SiteFailed, Unreachable, open_site
from sync_rules.topology.placement import unplaced_codes
from sync_rules.topology.topology import Site
from warehouse.connection import open_warehouse
from warehouse.ledger.cycles import last_cycle
from warehouse.records import replicas


@command()
@in_folder
@as_json
def check(folder: Path, as_json: bool) -> int:
    """Look at the configuration and at every site; says how to mend what it finds.

    \b
    Example: supplysync check -C demo-network
    """
    with project(folder) as loaded:
        found = [_checked(loaded, site) for site in loaded.topology.sites]
        notes = _unplaced(loaded)
    if as_json:
        show_json({"sites": found, "notes": notes})
    else:
        columns = {
            "site": "site",
            "engine": "engine",
            "reached": "reached",
            "captured": "captured",
            "problem": "problem",
        }
        show_table("Sites", columns, found)
        for note in notes:
            talk.print(f"note: {note}")
    return int(any(one["problem"] and one["reached"] != "unreachable" for one in found))


def _checked(loaded: Project, site: Site) -> dict[str, Any]:
    """What is found at one site: engine, reached, captured tables, the first problem with its cure."""
    found: dict[str, Any] = {"site": site.code, "engine": None, "reached": "ok", "captured": None, "problem": None}
    if not site.is_enabled:
        return {**found, "reached": "disabled"}
    try:
        with open_site(loaded.database_url(site), loaded.folder) as db:
            states = triggers.status(db, loaded.schema)
            missing = [state for state in states if not state.is_captured]
            drift = schema.drift(db)
            own = identity.read_identity(db)
            found |= {"engine": db.engine, "captured": f"{len(states) - len(missing)} of {len(states)}"}
    except Unreachable as error:
        cure = (
            f"; put it back, or make a new one: supplysync schema create {site.code}" if "no file" in str(error) else ""
        )
        return {**found, "reached": "unreachable", "problem": f"{error}{cure}"}
    except (SiteFailed, ProjectError) as error:
        return {**found, "reached": "failed", "problem": str(error)}
    if own is not None and own.site_id != site.id:
        found["problem"] = f"the database belongs to site `{own.site_code}`; point `database` at the right one"
    elif drift:
        found["problem"] = (
            f"{drift[0]}{f' and {len(drift) - 1} more' if len(drift) > 1 else ''}; bring the tables up to date"
        )
    elif missing:
        found["problem"] = f"{missing[0].problem or missing[0].table}; run: supplysync capture install {site.code}"
    return found


def _unplaced(loaded: Project) -> list[str]:
    """Store codes that only the file or only the records know (T10)."""
    with open_warehouse(loaded.warehouse, loaded.schema) as con:
        if last_cycle(con) == 0:
            return ["no cycle has run yet; next: supplysync sync"]
        without_record, unnamed = unplaced_codes(loaded.topology, replicas.stores(con))
    notes = [f"store `{code}` is placed by topology.toml and has no record yet" for code in without_record]
    return notes + [f"store `{code}` has a record and topology.toml does not place it" for code in unnamed]
