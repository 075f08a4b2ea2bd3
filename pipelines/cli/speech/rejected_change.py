"""One change that was not admitted, as `rejected show` shows it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from central.explain.record import editors
from central.explain.waits import in_the_way, missing
from central.project import Project
from pipelines.cli.clock import moment_named
from pipelines.cli.speech.output import show_table
from sync_rules.for_people.reasons import reason_words
from sync_rules.for_people.runbooks import page_of, to_read
from sync_rules.words import DecisionKind, QuarantineState, Verdict
from warehouse.connection import Connection
from warehouse.ledger import quarantine

_OUTCOMES = {
    QuarantineState.OPEN: "open: nobody has dealt with it",
    QuarantineState.ADMITTED: "admitted in the end",
    QuarantineState.CLOSED: "closed: a later change of the record was admitted",
    QuarantineState.SUPERSEDED: "closed: a later change took its place",
    QuarantineState.DISCARDED: "discarded",
}
_KINDS = {
    DecisionKind.ADMIT: "judge it again",
    DecisionKind.DISCARD: "discard it",
    DecisionKind.DISCARD_AT_SITE: "discard it and remove it at the site",
}


_HELD_BACK = re.compile(r"\((?:held back itself: )?(\d+)\b[\d, ]*\)")


@dataclass(frozen=True)
class AsOfNow:
    """What holds of a change now: what it waits for and what is in the way of it, in words; the codes of the sites that
    may edit the record. Each None where there is no such thing."""

    waits_for: str | None
    in_the_way: str | None
    may_edit: Sequence[str] | None

    @property
    def held_back(self) -> int | None:
        """The first change of those that it waits for that is held back itself, by number."""
        found = _HELD_BACK.search(self.waits_for or "")
        return int(found[1]) if found else None


def as_of_now(con: Connection, loaded: Project, entry: Mapping[str, Any]) -> AsOfNow:
    """What holds now of the change that is ``entry`` of the quarantine."""
    is_open, table = entry["state"] == QuarantineState.OPEN, entry["table_name"]
    return AsOfNow(
        missing(con, loaded).get(entry["id"]) if is_open and entry["verdict"] == Verdict.WAITING else None,
        in_the_way(con, entry) if is_open else None,
        editors(con, loaded, table, entry["record_id"]) if table in loaded.schema.tables else None,
    )


def show_versions(versions: Mapping[str, dict[str, Any] | None]) -> None:
    """The row as the `site` and as `central` had it when the change was judged, column by column."""
    columns = sorted((versions["site"] or {}).keys() | (versions["central"] or {}).keys())
    rows = [
        {"column": name, **{side: (row or {}).get(name) for side, row in versions.items()},
         "differs": "*" if _differs(versions, name) else ""}
        for name in columns
    ]  # fmt: skip
    if rows:
        heading = {"differs": "", "column": "column", "site": "at the site", "central": "at central"}
        show_table("\nBoth versions, as they were then", heading, rows)


def _differs(versions: Mapping[str, dict[str, Any] | None], name: str) -> bool:
    site, central = versions["site"], versions["central"]
    return bool(site and central) and (site or {}).get(name) != (central or {}).get(name)


def show_entry(entry: Mapping[str, Any], decided: Sequence[Mapping[str, Any]], today: AsOfNow) -> None:
    """What it was, why it was not admitted, who may edit the record now, and what was decided about it."""
    said = reason_words(entry["reason"])
    rule = f" ({said.rule})" if said.rule else ""
    is_closed = entry["state"] != QuarantineState.OPEN
    facts = [
        ("what", f"{entry['op']} of {entry['table_name']} {entry['record_id']} at {entry['site_code']}"),
        ("verdict", f"{entry['verdict']}: {entry['reason']}, {said.words}{rule}"),
        ("may edit", _editors(today.may_edit)),
        ("what to do", to_read(page) if (page := page_of(entry["reason"])) else ""),
        ("malformed", entry["malformed"] or ""),
        ("waits for", today.waits_for or ""),
        ("in the way", today.in_the_way or ""),
        ("first seen", f"{moment_named(entry['first_seen_at'])}, cycle {entry['first_cycle']}"),
        ("last judged", f"{moment_named(entry['last_seen_at'])}, cycle {entry['cycle']}"),
        ("now", _OUTCOMES.get(entry["state"], entry["state"])),
        ("since", f"cycle {entry['closed_cycle']}" if is_closed and entry["closed_cycle"] else ""),
        ("by", entry["closed_by"] or ""),
        ("note", entry["note"] or ""),
    ]
    for one in decided:
        when = f"in cycle {one['cycle']}" if one["cycle"] else "in the next cycle"
        facts.append(
            ("decision", f"{_KINDS.get(one['kind'], one['kind'])} {when}, by {one['decided_by']}: {one['reason']}")
        )
    rows = [{"key": key, "value": value} for key, value in facts if value]
    show_table(f"Change {entry['id']}", {"key": "", "value": ""}, rows)


def _editors(sites: Sequence[str] | None) -> str:
    """Who may edit the record as it is now; nothing where central has none."""
    if sites is None:
        return ""
    return f"{', '.join(sites)}, as things are now" if sites else "nobody, as things are now"


def columns_put_back(con: Connection, loaded: Project, entry: Mapping[str, Any]) -> list[str]:
    """The columns that central changed since, and that would become again what the site had."""
    if entry["op"] != "upsert" or entry["central_row"] is None:
        return []
    then = json.loads(entry["central_row"])
    held = json.loads(quarantine.central_row(con, entry["table_name"], entry["record_id"], loaded.schema) or "null")
    site = json.loads(entry["site_row"] or "null")
    if not held or not site:
        return []
    return [name for name in held if held[name] != then.get(name) and held[name] != site.get(name)]
