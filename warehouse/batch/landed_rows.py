"""Landed pulls as frames: their changes, and their rows, read from the Parquet directly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import CHANGE, ChangeKey
from sync_rules.schema import Schema
from wire.frames import SitePulledChange
from wire.landed_pull import BEFORE_SWITCHES


@dataclass(frozen=True)
class Landed:
    """A landed pull: a folder with changes.parquet and rows/<table>.parquet. ``compared``: the tables that were read
    whole because capture was interrupted (B57), or because the site is let in again (``is_readmitted``, B50)."""

    site_id: int
    path: Path
    compared: tuple[str, ...] = ()
    is_readmitted: bool = False


def pulled_changes(pulls: Sequence[Landed]) -> FrameOf[SitePulledChange]:
    """The changes of all of them."""
    frames = [
        pl.read_parquet(pull.path / "changes.parquet").with_columns(site_id=pl.lit(pull.site_id, pl.Int64))
        for pull in pulls
    ]
    return SitePulledChange.check(
        pl.concat([SitePulledChange.empty(), *(SitePulledChange.take(frame) for frame in frames)])
    )


def before_switches(pulls: Sequence[Landed]) -> FrameOf[ChangeKey]:
    """What was written before a switch of procurement reached its site (B37)."""
    files = [(pull.site_id, pull.path / BEFORE_SWITCHES) for pull in pulls]
    frames = [
        pl.read_parquet(file).with_columns(site_id=pl.lit(site_id, pl.Int64))
        for site_id, file in files
        if file.exists()
    ]
    return ChangeKey.check(pl.concat([ChangeKey.empty(), *(frame.select(CHANGE) for frame in frames)]))


def pulled_rows(pulls: Sequence[Landed], schema: Schema) -> dict[str, list[pl.LazyFrame]]:
    """Their rows by table, with from_site and the table's travelling columns."""
    rows: dict[str, list[pl.LazyFrame]] = {}
    for pull in pulls:
        for file in sorted((pull.path / "rows").glob("*.parquet")):
            if file.stem in schema.tables:
                declared = schema.frame_schema(file.stem)
                columns = [pl.col(name).cast(kind) for name, kind in declared.items()]
                # a site may lack a column
                found = pl.scan_parquet(file, schema=declared, missing_columns="insert", extra_columns="ignore")
                frame = found.select(pl.lit(pull.site_id, pl.Int64).alias("from_site"), *columns)
                rows.setdefault(file.stem, []).append(frame)
    return rows
