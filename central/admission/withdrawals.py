"""Records that stop leaving their site: its people passed them to a store whose data stays, or took back the flag that
let them go (B59)."""

from __future__ import annotations

import polars as pl

from central.admission.judge import decide
from central.project import Project
from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD, MergedRecord
from warehouse.batch.gather import Batch
from warehouse.ledger import papers, quarantine
from warehouse.records.door import Records

_MAY = ("authorised", "still_referenced")  # what refers to a record does not keep it here


def take_withdrawals(records: Records, project: Project, batch: Batch, merged: FrameOf[MergedRecord]) -> Batch:
    """Withdraws what its site may delete and no longer sends, and closes what waited of it. Returns the rest of the
    batch.

    A withdrawal stands for a delete where the record is half of a transfer (precision 34), and where it is not the
    site's to withdraw: then it is judged with the rest, refused and put right.
    """
    asked = batch.changes.filter("is_withdrawal")
    if asked.is_empty():
        return batch
    judged = decide(records.con, batch.only(asked.select("entry")), project, merged).changes
    may = judged.filter(pl.col("is_held") & pl.col("reason").is_in(_MAY))
    halves = papers.halves_among(records.con, may)
    withdrawn = may.join(halves, on=RECORD, how="anti", maintain_order="left")
    records.withdraw(withdrawn.select(*RECORD, maker="site_id").sort(RECORD))
    done = pl.concat([withdrawn, judged.filter(pl.col("reason") == "nothing_to_delete")])
    quarantine.drop(records.con, done, cycle=records.cycle)
    return batch.without(done.select("entry"))
