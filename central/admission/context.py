"""What central holds of all that a batch names: read once, before it is judged."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from central.project import Project
from sync_rules.frame import FrameOf
from sync_rules.frames import CHANGE, RECORD, ChangeKey, DocumentKey, HeldRecord, MergedRecord
from sync_rules.mentions import MERGE_TABLES
from sync_rules.table.parents import HEADER_OF
from sync_rules.table.policies import Authority
from sync_rules.table.rules import PARTS, RULES
from sync_rules.topology.frames import Placement
from sync_rules.verdicts.context import Central
from warehouse.batch.gather import Batch
from warehouse.connection import Connection
from warehouse.ledger import people
from warehouse.records import replicas
from warehouse.records.facts import held_records

_SUBJECT = {name: rule.table.subject for name, rule in RULES.items() if rule.table.subject}
_SHARED = [name for name in PARTS if RULES[name].authority is Authority.HOME_OR_VISIBLE]
_SWITCHED = [name for name in PARTS if RULES[HEADER_OF.get(name, name)].table.switch]


def held_for(con: Connection, batch: Batch) -> FrameOf[HeldRecord]:
    """What central holds of every record that the batch names, refers to, has a line of, or is about."""
    changes = batch.changes
    documents = changes.filter(pl.col("document").is_not_null()).select(
        table_name=pl.col("table_name").replace(HEADER_OF), record_id="document"
    )
    parents = batch.references.select(table_name="parent_table", record_id="parent_id")
    merging = batch.merges.join(changes.select("entry", "table_name"), on="entry").with_columns(
        table_name=pl.col("table_name").replace(dict(MERGE_TABLES))
    )
    merges = [merging.select("table_name", record_id=column) for column in ("kept_id", "merged_id")]
    keys = pl.concat([changes.select(RECORD), parents, documents, _subjects(changes), *merges]).unique()
    held = held_records(con, keys)
    before = _subjects(held).join(held, on=RECORD, how="anti")  # whom they were about
    return HeldRecord.check(pl.concat([held, held_records(con, before)])) if before.height else held


def _subjects(frame: pl.DataFrame) -> pl.DataFrame:
    """The patients and prescribers that the records of a frame (table_name, about) are about."""
    about = frame.filter(pl.col("table_name").is_in(list(_SUBJECT)) & pl.col("about").is_not_null())
    return about.select(
        pl.col("table_name").replace_strict(_SUBJECT, return_dtype=pl.String), record_id="about"
    ).unique()


def known_about(
    con: Connection, batch: Batch, held: FrameOf[HeldRecord], project: Project, merged: FrameOf[MergedRecord]
) -> Central:
    """What central knows of the batch; where stores are the caller adds."""
    options, changes = project.topology.options, batch.changes
    unknown = Central(project.topology, Placement.empty())
    visible, edited, finalised, dealings = (
        unknown.visible,
        unknown.edited_elsewhere,
        unknown.finalised,
        unknown.dealings,
    )
    shared = changes.filter(pl.col("table_name").is_in(_SHARED))
    if options.repeats_anywhere and shared.height:
        subjects = pl.concat([_subjects(shared), _subjects(held.join(shared.select(RECORD), on=RECORD, how="semi"))])
        visible = people.visible(con, subjects.unique().rename({"record_id": "about"}))
        edited = people.edited_elsewhere(con, ChangeKey.check(shared.select(CHANGE)))
    bought = held.filter(pl.col("table_name").is_in(_SWITCHED) & pl.col("document").is_not_null())
    if (options.centralised_procurement or options.centralised_payments) and bought.height:
        documents = bought.select(pl.col("table_name").replace(HEADER_OF), "document").unique()
        finalised = people.finalised(con, DocumentKey.check(documents))
    names = batch.merges.join(
        changes.filter(pl.col("table_name").replace(dict(MERGE_TABLES)) == "name"), on="entry", how="semi"
    )
    if names.height:
        both = pl.concat([names["kept_id"], names["merged_id"]]).drop_nulls().unique().alias("name_id")
        dealings = people.dealings(con, both.to_frame())
    deletes = changes.filter(pl.col("op") == "delete").select(RECORD)
    return replace(
        unknown,
        held=held,
        referring=replicas.referring(con, deletes, project.schema.references),
        merged=merged,
        visible=visible,
        edited_elsewhere=edited,
        finalised=finalised,
        dealings=dealings,
    )
