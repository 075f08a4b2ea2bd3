"""Verdicts on a batch: reads what central holds, decides by the rules (spec section 5)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from central.admission.context import held_for, known_about
from central.admission.copies import equal_to_held
from central.frames import EntryKey, StoreCode
from central.project import Project
from sync_rules import egress
from sync_rules.codes import REASONS
from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD, HeldRecord, MergedRecord
from sync_rules.table.ownership import STORE_RECORDS
from sync_rules.table.parents import HEADER_OF
from sync_rules.topology.frames import StoreRecord
from sync_rules.topology.moves import as_after
from sync_rules.topology.placement import placement, recorded
from sync_rules.verdicts import judge as authority
from sync_rules.verdicts.context import Central
from warehouse.batch.gather import Batch
from warehouse.connection import Connection
from warehouse.frames import BatchChange
from warehouse.records import replicas

_NEW = {name: f"new_{name}" for name in ("owner", "about", "part")}
_VERDICT = {code: str(reason.verdict) for code, reason in REASONS.items()}


@dataclass(frozen=True)
class Judged:
    """A batch with its verdicts: ``changes`` has the columns of BatchChange, reason, verdict, what is held,
    what will be, and ``shared``: the scopes that the record has as part of a transfer."""

    batch: Batch
    changes: pl.DataFrame


@dataclass(frozen=True)
class _Learned:
    """What the verdicts on a batch rest on that only verdicts tell: the store records as they will be, the entries
    refused because of a placed store, those compared with central's own rows, and those that are equal."""

    stores: FrameOf[StoreRecord]
    refused: FrameOf[EntryKey]
    compared: FrameOf[EntryKey]
    equal: FrameOf[EntryKey]


@dataclass(frozen=True)
class _Court:
    """A batch with all that central knows of it."""

    con: Connection
    project: Project
    batch: Batch
    known: Central
    stores: FrameOf[StoreRecord]

    def verdicts(self, learned: _Learned) -> pl.DataFrame:
        """The changes of the batch with their verdicts, given what was learned."""
        changes = self.batch.changes.join(learned.refused, on="entry", how="anti", maintain_order="left")
        is_equal = pl.col("is_same") | pl.col("entry").is_in(learned.equal["entry"].implode())
        changes = changes.with_columns(is_same=is_equal)
        placed = placement(self.project.topology, learned.stores)
        central = replace(self.known, placed=placed, withheld=egress.withheld(placed))
        found = authority.judge(BatchChange.check(changes), self.batch.references, central, self.batch.merges,
                                self.batch.answers)  # fmt: skip
        judged = changes.join(found.rename(_NEW), on="entry", maintain_order="left")
        if learned.refused.is_empty():
            return judged
        refused = self.batch.changes.join(learned.refused, on="entry", how="semi").with_columns(
            reason=pl.lit("store_is_placed"), new_owner="owner", new_about="about", new_part="part"
        )
        return pl.concat([judged, refused.select(judged.columns)]).sort("entry")

    def learn(self, judged: pl.DataFrame, before: _Learned, *, differs: bool) -> _Learned | None:
        """The first thing that these verdicts tell and that was not known: None where nothing is left to learn."""
        refused = _against_placed_stores(judged, self.batch, self.stores, self.project)
        if refused.height:
            return replace(before, refused=EntryKey.check(pl.concat([before.refused, refused])))
        stores = _stores_after(self.stores, self.batch, judged)
        if not stores.equals(before.stores):
            return replace(before, stores=stores)
        if differs:
            return None
        found = self.compare(_of_held(judged, self.known.held).filter(pl.col("reason") != "authorised"), before)
        return None if found.equal.height == before.equal.height else found

    def at_first(self, *, differs: bool) -> _Learned:
        """What no verdict is needed for: which rows of a first contact are central's own (B4)."""
        nothing = EntryKey.empty()
        before = _Learned(self.stores, nothing, nothing, nothing)
        return (
            before if differs else self.compare(_of_held(self.batch.changes, self.known.held, is_snapshot=True), before)
        )

    def compare(self, matters: pl.DataFrame, before: _Learned) -> _Learned:
        """Compares those of ``matters`` with central's rows that were not compared before."""
        matters = matters.join(before.compared, on="entry", how="anti", maintain_order="left")
        if matters.is_empty():
            return before
        equal = equal_to_held(self.con, self.batch, matters, self.project)
        compared = EntryKey.check(pl.concat([before.compared, matters.select("entry")]))
        return replace(before, compared=compared, equal=EntryKey.check(pl.concat([before.equal, equal])))


