"""What the changes that wait are waiting for, and what keeps a merge from being made, in words (A1, B35)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import polars as pl

from central.admission.context import held_for
from central.moves.under_way import with_moves
from central.project import Project
from sync_rules.table.rules import RULES
from sync_rules.topology.frames import SiteRank
from sync_rules.topology.placement import placement
from sync_rules.topology.topology import admission_groups
from warehouse.batch.gather import Batch, gather
from warehouse.batch.waiting_rows import waiting_changes
from warehouse.connection import Connection
from warehouse.ledger import people, quarantine, transfers
from warehouse.ledger.merges import merged_records
from warehouse.records import replicas

_REFERENCES = ("reference_missing", "parent_missing")
_STORES = ("store_unknown", "store_not_placed", "store_moving")
_SHOWN = 9


def missing(con: Connection, project: Project) -> Mapping[int, str]:
    """For each waiting change, by its entry's id, what has to come; read from the batch as the next cycle sees it."""
    project = with_moves(con, project)
    ranks = SiteRank.check(pl.concat(admission_groups(project.topology)))
    batch = gather(con, [], ranks, project.schema, merged_records(con), waiting_changes(con, []))
    waiting = batch.changes.filter(pl.col("waiting_since").is_not_null())
    if waiting.is_empty():
        return {}
    held = held_for(con, batch)
    open_entries = quarantine.open_entries(con, with_waiting=True)
    ids = {(row["site_code"], row["table_name"], row["record_id"]): row["id"] for row in open_entries.to_dicts()}
    for_others = open_entries.filter(pl.col("reason") == "document_waits")["id"].to_list()  # these need nothing else
    codes = {site.id: site.code for site in project.topology.sites}
    lacking = _references(batch, held)
    stores = _stores(con, project)
    said: dict[int, str] = {}
    for row in waiting.to_dicts():
        site = codes[row["site_id"]]
        reason, entry = row["was_reason"], row["waiting_since"]
        if reason in _REFERENCES:
            named = [(one, ids.get((site, *one))) for one in lacking.get(row["entry"], ())]
            said[entry] = ", ".join(f"{one[0]} {one[1]}{_see(at)}" for one, at in named if at not in for_others)
        elif reason in _STORES:
            said[entry] = _store(row, held, stores)
        elif reason == "waits_for_receiver":
            said[entry] = _receiver(con, row, stores)
        elif reason == "document_waits":
            said[entry] = _others(row, waiting, open_entries, site)
    return {entry: words for entry, words in said.items() if words}


def in_the_way(con: Connection, entry: Mapping[str, Any]) -> str | None:
    """What keeps a refused merge of two names from being made (B35): what says that the one's store deals with the
    other, now; None for any other entry, and where nothing does any more."""
    if entry["reason"] != "own_customer" or not entry["site_row"]:
        return None
    row = json.loads(entry["site_row"])
    names = {row["kept_id"]: row["merged_id"], row["merged_id"]: row["kept_id"]}
    stores = {store: (name, code) for store, code, name, *_ in replicas.stores(con).iter_rows() if name in names}
    asked = pl.Series("name_id", list(names), dtype=pl.String).to_frame()
    found = [
        f"{table} {record_id} of store {stores[store][1]}"
        for table, record_id, store, name in people.dealings(con, asked).iter_rows()
        if store in stores and names[stores[store][0]] == name
    ]
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return f"{', '.join(found[:_SHOWN])}{more}" if found else None


def _see(entry: int | None) -> str:
    return f" (held back itself: {entry})" if entry is not None else ""


def _references(batch: Batch, held: pl.DataFrame) -> dict[int, list[tuple[str, str]]]:
    """By change, the records it refers to that central does not hold."""
    here = held.select(parent_table="table_name", parent_id="record_id")
    lacking = batch.references.join(here, on=["parent_table", "parent_id"], how="anti").sort(
        "parent_table", "parent_id"
    )
    found: dict[int, list[tuple[str, str]]] = {}
    for entry, table, record in lacking.select("entry", "parent_table", "parent_id").iter_rows():
        found.setdefault(entry, []).append((table, record))
    return found


def _stores(con: Connection, project: Project) -> Mapping[str, str]:
    return dict(placement(project.topology, replicas.stores(con)).select("store_id", "store_code").iter_rows())


def _store(row: Mapping[str, Any], held: pl.DataFrame, stores: Mapping[str, str]) -> str:
    """The store that decides: the one the row names, or that of whom or what it is part of."""
    rule = RULES[row["table_name"]].table
    owner: str | None = row["owner"]
    if rule.subject and rule.subject != row["table_name"]:
        owner = _owner(held, rule.subject, row["about"]) or owner
    if owner is None and rule.parent:
        owner = _owner(held, rule.parent, row["document"])
    owner = owner or _owner(held, row["table_name"], row["record_id"])
    if owner is None:
        return "the store of what it belongs to"
    if owner in stores and row["was_reason"] == "store_moving":
        return f"store {stores[owner]} to arrive where it goes: `supplysync moves list`"
    if owner in stores:
        return f"topology.toml to place store {stores[owner]}"
    return f"the record of store {owner}"


def _receiver(con: Connection, row: Mapping[str, Any], stores: Mapping[str, str]) -> str:
    """The store whose half has to come back."""
    key = pl.DataFrame({"table_name": [row["table_name"]], "record_id": [row["record_id"]]})
    first = transfers.of_halves(con, key).filter(pl.col("record_id") == row["record_id"])["to_store"].to_list()
    named = ", ".join(stores.get(store, store) for store in first)
    return f"the site of store {named} to be pulled, where its half is taken back unless {named} took it in"


def _owner(held: pl.DataFrame, table: str, record_id: str | None) -> str | None:
    found = held.filter((pl.col("table_name") == table) & (pl.col("record_id") == record_id))["owner"]
    return found.item() if len(found) == 1 else None


def _others(row: Mapping[str, Any], waiting: pl.DataFrame, open_entries: pl.DataFrame, site: str) -> str:
    """The other parts of the document that are held back, other than for this one's sake."""
    header = RULES[row["table_name"]].table.parent or row["table_name"]
    tables = [name for name, rule in RULES.items() if header in (name, rule.table.parent)]
    parts = waiting.filter((pl.col("document") == row["document"]) & pl.col("table_name").is_in(tables))
    ids = parts.filter(pl.col("was_reason") != "document_waits")["waiting_since"].sort().to_list()
    rejected = open_entries.filter(
        (pl.col("site_code") == site) & (pl.col("verdict") == "rejected") & pl.col("table_name").is_in(tables)
    )
    ids += rejected.filter(pl.col("record_id") == row["document"])["id"].to_list()
    named = ", ".join(str(one) for one in dict.fromkeys(ids))
    return f"the other parts of {header} {row['document']}{f' ({named})' if named else ''}"
