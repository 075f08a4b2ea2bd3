"""What becomes of two lines of one site's records, when its database is let in again (B50)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from central.cycle_file import Cycle
from central.frames import TableOfSite
from central.project import Project
from sites.own_edits.numbers import COUNTERS
from sync_rules.frame import FrameOf
from sync_rules.frames import CHANGE, RECORD, ChangeKey
from sync_rules.words import DecisionKind, EntryKind, Op, Verdict
from warehouse.batch.gather import Batch
from warehouse.frames import QuarantinedChange
from warehouse.ledger import readmissions
from warehouse.ledger.sites import site_of
from warehouse.records import replicas
from warehouse.records.door import Records
from warehouse.records.facts import held_records
from warehouse.records.sequence import last_seq
from wire.landed_pull import LOST, Manifest, read_changes
from wire.readmission import Readmission

CODE = "changed_on_both_lines"
_STOCK = "stock_line"


@dataclass(frozen=True)
class Readmitted:
    """The sites that a cycle lets in again: those that are read ``whole``, and what the others had changed on the line
    that their databases do not know (``lost``: site_id, table_name, record_id)."""

    whole: Mapping[int, Readmission] = field(default_factory=dict)
    lost: FrameOf[ChangeKey] = field(default_factory=ChangeKey.empty)

    @property
    def sites(self) -> frozenset[int]:
        """All of them."""
        return frozenset({*self.whole, *self.lost["site_id"]})


NOBODY = Readmitted()


def begin_readmissions(records: Records, project: Project, cycle: Cycle, manifests: Sequence[Manifest]) -> Readmitted:
    """Lets in the sites that were pulled by such a decision: where they are in central's sequence follows from the last
    change set that their databases hold. What only the lost line changed is sent to them as central has it."""
    con = records.con
    for one in cycle.decisions:
        if one.kind == DecisionKind.READMIT:
            readmissions.enter_readmission(
                con, site_of(con, one.site_code), Readmission.of(one.number, one.record_id or "", one.records)
            )
    visited = zip(cycle.pulled, manifests, strict=True)
    readmissions.settle_steps(con, {one.site_id for one, manifest in visited if manifest.readmission is None})
    whole: dict[int, Readmission] = {}
    lost = [ChangeKey.empty()]
    for pulled, manifest in zip(cycle.pulled, manifests, strict=True):
        decided = manifest.readmission
        if decided is None:
            continue
        site_id, answer = pulled.site_id, manifest.applied_answer
        readmissions.begin_anew(con, site_id, answer.number if answer else 0)
        readmissions.end_readmission(con, site_id, decided.number, cycle.number, fork=decided.fork)
        folder = project.pulls / pulled.path
        if decided.fork is None:
            readmissions.begin_whole(con, site_id, last_seq(con))
            whole[site_id] = decided
        elif (folder / LOST).exists():
            keys = pl.read_parquet(folder / LOST, glob=False)
            changed = read_changes(folder)
            _give_back(records, site_id, keys.join(changed, on=RECORD, how="anti"))
            lost.append(ChangeKey.take(keys.with_columns(site_id=pl.lit(site_id))))
    return Readmitted(whole, ChangeKey.check(pl.concat(lost))) if whole or len(lost) > 1 else NOBODY


def _give_back(records: Records, site_id: int, keys: pl.DataFrame) -> None:
    """What only the lost line changed: as central has it, or not at all where it was deleted. What central never had,
    or gave up, as it does not leave the site, stays as the backup has it."""
    ordered = keys.select(pl.lit(site_id, pl.Int64).alias("site_id"), *RECORD).sort(RECORD)
    held = held_records(records.con, keys.select(RECORD)).select(RECORD)
    absent = ordered.join(held, on=RECORD, how="anti", maintain_order="left")
    deleted = readmissions.deleted_before(records.con, absent.select(RECORD))
    records.address(EntryKind.CORRECT, ordered.join(held, on=RECORD, how="semi", maintain_order="left"))
    records.address(EntryKind.REMOVE, absent.join(deleted, on=RECORD, how="semi", maintain_order="left"))


def as_decided(records: Records, batch: Batch, changes: pl.DataFrame, again: Readmitted) -> pl.DataFrame:
    """The judged changes of sites that are let in again, by what was decided of them: where central's rows are taken,
    what a site may edit and has otherwise is refused, and so is what was deleted on the lost line. Of a counter the
    higher number holds: no document gets a number again."""
    changes = _with_higher_counters(records, batch, changes, again)
    if not again.whole:
        return changes
    left = [(site_id, table) for site_id, one in again.whole.items() for table in _others(changes, one)]
    others = TableOfSite.of(left)
    own = changes.filter("is_compared", (pl.col("reason") == "authorised"), pl.col("op") == str(Op.UPSERT))
    own = own.join(others, on=["site_id", "table_name"], how="semi")
    gone = readmissions.deleted_before(records.con, own.filter(~pl.col("is_held")).select(RECORD))
    refused = pl.concat(
        [own.filter("is_held").select("entry"), own.join(gone, on=RECORD, how="semi").select("entry")]
    ).with_columns(is_refused=pl.lit(True))
    is_refused = pl.col("is_refused").fill_null(False)
    return (
        changes.join(refused, on="entry", how="left", maintain_order="left")
        .with_columns(
            verdict=pl.when(is_refused).then(pl.lit(str(Verdict.REJECTED))).otherwise("verdict"),
            reason=pl.when(is_refused).then(pl.lit(CODE)).otherwise("reason"),
        )
        .drop("is_refused")
    )


def _others(changes: pl.DataFrame, decided: Readmission) -> list[str]:
    return [table for table in sorted(changes["table_name"].unique()) if not decided.takes(table)]


def _with_higher_counters(records: Records, batch: Batch, changes: pl.DataFrame, again: Readmitted) -> pl.DataFrame:
    if not again.sites:
        return changes
    own = changes.filter(
        pl.col("table_name") == COUNTERS,
        pl.col("site_id").is_in(sorted(again.sites)),
        pl.col("op") == str(Op.UPSERT),
        pl.col("reason") == "authorised",
        "is_held",
    )
    if own.is_empty():
        return changes
    sent = batch.rows_of(COUNTERS, own.select("site_id", "record_id")).select("from_site", "id", here="last_number")
    known = replicas.every_row(records.con, COUNTERS, records.schema).select("id", there="last_number")
    lower = sent.join(known, on="id").filter(pl.col("there") > pl.col("here"))
    behind = own.join(lower, left_on=["site_id", "record_id"], right_on=["from_site", "id"], how="semi")
    records.address(EntryKind.CORRECT, behind.select(CHANGE))
    return changes.join(behind.select("entry"), on="entry", how="anti", maintain_order="left")


def on_both_lines(changes: pl.DataFrame, again: Readmitted) -> pl.DataFrame:
    """Those of the admitted changes by which a site's version takes the place of another one that it had sent before
    (B50): to be listed with that."""
    if not again.sites:
        return changes.clear()
    admitted = changes.filter(pl.col("reason") == "authorised")
    is_taken = pl.col("is_compared") & pl.col("is_held") & pl.col("site_id").is_in(sorted(again.whole))
    of_fork = admitted.filter(~is_taken).join(again.lost, on=CHANGE, how="semi", maintain_order="left")
    return pl.concat([admitted.filter(is_taken), of_fork]).with_columns(
        verdict=pl.lit(str(Verdict.REJECTED)), reason=pl.lit(CODE)
    )


def conflicts(both: FrameOf[QuarantinedChange]) -> FrameOf[QuarantinedChange]:
    """Those of which the versions differ, and all stock: what both lines made the same is no question, but of stock it
    is: two issues of two packs are four, and the stock of each line says two."""
    differs = pl.col("site_row").ne_missing(pl.col("central_row"))
    return QuarantinedChange.check(both.filter(differs | (pl.col("table_name") == _STOCK)))
