"""Merges of records, as central does them: references move, joins collapse, the merged record goes (section 7)."""

from __future__ import annotations

import polars as pl

from central.admission.lines import rescope_lines
from sync_rules.frames import RECORD, MergedRecord
from sync_rules.mentions import JOINS, MERGE_TABLES
from sync_rules.table.policies import Authority
from sync_rules.table.rules import RULES
from sync_rules.verdicts.merges import add_merges
from sync_rules.words import EntryKind
from warehouse.batch.gather import Batch
from warehouse.ledger import merges
from warehouse.records.door import Records
from warehouse.records.facts import held_records
from warehouse.records.merges import collapse, move_references

# every site has these merges and moves its own references by them; it is sent no more than what else changed
_EVERYWHERE = [table for merge, table in MERGE_TABLES.items() if RULES[merge].authority is Authority.PRIMARY]


def merge_records(records: Records, batch: Batch, admitted: pl.DataFrame) -> None:
    """Does the merges among the ``admitted`` changes of a batch, and collapses the joins that late rows made equal."""
    con = records.con
    upserts = admitted.filter(pl.col("op") == "upsert")
    new = (
        batch.merges.join(upserts.select("entry", *RECORD, "site_id"), on="entry")
        .with_columns(merge_table="table_name", table_name=pl.col("table_name").replace(dict(MERGE_TABLES)))
        .sort("entry")
    )
    late = upserts.filter("is_rewritten").select(RECORD)
    if new.is_empty():
        _collapse(records, late)
        return
    known = add_merges(merges.merged_records(con), MergedRecord.check(new.select(MergedRecord.names())))
    merges.put_merged(con, known)
    gone = held_records(con, new.select("table_name", record_id="merged_id").unique())
    merges.remember_holders(con, gone.filter(~pl.col("table_name").is_in(_EVERYWHERE)), cycle=records.cycle)
    touched = [late]
    pairs_now = known.join(new, on=["table_name", "merged_id"], how="semi").sort("table_name", "merged_id")
    for (table,), pairs in pairs_now.group_by("table_name", maintain_order=True):
        moved = move_references(records, str(table), pairs)
        _enter(records, _worth_sending(moved, str(table)), known)
        touched.append(moved)
    _collapse(records, pl.concat(touched).unique())
    records.delete(gone.select(RECORD).sort(RECORD))
    records.address(
        EntryKind.RETRY, merges.left_behind(con, gone.select(RECORD))
    )  # once nothing names it there it can go
    # its maker does it too, when it gets its own merge back
    records.address(EntryKind.CORRECT, upserts.join(new.select("entry"), on="entry", how="semi"))


def _worth_sending(moved: pl.DataFrame, table: str) -> pl.DataFrame:
    if table not in _EVERYWHERE:
        return moved
    return moved.filter(pl.col("table_name").is_in([*MERGE_TABLES, *(join.table for join in JOINS)]))


def _enter(records: Records, moved: pl.DataFrame, known: pl.DataFrame) -> None:
    """Rows that name the kept record now, and the lines of documents among them."""
    if moved.is_empty():
        return
    before = held_records(records.con, moved)
    subjects = {name: rule.table.subject or _about(name) for name, rule in RULES.items()}
    renamed = known.select(subject="table_name", about="merged_id", kept_id="kept_id")
    now = (
        before.with_columns(subject=pl.col("table_name").replace_strict(subjects, default=None))
        .join(renamed, on=["subject", "about"], how="left", maintain_order="left")
        .select(
            *RECORD, "owner", "part", about=pl.coalesce("kept_id", "about"), is_other=pl.col("kept_id").is_not_null()
        )
    )
    records.alter(now.select(*RECORD, "about"))
    rescope_lines(records, now.filter("is_other"))


def _about(name: str) -> str | None:
    """The table that a record's column of whom it is about names."""
    about = RULES[name].table.about
    return about.removesuffix("_id") if about else None


def _collapse(records: Records, touched: pl.DataFrame) -> None:
    """Joins that became equal become one: flags are OR-ed, the row of the lowest id stays (B35)."""
    stays, gone = collapse(records, touched)
    if gone.is_empty():
        return
    records.alter(stays)
    records.delete(gone)
