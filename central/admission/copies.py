"""Rows that a site merely has: read whole, they are no edits, and what becomes of them is nobody's mistake (P9, B4)."""

from __future__ import annotations

import polars as pl

from central.cycle_file import Cycle
from central.frames import EntryKey
from central.project import Project
from sync_rules.codes import codes_of
from sync_rules.frame import FrameOf
from sync_rules.frames import CHANGE, RECORD, MergedRecord
from sync_rules.table.policies import Authority
from sync_rules.table.rules import RULES
from sync_rules.topology.placement import placement
from sync_rules.version import rules_version
from sync_rules.words import Op, Verdict
from warehouse.batch.gather import Batch, Comparison
from warehouse.connection import Connection
from warehouse.frames import ReadWhole
from warehouse.records import replicas
from warehouse.records.door import Records

_WAITING = codes_of(Verdict.WAITING)
_OF_STORES = [table for table in sorted(RULES) if RULES[table].authority is Authority.OWNER]


def without_listed(batch: Batch, found: Comparison) -> Batch:
    """The batch without rows that were read again after a gap in capture and are on the list as they are (B57): they
    were judged, and others are judged by what central holds instead of them."""
    return batch.without(batch.changes.filter("is_compared").join(found.listed, on=CHANGE, how="semi"))


def without_old_copies(
    con: Connection, batch: Batch, project: Project, since: FrameOf[ReadWhole], merged: FrameOf[MergedRecord]
) -> Batch:
    """The batch without rows read whole that differ from what central has since: what is to be delivered to their site
    goes over them, and nobody made them now (P9). What was merged away is judged: no site keeps it (B35)."""
    behind = batch.changes.join(since.filter("is_behind"), on="entry", how="semi", maintain_order="left")
    behind = behind.join(merged, left_on=RECORD, right_on=["table_name", "merged_id"], how="anti")
    equal = equal_to_held(con, batch, behind, project)
    return batch.without(behind.join(equal, on="entry", how="anti"))


def moot(changes: pl.DataFrame, since: FrameOf[ReadWhole], cycle: Cycle) -> pl.DataFrame:
    """Of judged changes those that are neither admitted nor wrong: pulled, or kept waiting, by rules under which they
    left their site, where they stay now; and copies of what left the warehouse."""
    is_of_before = (
        pl.when(pl.col("waiting_since").is_null())
        .then(pl.lit(cycle.rules_version != rules_version()))
        .otherwise(pl.col("was_reason").is_in(_WAITING))  # what was rejected may be the last copy (A2)
    )
    withdrawn = since.filter("is_withdrawn")["entry"].implode()
    is_refused = (pl.col("verdict") == str(Verdict.REJECTED)) & (pl.col("reason") != "merged_away")
    is_copy = pl.col("entry").is_in(withdrawn) & is_refused
    return changes.filter(((pl.col("reason") == "local_data") & is_of_before) | is_copy)


def copies_of_arrivals(changes: pl.DataFrame) -> pl.DataFrame:
    """Entry of rows read whole whose record another site brings in the same batch: judged once it is held (B4)."""
    arriving = changes.filter((pl.col("reason") == "authorised") & (pl.col("op") == "upsert"))
    copies = changes.filter(pl.col("is_snapshot") & ~pl.col("is_held") & (pl.col("verdict") == str(Verdict.REJECTED)))
    return copies.join(arriving, on=RECORD, how="semi").select("entry")


def equal_to_held(con: Connection, batch: Batch, changes: pl.DataFrame, project: Project) -> FrameOf[EntryKey]:
    """The upserts among ``changes`` whose rows are central's own."""
    found: list[pl.DataFrame] = [EntryKey.empty()]
    is_comparable = pl.col("malformed").is_null() & pl.col("table_name").is_in(list(project.schema.tables))
    upserts = changes.filter((pl.col("op") == "upsert") & is_comparable)
    for (table,), group in upserts.group_by("table_name", maintain_order=True):
        rows = batch.rows_of(str(table), group.select("site_id", "record_id"))
        equal = replicas.equal_rows(con, str(table), rows, project.schema)
        found.append(group.join(equal, on=["site_id", "record_id"], how="semi").select("entry"))
    return EntryKey.check(pl.concat(found))


def copies_of_others(records: Records, project: Project, rejected: pl.DataFrame) -> pl.DataFrame:
    """Those of ``rejected`` that were read whole at a site where the store whose data they are is not: copies, as in a
    copied database, that differ from what they were copied from (B4). Patients and prescribers stay: people may have
    met them there."""
    found = rejected.filter(
        pl.col("reason") == "differs_at_first_contact",
        pl.col("op") == str(Op.UPSERT),
        pl.col("table_name").is_in(_OF_STORES),
        pl.col("new_owner").is_not_null(),
    )
    if found.is_empty():
        return found
    placed = placement(project.topology, replicas.stores(records.con))
    stores = placed.select(new_owner="store_id")
    here = placed.select(new_owner="store_id", site_id="active_site")
    return found.join(stores, on="new_owner", how="semi", maintain_order="left").join(
        here, on=["new_owner", "site_id"], how="anti", maintain_order="left"
    )
