"""A site, looked at before a cycle goes there: what keeps it from being pulled, and what mends it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from central.project import Project, ProjectError
from central.visits.damage import damage_told, emptied
from central.visits.fitness import require_pullable
from central.visits.known import Known
from sites.capture import identity, triggers
from sites.capture.identity import renewal
from sites.engines.connection import SiteDatabase, SiteFailed, Unreachable, open_site
from sites.schema.presence import Presence, presence
from sync_rules.table.ownership import STORE_RECORDS
from sync_rules.topology.topology import Site


def site_state(project: Project, site: Site, known: Known | None) -> dict[str, Any]:
    """What is found at one site: ``site``, ``engine``, ``reached`` (ok, disabled, unreachable, failed), ``captured``
    tables, the first ``problem`` with its cure, and ``notes`` on what its version of the tables lacks and has besides.
    ``known``: what central knows of sites, None where that is not the latest."""
    found: dict[str, Any] = {
        "site": site.code, "engine": None, "reached": "ok", "captured": None, "problem": None, "notes": []
    }  # fmt: skip
    if not site.is_enabled:
        return {**found, "reached": "disabled"}
    try:
        with (
            damage_told(site, was_pulled=_was_pulled(site, known)),
            open_site(project.database_url(site), project.folder) as db,
        ):
            states = triggers.status(db, project.schema)
            missing = [state for state in states if not state.is_captured]
            here = presence(db, project.schema)
            lacking = here.words() if STORE_RECORDS not in here.absent else ()  # then all are, and it is said at once
            notes = [*(f"{words}: not collected there" for words in lacking), *here.further_words()]
            captured = f"{len(states) - len(missing)} of {len(states)}"
            found |= {"engine": db.engine, "captured": captured, "notes": notes}
            found["problem"] = _problem(db, site, here, [state.problem or state.table for state in missing], known)
            if not found["problem"] and known is not None:
                found["problem"] = "; ".join(require_pullable(project, known, db, site)) or None
    except Unreachable as error:
        cure = cure_of_missing(site, known) if "no file" in str(error) else ""
        return {**found, "reached": "unreachable", "problem": f"{error}{cure}"}
    except (SiteFailed, ProjectError) as error:
        return {**found, "reached": "failed", "problem": str(error)}
    except Exception as error:  # whatever a site's database holds, the others are looked at (P7)
        return {**found, "reached": "failed", "problem": f"unexpected {type(error).__name__} while looking at it"}
    return found


def cure_of_missing(site: Site, known: Known | None) -> str:
    """What helps where a site's file is not there. ``known``: None where central cannot look just now."""
    if _had_another(site, known):
        return f"; put it back, or have a new one filled: `supplysync restore {site.code}`"
    if known is None:
        return (
            f"; if it was there, put it back, or have a new one filled: `supplysync restore {site.code}`; if the site "
            f"is new, make it there: `supplysync schema create {site.code}`"
        )
    return (
        f"; make it there: `supplysync schema create {site.code}`; or pack it, once it is applied, to carry it there: "
        f"`supplysync site package {site.code} -o FILE`"
    )


def _had_another(site: Site, known: Known | None) -> bool:
    found = known.sites.get(site.id) if known is not None else None
    return found is not None and found.identity is not None  # one that was tried and never pulled had none


def _was_pulled(site: Site, known: Known | None) -> bool | None:
    return known.was_pulled(site.id) if known is not None else None


def _problem(
    db: SiteDatabase, site: Site, here: Presence, uncaptured: Sequence[str], known: Known | None
) -> str | None:
    """The first thing that is wrong with a database that answers, with its cure. Raises SiteFailed where it is not the
    site's."""
    own = identity.read_identity(db)
    if own is not None and own.site_id != site.id:
        said = renewal(site.code, was_pulled=_was_pulled(site, known))
        raise SiteFailed(f"the database belongs to site `{own.site_code}`; {said}")
    if own is None and STORE_RECORDS in here.absent and _had_another(site, known):
        raise SiteFailed(emptied(site.code))
    if STORE_RECORDS in here.absent:
        return f"table `{STORE_RECORDS}` is missing; make the tables: `supplysync schema create {site.code}`"
    if here.refused:
        causes = [one for one in here.refused if one in here.lacking or one in here.unwatched]  # not their dependents
        table = (causes or list(here.refused))[0]
        says_its_cure = table in here.unwatched and table not in here.lacking
        cure = "" if says_its_cure else "; bring the site's program up to date"
        return f"table `{table}` is not collected: {here.refused[table]}{cure}"
    return f"{uncaptured[0]}; run: `supplysync capture install {site.code}`" if uncaptured else None