def decide(
    con: Connection, batch: Batch, project: Project, merged: FrameOf[MergedRecord], *, differs: bool = False
) -> Judged:
    """Verdicts on a batch, which is judged until its verdicts tell nothing new.

    Three things follow from verdicts and change others, and are learned in this order: what would move a placed store
    is refused (B18); store records that are admitted place their stores at once (T10); rows that would be rejected turn
    out to be central's own (B4), as those may that were read whole, which are compared first. A batch in which none of
    them happens is judged once.
    ``differs``: the rows count as different from central's, whatever they say (O7).
    """
    held, stores = held_for(con, batch), replicas.stores(con)
    court = _Court(con, project, batch, known_about(con, batch, held, project, merged), stores)
    learned: _Learned | None = court.at_first(differs=differs)
    while learned is not None:
        judged = court.verdicts(learned)
        learned = court.learn(judged, learned, differs=differs)
    return Judged(batch, _with_what_was_held(judged, held))


def _with_what_was_held(judged: pl.DataFrame, held: FrameOf[HeldRecord]) -> pl.DataFrame:
    """Adds verdicts, what central holds of each record (``held_*``) and the scopes of transfers that it has."""
    before = held.select(*RECORD, **{f"held_{name}": name for name in held.columns if name not in RECORD})
    of_documents = held.select(document_table="table_name", document="record_id", document_shared="shared")
    return (
        judged.join(before, on=RECORD, how="left", maintain_order="left")
        .with_columns(
            document=pl.coalesce("document", "held_document"),
            verdict=pl.col("reason").replace_strict(_VERDICT, return_dtype=pl.String),
            is_held=pl.col("held_scopes").is_not_null(),
            document_table=pl.col("table_name").replace(HEADER_OF),
        )
        .join(of_documents, on=["document_table", "document"], how="left", maintain_order="left")
        .with_columns(shared=pl.coalesce("document_shared", "held_shared", pl.lit([], pl.List(pl.String))))
        .drop("document_table", "document_shared")
    )


def _against_placed_stores(
    judged: pl.DataFrame, batch: Batch, stores: FrameOf[StoreRecord], project: Project
) -> FrameOf[EntryKey]:
    """What would move a store behind the topology's back: deleting the record of a placed store, or giving its code to
    a second one (B18). ``stores`` are the records before the batch."""
    records = judged.filter((pl.col("table_name") == STORE_RECORDS) & (pl.col("reason") == "authorised"))
    if records.is_empty():
        return EntryKey.empty()
    upserts = records.filter(pl.col("op") == "upsert")
    rows = batch.rows_of(STORE_RECORDS, upserts.select("site_id", "record_id"))
    codes = rows.select(record_id="id", code="code") if rows.height else StoreCode.empty()
    every = as_after(project.topology, placement(project.topology, stores))
    placed = every.filter(pl.col("active_site").is_not_null())
    before = placed.select(record_id="store_id", placed_code="store_code")
    after = records.select("entry", "record_id", "op").join(codes, on="record_id", how="left").join(
        before, on="record_id", how="left"
    )  # fmt: skip
    gone = pl.col("placed_code").is_not_null() & (pl.col("op") == "delete")
    others = before.select(holder="record_id", code="placed_code")
    doubled = after.join(others, on="code").filter(pl.col("holder") != pl.col("record_id"))
    newcomers = after.filter(pl.col("code").is_not_null() & pl.col("placed_code").is_null())
    twice = newcomers.filter(pl.col("record_id") != pl.col("record_id").min().over("code"))
    refused = pl.concat([frame.select("entry") for frame in (after.filter(gone), doubled, twice)])
    return EntryKey.check(refused.unique())


def _stores_after(stores: FrameOf[StoreRecord], batch: Batch, judged: pl.DataFrame) -> FrameOf[StoreRecord]:
    """The store records as they are once the batch is admitted."""
    admitted = judged.filter((pl.col("table_name") == STORE_RECORDS) & (pl.col("reason") == "authorised"))
    if admitted.is_empty():
        return stores
    upserts = admitted.filter(pl.col("op") == "upsert").select("site_id", "record_id")
    rows = batch.rows_of(STORE_RECORDS, upserts)
    kept = stores.join(admitted.select(id="record_id"), on="id", how="anti")
    after = pl.concat([kept, recorded(rows, stores)] if rows.height else [kept])
    return StoreRecord.check(after.sort("id"))


def _of_held(changes: pl.DataFrame, held: FrameOf[HeldRecord], *, is_snapshot: bool = False) -> pl.DataFrame:
    """The upserts of records that central holds; only those that were read whole, where that ``is_snapshot``."""
    upserts = changes.filter(pl.col("op") == "upsert")
    upserts = upserts.filter("is_snapshot") if is_snapshot else upserts
    return upserts.join(held.select(RECORD), on=RECORD, how="semi", maintain_order="left")
