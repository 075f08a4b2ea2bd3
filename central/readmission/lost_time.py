"""What happened at sites between the backup that the server was restored from and its end, and left no row (precision
8)."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from sync_rules.frames import CHANGE, RECORD
from sync_rules.words import EntryKind, Op
from warehouse.batch.landed_rows import Landed
from warehouse.ledger.sites import contacted_sites
from warehouse.records.door import Records
from warehouse.records.facts import held_records
from wire.landed_pull import Manifest, read_changes


def withdraw_vanished(records: Records, pulls: Sequence[Landed], manifests: Sequence[Manifest]) -> None:
    """What came and went at a site in that time may be held by sites that the lost server gave it to: which these are
    nobody knows any more, so all others are to lose it, where they have it."""
    rejoined = [pull for pull, manifest in zip(pulls, manifests, strict=True) if not manifest.is_net]
    if not rejoined:
        return
    gone = pl.concat([_deleted(pull) for pull in rejoined])
    unknown = gone.join(held_records(records.con, gone.select(RECORD)), on=RECORD, how="anti")
    sites = pl.DataFrame({"site_id": contacted_sites(records.con)})
    everywhere = unknown.select(*RECORD, maker="site_id").join(sites, how="cross")
    others = everywhere.filter(pl.col("site_id") != pl.col("maker"))
    records.address(EntryKind.REMOVE, others.select(CHANGE).unique().sort(CHANGE))


def _deleted(pull: Landed) -> pl.DataFrame:
    changes = read_changes(pull.path)
    deletes = changes.filter(pl.col("op") == str(Op.DELETE)).select(RECORD)
    return deletes.with_columns(site_id=pl.lit(pull.site_id, pl.Int64))
