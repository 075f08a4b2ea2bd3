"""What happened to a record, from the ledger and the kept change sets (O7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from central.project import Project
from sync_rules.codes import SKIPS
from sync_rules.for_people.reasons import reason_words
from sync_rules.mentions import MERGE_TABLES
from sync_rules.topology.topology import Site
from sync_rules.words import ChangeSetState, EntryKind, Skip
from warehouse.connection import Connection, first
from warehouse.ledger import history
from warehouse.ledger.sites import known_sites
from wire import change_set


@dataclass(frozen=True)
class HistoryEntry:
    """An entry of the central sequence about the record; ``words`` say what it is."""

    seq: int
    cycle: int
    at: datetime | None
    kind: str
    op: str
    maker: str | None
    for_site: str | None
    for_site_id: int | None
    words: str


@dataclass(frozen=True)
class SentRecord:
    """A change set that brought the record to a site or took it away; ``why`` it was skipped there, if it was."""

    site: str
    number: int
    cycle: int
    op: str
    state: str
    answered_at: datetime | None
    why_skipped: str | None
    error: str | None


@dataclass(frozen=True)
class HeldBack:
    """A change of the record that was not admitted at once, and what became of it."""

    id: int
    site: str
    op: str
    verdict: str
    reason: str
    rule: str
    words: str
    state: str
    first_seen_at: datetime
    first_cycle: int
    closed_cycle: int | None
    note: str | None
    closed_by: str | None


@dataclass(frozen=True)
class MergedInto:
    """What a record was merged into, by which merge, made where and in which cycle."""

    kept_id: str
    merge_table: str
    merge_id: str | None
    made_by: str | None
    cycle: int | None


def _codes(con: Connection, project: Project) -> dict[int, str]:
    """The code of each site that is or was in the topology."""
    was = {site_id: one.site_code for site_id, one in known_sites(con).items()}
    return {**was, **{site.id: site.code for site in project.topology.sites}}


def entries(con: Connection, project: Project, table: str, record_id: str) -> tuple[HistoryEntry, ...]:
    """The record's entries in the central sequence, in order."""
    codes = _codes(con, project)
    found, is_there = [], False
    for row in history.entries(con, table, record_id).to_dicts():
        maker = None if row["maker"] is None else codes.get(row["maker"], f"site {row['maker']}")
        for_site = codes.get(row["for_site"])
        words = _words(row["kind"], row["op"], maker, for_site or f"site {row['for_site']}", is_there)
        is_there = row["op"] == "upsert" if row["kind"] in (EntryKind.CHANGE, EntryKind.RESCOPE) else is_there
        found.append(HistoryEntry(row["seq"], row["cycle"], row["at"], row["kind"], row["op"], maker, for_site,
                           row["for_site"], words))  # fmt: skip
    return tuple(found)


def _words(kind: str, op: str, maker: str | None, for_site: str, is_there: bool) -> str:
    if kind == EntryKind.CHANGE and maker is None:
        return {"delete": "removed by central", "upsert": "altered by central" if is_there else "made by central"}[op]
    if kind == EntryKind.CHANGE and op == "delete":
        return f"deleted by {maker}"
    if kind == EntryKind.CHANGE:
        return f"{'changed' if is_there else 'made'} by {maker}"
    if kind == EntryKind.RESCOPE and op == "delete":
        where = f"it stays at {maker}" if maker else "it stays where it was made"
        return f"left the warehouse and the other sites: {where}, and leaves it no longer"
    words: dict[str, str] = {
        EntryKind.RESCOPE: "belongs elsewhere now: with its document or store, or by a changed rule",
        EntryKind.ADOPT: f"{for_site} had the very same row",
        EntryKind.CORRECT: f"{for_site}'s copy is put right",
        EntryKind.REMOVE: f"to be removed at {for_site}, unless it belongs there",
        EntryKind.RETRY: f"to be tried again at {for_site}, which left it alone",
        EntryKind.RESEND: f"to be sent to {for_site} again",
    }
    return words[kind]


def sent(
    con: Connection, project: Project, table: str, record_id: str, sites: Sequence[Site]
) -> tuple[SentRecord, ...]:
    """The change sets of ``sites`` that have the record."""
    codes = _codes(con, project)
    sets = history.change_sets(con, [site.id for site in sites]).to_dicts()
    folders = {project.change_sets / row["path"]: row for row in sets}
    skipped = {(row["site_id"], row["number"]): row for row in history.skipped(con, table, record_id).to_dicts()}
    has = change_set.change_sets_with(list(folders), table, record_id)
    found = []
    for folder, row in folders.items():
        if folder in has:
            skip = skipped.get((row["site_id"], row["number"]))
            error = row["answer"] if row["state"] == ChangeSetState.FAILED else None
            found.append(SentRecord(codes[row["site_id"]], row["number"], row["cycle"], has[folder], row["state"],
                                 row["answered_at"], _why(skip) if skip else None, error))  # fmt: skip
    return tuple(sorted(found, key=lambda one: (one.cycle, one.site)))


def _why(skip: Mapping[str, Any]) -> str:
    """Why a row was not taken, with the database's own words."""
    known = SKIPS.get(skip["why"])
    words = f"{skip['why']}, {known.explanation}" if known else str(skip["why"])
    return f"{words} ({skip['said']})" if skip["said"] else words


def left_behind(con: Connection, table: str, record_id: str) -> set[int]:
    """The sites that still have the record because something there refers to it."""
    found = history.skipped(con, table, record_id).to_dicts()
    return {row["site_id"] for row in found if row["is_open"] and row["why"] == Skip.STILL_REFERENCED}


def held_back(con: Connection, project: Project, table: str, record_id: str, sites: set[int]) -> tuple[HeldBack, ...]:
    """The quarantine's entries about the record, of ``sites``."""
    codes, found = _codes(con, project), []
    for row in history.held_back(con, table, record_id).to_dicts():
        if row["site_id"] not in sites:
            continue
        said = reason_words(row.pop("reason"))
        site_id = row.pop("site_id")
        site = codes.get(site_id, f"site {site_id}")
        row.pop("cycle")
        found.append(HeldBack(site=site, reason=said.code, rule=said.rule, words=said.words, **row))
    return tuple(found)


def merged_into(con: Connection, project: Project, table: str, record_id: str) -> MergedInto | None:
    """What the record was merged into; None where it was not."""
    merges = {kept: merge for merge, kept in MERGE_TABLES.items()}
    if table not in merges:
        return None
    rows = history.merged_into(con, table, record_id, merges[table]).to_dicts()
    if not rows:
        return None
    [row] = rows
    made_by = _codes(con, project).get(row["maker"])
    return MergedInto(row["kept_id"], merges[table], row["merge_id"], made_by, row["cycle"])


def as_of(con: Connection) -> datetime | None:
    """When the last cycle began."""
    row = first(con, "select max(started_at) from ledger.cycle")
    return row[0] if row else None
