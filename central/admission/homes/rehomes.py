"""Patients and prescribers whom an operator gives another home store (O8, B33)."""

from __future__ import annotations

import polars as pl

from central.cycle_file import Cycle
from central.project import Project
from sync_rules.frame import FrameOf
from sync_rules.topology.frames import Placement, StoreKey
from sync_rules.topology.placement import home_sites
from sync_rules.words import DecisionKind
from warehouse.ledger.network.rehomes import close_rehomes, enter_rehome, open_rehomes
from warehouse.records.door import Records
from warehouse.records.home_stores import put_homes


def _enter(records: Records, cycle: Cycle) -> None:
    for one in cycle.decisions:
        if one.kind == DecisionKind.REHOME:
            table, _, store = (one.record_id or "").partition(":")
            enter_rehome(records.con, one.number, table, store, one.records)


def rehome(records: Records, project: Project, placed: FrameOf[Placement], cycle: Cycle) -> None:
    """Those whose home site was pulled in this cycle, so that what people did there came first, get their new home.
    Nobody's, and those of a site that is no site any more, get it at once. Once the changes of the cycle are judged."""
    _enter(records, cycle)
    asked = open_rehomes(records.con)
    if asked.is_empty():
        return
    homes = home_sites(project.topology, placed, StoreKey.check(asked.select(store_id="held_store")))["site_id"]
    pulled = [one.site_id for one in cycle.pulled]
    here = [site.id for site in project.topology.sites]
    is_free = pl.col("held_store").is_null() | ~pl.col("home").is_in(here) | pl.col("home").is_in(pulled)
    ready = asked.with_columns(homes.alias("home")).filter(is_free & pl.col("home").is_not_null())
    for (table,), group in ready.group_by("table_name", maintain_order=True):
        last = group.unique("record_id", keep="last", maintain_order=True)
        put_homes(records, str(table), last.select("record_id", owner="store_id"))
    close_rehomes(records.con, ready.select("number", "record_id"), cycle=cycle.number)
