"""Repeats that were dispensed away from their homes (B33): what happened is admitted, and counted off at home.

Who may edit a repeat counts it off by himself. Where another site dispenses of it, the prescription is its own and is
admitted; its edit of the repeat is refused. So central tells the home site how often that was, with the next change
set, and the home site counts it off, as its own edit (as in X3). What people counted at home stays so, wherever that is
later. What came with a first contact is not counted: nobody knows whether it was.
"""

from __future__ import annotations

import polars as pl

from central.project import Project
from sync_rules.frame import FrameOf
from sync_rules.topology.frames import Placement, StoreKey
from sync_rules.topology.placement import home_sites, placement
from warehouse.connection import Connection
from warehouse.ledger.dispensing import repeats
from warehouse.ledger.dispensing.frames import NewCount, RepeatLine
from warehouse.records import replicas

_LINE = ["line_id", "repeat_id"]


def count_repeats(con: Connection, project: Project, admitted: pl.DataFrame, *, cycle: int) -> None:
    """Enters what is to be counted off repeats by what was ``admitted`` of a batch (table_name, record_id, is_snapshot,
    is_held, held_owner, document, held_document) and is written. What a prescription dispenses of a repeat is one
    count, however many lines (batches) it takes.

    By the homes that the batch was judged by, so that a count-down is either admitted or entered here: called before
    anything that follows from the batch gives people another home.
    """
    changes = admitted.filter(pl.col("table_name").is_in(["prescription", "prescription_line"]))
    if changes.is_empty():
        return
    touched = repeats.touched_lines(con, changes)
    counted = repeats.counted_lines(con, touched)
    known = counted.filter((pl.col("times") > 0) | pl.col("is_settled"))
    now = _once(_as_judged(repeats.lines_with_repeats(con, touched), admitted), known)
    new = (
        _where(project, now, placement(project.topology, replicas.stores(con)))
        .join(known, on=_LINE, how="anti", maintain_order="left")
        .join(touched, on="line_id")
    )
    back = counted.filter(pl.col("times") > 0).join(now, on=_LINE, how="anti", maintain_order="left")
    times = pl.when(pl.col("is_at_home") | pl.col("is_history")).then(0).otherwise(1).cast(pl.Int64)
    counts = pl.concat(
        [
            new.select(*_LINE, times=times, is_at_home="is_at_home"),
            back.select(*_LINE, times=-pl.col("times"), is_at_home=False),
        ]
    )
    repeats.put_counts(con, NewCount.check(counts), cycle=cycle)


def _once(lines: FrameOf[RepeatLine], known: pl.DataFrame) -> FrameOf[RepeatLine]:
    """Of the lines of a prescription that name one repeat the one that counts: what is known of one stays so."""
    is_known = known.select(*_LINE, is_known=pl.lit(value=True))
    joined = lines.join(is_known, on=_LINE, how="left", maintain_order="left")
    first = joined.sort("prescription_id", "repeat_id", "is_known", "line_id", nulls_last=True)
    return RepeatLine.take(first.unique(["prescription_id", "repeat_id"], keep="first", maintain_order=True))


def _as_judged(lines: FrameOf[RepeatLine], admitted: pl.DataFrame) -> FrameOf[RepeatLine]:
    """The lines with the homes that their patients had before the batch, which may be giving them another one."""
    edited = admitted.filter((pl.col("table_name") == "patient") & pl.col("is_held"))
    before = edited.select(patient_id="record_id", judged_home="held_owner", is_edited=pl.lit(True))
    home = pl.when("is_edited").then("judged_home").otherwise("home_store")
    return RepeatLine.take(
        lines.join(before, on="patient_id", how="left", maintain_order="left").with_columns(home_store=home)
    )


def _where(project: Project, lines: FrameOf[RepeatLine], placed: FrameOf[Placement]) -> pl.DataFrame:
    """Those of the lines of which it is known whether they were dispensed where the repeat is edited: is_at_home."""
    stores = StoreKey.check(lines.select(store_id="home_store"))
    homes = home_sites(project.topology, placed, stores)["site_id"].alias("home_site")
    where = placed.select("store_id", "active_site")
    is_at_home = pl.lit(project.topology.options.repeats_anywhere) | (pl.col("home_site") == pl.col("active_site"))
    joined = lines.with_columns(homes).join(where, on="store_id", how="left", maintain_order="left")
    return joined.with_columns(is_at_home=is_at_home).filter(pl.col("is_at_home").is_not_null())


def counts_to_send(con: Connection, project: Project, sites: list[int]) -> pl.DataFrame:
    """site_id, line_id, repeat_id, times: what is to be counted at those of ``sites`` where the repeats' homes are."""
    due = repeats.counts_due(con, sites)
    if due.is_empty():
        return due.select("line_id", "repeat_id", "times", site_id=pl.lit(None, pl.Int64))
    placed = placement(project.topology, replicas.stores(con))
    homes = home_sites(project.topology, placed, StoreKey.check(due.select(store_id="home_store")))
    is_counted = pl.col("times").sum().over("repeat_id") != 0
    found = due.with_columns(homes["site_id"]).filter(pl.col("site_id").is_in(sites) & is_counted)
    return found.select("line_id", "repeat_id", "times", "site_id")
