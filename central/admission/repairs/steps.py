"""What was decided about rows that a site has otherwise than central, as cycles act on it (O6, B51)."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from central.admission.gaps import with_marks_lost
from central.cycle_file import Cycle
from central.frames import RepairStep
from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD
from sync_rules.words import DecisionKind, EntryKind, Mending
from warehouse.connection import Connection
from warehouse.ledger.sites import known_sites, put_capture, site_of
from warehouse.records.door import Records
from warehouse.records.facts import held_records
from wire.landed_pull import Manifest


def texts_of(steps: FrameOf[RepairStep]) -> list[str]:
    """Steps as a decision keeps them: ``correct item i-7``, ``read stock_line``."""
    return (
        steps.select(pl.concat_str("how", "table_name", "record_id", separator=" ", ignore_nulls=True))
        .to_series()
        .to_list()
    )


def steps_of(texts: Sequence[str]) -> FrameOf[RepairStep]:
    """The steps that a decision keeps."""
    parts = pl.Series(texts, dtype=pl.String).str.splitn(" ", 3).struct.unnest()
    return RepairStep.take(parts.rename(dict(zip(parts.columns, RepairStep.names(), strict=True))))


def put_right(records: Records, site_id: int, steps: FrameOf[RepairStep]) -> None:
    """Addresses to the site what it is to have as central has it by now, and what it is to lose: by the normal path."""
    to = steps.with_columns(site_id=pl.lit(site_id, pl.Int64)).sort("table_name", "record_id", nulls_last=True)
    correct = to.filter(pl.col("how") == str(Mending.CORRECT))
    held = held_records(records.con, correct.select(RECORD)).select(RECORD)
    records.address(EntryKind.CORRECT, correct.join(held, on=RECORD, how="semi", maintain_order="left"))
    records.address(EntryKind.REMOVE, to.filter(pl.col("how") == str(Mending.REMOVE)))


def read_whole_next(con: Connection, cycle: Cycle, manifests: Sequence[Manifest]) -> None:
    """Tables that are to be read whole at the next pull of their site, as after a gap in their capture (B57), unless
    this cycle did so."""
    decided = [one for one in cycle.decisions if one.kind == DecisionKind.REPAIR]
    if not decided:
        return
    read = {one.identity.site_id: set(one.compared) for one in manifests}
    for one in decided:
        site_id, steps = site_of(con, one.site_code), steps_of(one.records)
        tables = set(steps.filter(pl.col("how") == str(Mending.READ))["table_name"]) - read.get(site_id, set())
        capture = with_marks_lost(known_sites(con)[site_id].capture, sorted(tables), {})
        if tables and capture is not None:
            put_capture(con, site_id, capture)
