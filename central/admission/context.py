"""What central holds of all that a batch names: read once, before it is judged."""

from __future__ import annotations

import polars as pl

from central.admission.halves.receivers import redirected
from central.project import Project
from sync_rules.dealings import DEALINGS
from sync_rules.frame import FrameOf
from sync_rules.frames import (
    CHANGE,
    RECORD,
    BatchDealing,
    ChangeKey,
    Dealing,
    DocumentKey,
    HeldRecord,
    InStore,
    MergedRecord,
)
from sync_rules.mentions import MERGE_TABLES
from sync_rules.table.parents import HEADER_OF
from sync_rules.table.policies import Authority
from sync_rules.table.rules import PARTS, RULES
from sync_rules.topology.frames import Placement
from sync_rules.topology.switches import SWITCH_OF
from sync_rules.transfers.kinds import HEADERS
from sync_rules.verdicts.context import Central
from warehouse.batch.gather import Batch
from warehouse.connection import Connection
from warehouse.ledger import people, quarantine
from warehouse.ledger.network.moves import unchanged_since_move
from warehouse.records import replicas
from warehouse.records.facts import held_records

_SUBJECT = {name: rule.table.subject for name, rule in RULES.items() if rule.table.subject}
_SHARED = [name for name in PARTS if RULES[name].authority is Authority.HOME_OR_VISIBLE]
_SWITCHED = list(SWITCH_OF)


def held_for(con: Connection, batch: Batch) -> FrameOf[HeldRecord]:
    """What central holds of every record that the batch names, refers to, has a line of, or is about."""
    changes = batch.changes
    documents = changes.filter(pl.col("document").is_not_null()).select(
        table_name=pl.col("table_name").replace(HEADER_OF), record_id="document"
    )
    parents = batch.references.select(table_name="parent_table", record_id="parent_id").unique()
    merging = batch.merges.join(changes.select("entry", "table_name"), on="entry").with_columns(
        table_name=pl.col("table_name").replace(dict(MERGE_TABLES))
    )
    merges = [merging.select("table_name", record_id=column) for column in ("kept_id", "merged_id")]
    keys = pl.concat([changes.select(RECORD), parents, documents.unique(), _subjects(changes), *merges])
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
    """What central knows of the batch; where stores are the caller adds. What no change asks for is not read."""
    shared = batch.changes.filter(pl.col("table_name").is_in(_SHARED))
    keys = ChangeKey.check(shared.select(CHANGE))
    deletes = batch.changes.filter(pl.col("op") == "delete").select(RECORD)
    asks = project.topology.options.repeats_anywhere and shared.height > 0
    names = _merged_names(batch)
    return Central(
        project.topology,
        Placement.empty(),
        held=held,
        referring=replicas.referring(con, deletes, project.schema.references),
        visible=_visible(con, shared, held) if asks else InStore.empty(),
        merged=merged,
        edited_elsewhere=people.edited_elsewhere(con, keys) if asks else ChangeKey.empty(),
        redirected=redirected(con, batch, project.schema),
        finalised=_finalised(con, held, project),
        dealings=people.dealings(con, names) if names.height else Dealing.empty(),
        new_dealings=_new_dealings(batch, names),
        before_switch=_before_switch(con, batch, project),
        refused=_refused(con, batch),
        inherited=_inherited(con, batch, project),
    )


def _visible(con: Connection, shared: pl.DataFrame, held: FrameOf[HeldRecord]) -> FrameOf[InStore]:
    """Where those are visible whom the changes ``shared`` are about, or were."""
    subjects = pl.concat([_subjects(shared), _subjects(held.join(shared.select(RECORD), on=RECORD, how="semi"))])
    return people.visible(con, subjects.unique().rename({"record_id": "about"}))


def _finalised(con: Connection, held: FrameOf[HeldRecord], project: Project) -> FrameOf[DocumentKey]:
    """The held documents of procurement that are finished, where an option asks for it (B37)."""
    options = project.topology.options
    bought = held.filter(pl.col("table_name").is_in(_SWITCHED) & pl.col("document").is_not_null())
    if bought.is_empty() or not (options.centralised_procurement or options.centralised_payments):
        return DocumentKey.empty()
    documents = bought.select(pl.col("table_name").replace(HEADER_OF), "document").unique()
    return people.finalised(con, DocumentKey.check(documents))


def _before_switch(con: Connection, batch: Batch, project: Project) -> FrameOf[ChangeKey]:
    """The changes of procurement that were written before a switch reached their site (B37)."""
    bought = batch.changes.filter(pl.col("table_name").is_in(_SWITCHED))
    if bought.is_empty() or not project.topology.options.switches():
        return ChangeKey.empty()
    return people.before_switch(con, ChangeKey.check(bought.select(CHANGE)))


def _refused(con: Connection, batch: Batch) -> FrameOf[ChangeKey]:
    """The documents that halves of the batch answer, which their sites sent and central rejected."""
    if batch.answers.is_empty():
        return ChangeKey.empty()
    asked = batch.answers.join(batch.changes.select("entry", "site_id"), on="entry").select(
        "site_id", table_name="parent_table", record_id="parent_id"
    )
    return ChangeKey.check(quarantine.refused_of_sites(con, HEADERS).join(asked, on=CHANGE, how="semi"))


def _inherited(con: Connection, batch: Batch, project: Project) -> FrameOf[ChangeKey]:
    """The changes of stores that moved away which are judged again, as only an operator has them judged (B47), but
    those of records that another site changed since."""
    taken = batch.changes.filter(pl.col("was_reason") == "moved_away")
    if taken.is_empty() or not project.topology.moves:
        return ChangeKey.empty()
    return unchanged_since_move(con, taken.select(*CHANGE, "owner"))


def _merged_names(batch: Batch) -> pl.DataFrame:
    """name_id of the names that the batch merges (B35)."""
    is_name = pl.col("table_name").replace(dict(MERGE_TABLES)) == "name"
    names = batch.merges.join(batch.changes.filter(is_name), on="entry", how="semi")
    return pl.concat([names["kept_id"], names["merged_id"]]).drop_nulls().unique().alias("name_id").to_frame()


def _new_dealings(batch: Batch, names: pl.DataFrame) -> FrameOf[BatchDealing]:
    """The rows of the batch that say of a store that it deals with one of ``names``."""
    found: list[pl.DataFrame] = [BatchDealing.empty()]
    entries = batch.changes.filter(pl.col("op") == "upsert").select("entry", *CHANGE)
    for one in DEALINGS.values() if names.height else ():
        rows = [
            frame.filter(one.is_open & pl.col(one.column).is_in(names["name_id"].implode())).select(
                "store_id", site_id="from_site", table_name=pl.lit(one.table), record_id="id", name_id=one.column
            )
            for frame in batch.rows.get(one.table, [])
        ]
        found += [frame.join(entries, on=CHANGE).select(BatchDealing.names()) for frame in pl.collect_all(rows)]
    return BatchDealing.check(pl.concat(found).drop_nulls())
