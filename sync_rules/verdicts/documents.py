"""What a change depends on: its document (A4, A5) and the records it refers to (A1, M3, R6).

Starts from what each change deserves by itself and takes back what cannot stand: a line without
its document, a row that refers to something not here, a delete of something still referred to.
A document and its lines are admitted together or wait together.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from sync_rules.codes import REASONS, codes_of
from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD, BatchMerge, BatchReference, ChangeKey, HeldRecord, Referrer
from sync_rules.mentions import MERGE_TABLES
from sync_rules.schema import Reference
from sync_rules.table.parents import HEADER_OF, PARENTS
from sync_rules.table.rules import RULES
from sync_rules.transfers.frames import BatchAnswer
from sync_rules.transfers.responds import made_by_step
from sync_rules.words import Verdict

PARENT = ["parent_table", "parent_id"]
_ADMITTED = [code for code, reason in REASONS.items() if reason.verdict is Verdict.ADMITTED]
_WAITING = codes_of(Verdict.WAITING)
is_admitted = pl.col("reason").is_in(_ADMITTED)
is_upsert = pl.col("op") == "upsert"
is_kept = is_admitted & ~pl.col("reason").is_in(["nothing_to_delete", "stays_at_site"])  # central holds it then


def hangs_on_all(references: Iterable[Reference]) -> pl.Expr:
    """Of changes: those on which any site's changes of the same cycle decide (B61): deletes of what more than its own
    lines refers to, and merges of names, which depend on who deals with whom."""
    parents = {one.parent for one in references if HEADER_OF.get(one.table) != one.parent}
    is_delete = (pl.col("op") == "delete") & pl.col("table_name").is_in(sorted(parents))
    return is_delete | pl.col("table_name").is_in([merge for merge, table in MERGE_TABLES.items() if table == "name"])


def settle(
    own: pl.DataFrame,
    references: FrameOf[BatchReference],
    merges: FrameOf[BatchMerge],
    held: FrameOf[HeldRecord],
    referring: FrameOf[Referrer],
    answers: FrameOf[BatchAnswer],
    refused: FrameOf[ChangeKey],
) -> pl.DataFrame:
    """Takes admissions back until those that are left stand together: the greatest set of admitted changes that can.

    ``own`` has entry, site_id, table_name, record_id, op, document, reason; its other columns are kept. What an
    admitted merge merges away may be deleted: its references move. Each round can only take admitted changes back, so
    the rounds end. ``answers``: which document each responding half answers; ``refused``: such documents that were
    rejected before.
    """
    here = held.select(parent_table="table_name", parent_id="record_id")
    unheld = references.join(here, on=PARENT, how="anti")
    new_halves = _new_halves(own, answers)
    settled = own.with_columns(_document_key())
    while True:
        before = settled["reason"]
        settled = _without_references(settled, unheld)
        settled = _still_referenced(settled, references, referring, _merged_away(settled, merges))
        settled = _halves_with_documents(_documents_together(settled), new_halves, refused)
        if settled["reason"].equals(before):
            return settled


def _document_key() -> pl.Expr:
    tables = {name: rule.table.parent or name for name, rule in RULES.items()}
    return pl.col("table_name").replace_strict(tables, default=None).alias("document_table")


def _without_references(settled: pl.DataFrame, unheld: pl.DataFrame) -> pl.DataFrame:
    """A row waits for what it refers to: held, or admitted in this batch."""
    merged = settled.filter((pl.col("reason") == "authorised") & is_upsert)
    arriving = merged.select(parent_table="table_name", parent_id="record_id").unique()
    missing = unheld.join(arriving, on=PARENT, how="anti")
    if missing.is_empty():
        return settled
    parents = PARENTS.with_columns(is_document=pl.lit(True))
    waits = (
        missing.join(settled.filter(is_kept & is_upsert).select("entry", "table_name"), on="entry")
        .join(parents, on=["table_name", "parent_table"], how="left")
        .group_by("entry")
        .agg(is_document=pl.col("is_document").fill_null(False).any())
        .select(
            "entry",
            taken_back=pl.when("is_document").then(pl.lit("parent_missing")).otherwise(pl.lit("reference_missing")),
        )
    )
    return _take_back(settled, waits)


def _merged_away(settled: pl.DataFrame, merges: pl.DataFrame) -> pl.DataFrame:
    """Keys of the records that merges admitted in this batch merge away (section 7)."""
    targets = {name: rule.table.merges for name, rule in RULES.items() if rule.table.merges}
    admitted = settled.filter((pl.col("reason") == "authorised") & is_upsert).select("entry", "table_name")
    return merges.join(admitted, on="entry").select(
        table_name=pl.col("table_name").replace_strict(targets, return_dtype=pl.String), record_id="merged_id"
    )


def _still_referenced(
    settled: pl.DataFrame, references: pl.DataFrame, referring: pl.DataFrame, merged: pl.DataFrame
) -> pl.DataFrame:
    """A delete gives way to the records that refer to it: held ones that stay, and new ones (R6)."""
    gone = settled.filter(is_admitted & ~is_upsert & (pl.col("reason") == "authorised"))
    deletes = gone.join(merged, on=RECORD, how="anti")
    if deletes.is_empty():
        return settled
    # a copy of what central holds (adopted, unchanged) brings nothing and keeps nothing
    upserts = settled.filter((pl.col("reason") == "authorised") & is_upsert)
    arriving = references.join(upserts.select("entry", *RECORD), on="entry")
    rewritten = referring.join(upserts, on=RECORD, how="semi").join(arriving, on=[*PARENT, *RECORD], how="anti")
    gone = pl.concat([gone.select(RECORD), merged]).unique()
    staying = referring.join(gone, on=RECORD, how="anti").join(rewritten, on=[*PARENT, *RECORD], how="anti")
    needed = pl.concat([staying.select(PARENT), arriving.select(PARENT)]).unique()
    refused = deletes.join(needed, left_on=RECORD, right_on=PARENT, how="semi")
    return _take_back(settled, refused.select("entry", taken_back=pl.lit("still_referenced")))


def _documents_together(settled: pl.DataFrame) -> pl.DataFrame:
    """A5: what a document's header and lines do to each other, within one site's changes."""
    document = ["site_id", "document_table", "document"]
    parts = settled.filter(pl.col("document").is_not_null())
    bad = parts.filter(is_upsert & ~is_admitted)
    if bad.is_empty():
        return settled
    is_header = pl.col("table_name") == pl.col("document_table")
    is_held_back = pl.col("reason").is_in([*_WAITING, "malformed_value"])
    fate = bad.group_by(document).agg(
        taken_back=pl.when((is_header & ~is_held_back).any())
        .then(pl.lit("parent_rejected"))
        .otherwise(pl.lit("document_waits"))
    )
    # a row that was read whole and is as central has it brings nothing, and waits for nothing
    is_change = is_admitted & is_kept & (pl.col("reason") != "adopted")
    taken = parts.filter(is_change).join(fate, on=document, nulls_equal=False)
    return _take_back(settled, taken.select("entry", "taken_back"))


def _new_halves(own: pl.DataFrame, answers: FrameOf[BatchAnswer]) -> pl.DataFrame:
    """The answers of the halves that central does not hold, with site_id and responding_id, their own."""
    new = own.filter(is_upsert & ~pl.col("is_held")).select("entry", "site_id", responding_id="record_id")
    return answers.join(new, on="entry").rename({"made_of": "record_id"})


def _halves_with_documents(settled: pl.DataFrame, halves: pl.DataFrame, refused: FrameOf[ChangeKey]) -> pl.DataFrame:
    """X1: what a site made because of a document that is not admitted is not admitted either. What people wrote
    themselves because of one that is refused happened, and is judged by itself."""
    if halves.is_empty():
        return settled
    parents = settled.filter(is_upsert).select(
        "site_id",
        parent_table="table_name",
        parent_id="record_id",
        is_bad=~is_admitted,
        waits=pl.col("reason").is_in([*_WAITING, "malformed_value"]),
    )
    before = refused.select("site_id", parent_table="table_name", parent_id="record_id", is_bad=True, waits=False)
    key = ["site_id", *PARENT]
    bad = pl.concat([parents, before.join(parents, on=key, how="anti")]).filter("is_bad")
    taken = halves.join(bad, on=key).join(settled.filter(is_admitted & is_kept), on="entry", how="semi")
    taken = pl.concat([taken.filter("waits"), made_by_step(taken.filter(~pl.col("waits")))])
    fate = taken.group_by("entry").agg(
        taken_back=pl.when(pl.col("waits").all())
        .then(pl.lit("other_half_waits"))
        .otherwise(pl.lit("other_half_rejected"))
    )
    return _take_back(settled, fate)


def _take_back(settled: pl.DataFrame, taken: pl.DataFrame) -> pl.DataFrame:
    """``taken`` has entry and taken_back: the reason that replaces an admission."""
    if taken.is_empty():
        return settled
    return (
        settled.join(taken, on="entry", how="left", maintain_order="left")
        .with_columns(reason=pl.coalesce("taken_back", "reason"))
        .drop("taken_back")
    )
