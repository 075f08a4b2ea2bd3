"""What is not admitted, and is kept (A2)."""

from __future__ import annotations

import polars as pl

from central.admission.judge import Judged
from central.cycle_file import Cycle
from central.frames import SiteText
from central.project import Project
from sync_rules.frame import FrameOf
from sync_rules.frames import CHANGE, RECORD
from sync_rules.row_texts import as_text
from sync_rules.words import Op, Verdict
from warehouse.batch.gather import Batch
from warehouse.connection import Connection
from warehouse.frames import QuarantinedChange
from warehouse.ledger import quarantine
from warehouse.records import replicas


def keep_unadmitted(con: Connection, project: Project, judged: Judged, cycle: Cycle) -> None:
    """Keeps what is not admitted, whole, and closes what is at last (A2)."""
    changes, batch = judged.changes, judged.batch
    admitted = changes.filter(pl.col("verdict") == str(Verdict.ADMITTED))
    # a row that was read again and is central's own is no later change of the record: it was put right before
    is_equal = pl.col("is_compared") & (pl.col("reason") != "authorised")
    quarantine.close(con, admitted.filter(~is_equal), cycle=cycle.number)
    back = quarantine.news(con, changes.filter(pl.col("verdict") != str(Verdict.ADMITTED)))
    if back.is_empty():
        return
    held_back = quarantine.undecided(con, with_both_rows(con, project, batch, back))
    quarantine.keep(con, held_back, cycle=cycle.number, now=cycle.now)


def with_both_rows(con: Connection, project: Project, batch: Batch, back: pl.DataFrame) -> FrameOf[QuarantinedChange]:
    """Judged changes as they are kept: with the rows of their sites, and central's as it holds them now."""
    site_rows = [
        as_text(
            batch.sent_rows_of(str(table), group.select("site_id", "record_id")),
            project.schema.frame_schema(str(table)),
        )
        .select(pl.lit(table).alias("table_name"), site_id="from_site", record_id="id", site_row="json")
        .select(*CHANGE, "site_row")
        for (table,), group in back.filter(pl.col("op") == "upsert").group_by("table_name", maintain_order=True)
        if str(table) in project.schema.tables
    ]
    op = pl.when("is_withdrawal").then(pl.lit(str(Op.WITHDRAW))).otherwise("op")
    # that another site made the record at the same time is not what it was judged by: it is judged again
    is_new = (pl.col("reason") == "malformed_value") & ~pl.col("is_held")
    whole = (
        back.with_columns(op=op)
        .join(pl.concat([SiteText.empty(), *site_rows]), on=CHANGE, how="left")
        .join(replicas.rows_as_text(con, back.select(RECORD).unique(), project.schema), on=RECORD, how="left")
        .with_columns(central_row=pl.when(~is_new).then("central_row"))
    )
    return QuarantinedChange.check(whole.select(QuarantinedChange.names()))
