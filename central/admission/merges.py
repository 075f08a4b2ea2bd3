"""Merges of records, as central does them: references move, joins collapse, the merged record goes (section 7)."""

from __future__ import annotations

import polars as pl

from central.admission.records import alter, entries, rescope_lines, take_away, turned
from central.project import Project
from sync_rules.frames import MERGED as MERGED_FRAME
from sync_rules.mentions import JOINS, MERGED
from sync_rules.table.data_types import RULES
from sync_rules.table.policies import Authority
from sync_rules.verdicts.merges import resolved
from warehouse.batch.gather import Batch
from warehouse.connection import Connection
from warehouse.records import merges, replicas
from warehouse.records.sequence import append_entries

KEY = ["table_name", "record_id"]
# every site has these merges and moves its own references by them; it is sent no more than what else changed
_EVERYWHERE = [table for merge, table in MERGED.items() if RULES[merge].authority is Authority.PRIMARY]


def merge_records(con: Connection, project: Project, batch: Batch, admitted: pl.DataFrame, cycle: int) -> None:
    """Does the merges among the ``admitted`` changes of a batch, and collapses the joins that late rows made equal."""
    upserts = admitted.filter(pl.col("op") == "upsert")
    new = (
        batch.merges.join(upserts.select("entry", *KEY, "site_id"), on="entry")
        .with_columns(merge_table="table_name", table_name=pl.col("table_name").replace(dict(MERGED)))
        .sort("entry")
    )
    late = upserts.filter("is_rewritten").select(KEY)
    if new.is_empty():
        _collapse(con, late, cycle)
        return
    known = resolved(merges.merged(con), new.select(list(MERGED_FRAME)))
    merges.put_merged(con, known)
    gone = replicas.held(con, new.select("table_name", record_id="merged_id").unique())
    merges.remember_holders(con, gone.filter(~pl.col("table_name").is_in(_EVERYWHERE)))
    touched = [late]
    for (table,), pairs in (
        known.join(new.select("table_name", "merged_id"), on=["table_name", "merged_id"], how="semi")
        .sort("table_name", "merged_id")
        .group_by("table_name", maintain_order=True)
    ):
        moved = merges.move_references(con, project.schema, str(table), pairs)
        _alter(con, _worth_sending(moved, str(table)), known, cycle)
        touched.append(moved)
    _collapse(con, pl.concat(touched).unique(), cycle)
    take_away(con, gone, cycle)
    left = merges.left_behind(con, gone.select(KEY)).with_columns(held_scopes=pl.lit([], pl.List(pl.String)))
    append_entries(con, entries(left, "retry", for_site=True), cycle)  # once nothing names it there it can go
    # its maker does it too, when it gets its own merge back
    back = upserts.join(new.select("entry"), on="entry", how="semi")
    append_entries(con, entries(back, "correct", for_site=True), cycle)


def _worth_sending(moved: pl.DataFrame, table: str) -> pl.DataFrame:
    if table not in _EVERYWHERE:
        return moved
    return moved.filter(pl.col("table_name").is_in([*MERGED, *(join.table for join in JOINS)]))


def _alter(con: Connection, moved: pl.DataFrame, known: pl.DataFrame, cycle: int) -> None:
    """Rows that name the kept record now, and the lines of documents among them."""
    if moved.is_empty():
        return
    held = replicas.held(con, moved)
    subjects = {name: rule.table.subject or _about(name) for name, rule in RULES.items()}
    renamed = known.select(subject="table_name", about="merged_id", kept_id="kept_id")
    records = (
        held.with_columns(subject=pl.col("table_name").replace_strict(subjects, default=None))
        .join(renamed, on=["subject", "about"], how="left", maintain_order="left")
        .with_columns(new_owner="owner", new_about=pl.coalesce("kept_id", "about"), new_part="part")
        .drop("subject", "kept_id")
    )
    alter(con, records, cycle)
    before = records.with_columns(
        op=pl.lit("upsert"), is_held=True, held_owner="owner", held_about="about", held_part="part"
    )
    rescope_lines(con, turned(before), cycle)


def _about(name: str) -> str | None:
    """The table that a record's column of whom it is about names."""
    about = RULES[name].table.about
    return about.removesuffix("_id") if about else None


def _collapse(con: Connection, touched: pl.DataFrame, cycle: int) -> None:
    """Joins that became equal become one: flags are OR-ed, the row of the lowest id stays (B35)."""
    stays, gone = merges.collapse(con, touched)
    if gone.is_empty():
        return
    held = replicas.held(con, stays).with_columns(new_owner="owner", new_about="about", new_part="part")
    alter(con, held, cycle)
    take_away(con, replicas.held(con, gone), cycle)
