"""What happened at sites between the backup that the server was restored from and its end, and left no row (precision
8)."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from sync_rules.frames import CHANGE, RECORD, ChangeKey
from sync_rules.words import EntryKind, Op
from warehouse.batch.landed_rows import Landed
from warehouse.ledger.halves.recalls import waiting_documents
from warehouse.ledger.sites import contacted_sites
from warehouse.records.door import Records
from warehouse.records.facts import held_records
from warehouse.records.sequence import forget_removals
from wire.landed_pull import Manifest, read_changes


def withdraw_vanished(records: Records, pulls: Sequence[Landed], manifests: Sequence[Manifest]) -> None:
    """What came and went at a site in that time may be held by sites that the lost server gave it to: which these are
    nobody knows any more, so all others are to lose it, where they have it; but for a site that says, when it is read
    next, that it has it: others may have deleted their copies alone."""
    rejoined = [pull for pull, manifest in zip(pulls, manifests, strict=True) if not manifest.is_net]
    if not rejoined:
        return
    said = pl.concat([_said(pull) for pull in rejoined])
    has = said.filter(pl.col("op") == str(Op.UPSERT)).select(CHANGE)
    forget_removals(records.con, ChangeKey.check(has))
    gone = said.filter(pl.col("op") == str(Op.DELETE))
    unknown = gone.join(held_records(records.con, gone.select(RECORD)), on=RECORD, how="anti")
    sites = pl.DataFrame({"site_id": contacted_sites(records.con)})
    everywhere = unknown.select(*RECORD, maker="site_id").join(sites, how="cross")
    others = everywhere.filter(pl.col("site_id") != pl.col("maker")).join(has, on=CHANGE, how="anti")
    told = others.join(waiting_documents(records.con), on=RECORD, how="anti").unique().sort(*CHANGE, "maker")
    records.address(EntryKind.REMOVE, told, maker=pl.col("maker"))


def _said(pull: Landed) -> pl.DataFrame:
    return read_changes(pull.path).select(pl.lit(pull.site_id, pl.Int64).alias("site_id"), *RECORD, "op")
