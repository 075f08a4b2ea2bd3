"""Landed pulls as frames: their changes, and their rows, read from the Parquet directly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import CHANGE, ChangeKey
from sync_rules.schema import Schema
from wire.frames import PulledChange, SitePulledChange
from wire.landed_pull import BEFORE_SWITCHES, CHANGES


@dataclass(frozen=True)
class Landed:
    """A landed pull: a folder with changes.parquet and rows/<table>.parquet. ``compared``: the tables that were read
    whole because capture was interrupted (B57), or because the site is let in again (``is_readmitted``, B50).
    ``has_changes``: false where it is known to have none."""

    site_id: int
    path: Path
    compared: tuple[str, ...] = ()
    is_readmitted: bool = False
    has_changes: bool = True


_FILE = "of_file"
_SMALL, _AT_ONCE = 1 << 20, 32 << 20
"""Bytes of a file that is read with others; of all such files of a table that are kept in memory."""


def pulled_changes(pulls: Sequence[Landed]) -> FrameOf[SitePulledChange]:
    """The changes of all of them."""
    files = [(pull.site_id, pull.path / CHANGES) for pull in pulls if pull.has_changes]
    if not files:
        return SitePulledChange.empty()
    return SitePulledChange.take(_read(files, "site_id", PulledChange.schema).collect())


def _read(files: Sequence[tuple[int, Path]], named: str, schema: Mapping[str, pl.DataType]) -> pl.LazyFrame:
    """The rows of files, each of a site, with that site's id as column ``named``; a file may lack a column."""
    sites = {str(file): site_id for site_id, file in files}
    found = pl.scan_parquet(
        list(sites), schema=dict(schema), missing_columns="insert", extra_columns="ignore", include_file_paths=_FILE
    )
    site = pl.col(_FILE).replace_strict(list(sites), list(sites.values()), return_dtype=pl.Int64)
    return found.select(site.alias(named), *(pl.col(name).cast(kind) for name, kind in schema.items()))


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
    """Their rows by table, with from_site and the table's travelling columns: small files as one frame; what is much is
    read when it is asked for, and only what is asked of it."""
    files: dict[str, list[tuple[int, Path]]] = {}
    for pull in pulls:
        if pull.has_changes:
            for file in sorted((pull.path / "rows").glob("*.parquet")):
                if file.stem in schema.tables:
                    files.setdefault(file.stem, []).append((pull.site_id, file))
    return {table: _frames(found, schema.frame_schema(table)) for table, found in files.items()}


def _frames(files: Sequence[tuple[int, Path]], declared: Mapping[str, pl.DataType]) -> list[pl.LazyFrame]:
    sizes = [file.stat().st_size for _, file in files]
    small = [one for one, size in zip(files, sizes, strict=True) if size <= _SMALL]
    large = [one for one, size in zip(files, sizes, strict=True) if size > _SMALL]
    found = [_read([one], "from_site", declared) for one in large]
    if not small:
        return found
    together = _read(small, "from_site", declared)
    if sum(size for size in sizes if size <= _SMALL) <= _AT_ONCE:
        together = together.collect().lazy()
    return [together, *found]
