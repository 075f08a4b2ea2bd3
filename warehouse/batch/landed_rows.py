"""Landed pulls as frames: their changes, and their rows, read from the Parquet directly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import CHANGE, ChangeKey
from sync_rules.schema import Schema
from wire.frames import PulledChange, SitePulledChange
from wire.landed_pull import BEFORE_SWITCHES, CHANGES, table_of


@dataclass(frozen=True)
class Landed:
    """A landed pull: a folder with changes.parquet and rows/<table>.parquet, as ``files`` says by relative name.
    ``compared``: the tables that were read whole because capture was interrupted (B57), or because the site is let in
    again (``is_readmitted``, B50). ``changes``: how many, None where that is not known. ``spans``: the offset and the
    number of the rows of a file that count; of files that it does not name all do."""

    site_id: int
    path: Path
    files: tuple[str, ...]
    compared: tuple[str, ...] = ()
    is_readmitted: bool = False
    changes: int | None = None
    spans: Mapping[str, tuple[int, int]] = field(default_factory=dict)


_FILE = "of_file"
_SMALL, _AT_ONCE = 1 << 20, 32 << 20
"""Bytes of a file that is read with others; of all such files of a table that are kept in memory."""
_FEW_CHANGES = 500_000
"""So many changes of many sites have few rows, though their files be many megabytes: each has a head and a foot."""


def pulled_changes(pulls: Sequence[Landed]) -> FrameOf[SitePulledChange]:
    """The changes of all of them."""
    files = [(pull.site_id, pull.path / CHANGES) for pull in pulls if CHANGES in pull.files and not pull.spans]
    found = [_read(files, "site_id", PulledChange.schema)] if files else []
    found += [_span(pull, CHANGES, "site_id", PulledChange.schema) for pull in pulls if CHANGES in pull.spans]
    if not found:
        return SitePulledChange.empty()
    return SitePulledChange.take(pl.concat(pl.collect_all(found)))


def _span(pull: Landed, name: str, named: str, schema: Mapping[str, pl.DataType]) -> pl.LazyFrame:
    return _read([(pull.site_id, pull.path / name)], named, schema, pull.spans[name])


def _read(
    files: Sequence[tuple[int, Path]],
    named: str,
    schema: Mapping[str, pl.DataType],
    span: tuple[int, int | None] = (0, None),
) -> pl.LazyFrame:
    """The rows of files, each of a site, with that site's id as column ``named``; a file may lack a column."""
    sites = {str(file): site_id for site_id, file in files}
    found = pl.scan_parquet(
        list(sites),
        schema=dict(schema),
        missing_columns="insert",
        extra_columns="ignore",
        include_file_paths=_FILE,
        glob=False,
    )
    site = pl.col(_FILE).replace_strict(list(sites), list(sites.values()), return_dtype=pl.Int64)
    return found.slice(*span).select(site.alias(named), *(pl.col(name).cast(kind) for name, kind in schema.items()))


def before_switches(pulls: Sequence[Landed]) -> FrameOf[ChangeKey]:
    """What was written before a switch of procurement reached its site (B37)."""
    frames = [
        pl.read_parquet(pull.path / BEFORE_SWITCHES, glob=False).with_columns(site_id=pl.lit(pull.site_id, pl.Int64))
        for pull in pulls
        if BEFORE_SWITCHES in pull.files
    ]
    return ChangeKey.check(pl.concat([ChangeKey.empty(), *(frame.select(CHANGE) for frame in frames)]))


def pulled_rows(pulls: Sequence[Landed], schema: Schema) -> dict[str, list[pl.LazyFrame]]:
    """Their rows by table, with from_site and the table's travelling columns: small files as one frame; what is much is
    read when it is asked for, and only what is asked of it."""
    files: dict[str, list[tuple[int, Path]]] = {}
    frames: dict[str, list[pl.LazyFrame]] = {}
    for pull in pulls:
        for name in pull.files:
            table = table_of(name)
            if table is None or table not in schema.tables:
                continue
            if name in pull.spans:
                frames.setdefault(table, []).append(_span(pull, name, "from_site", schema.frame_schema(table)))
            else:
                files.setdefault(table, []).append((pull.site_id, pull.path / name))
    are_few = sum(_FEW_CHANGES if pull.changes is None else pull.changes for pull in pulls) < _FEW_CHANGES
    for table, found in files.items():
        frames.setdefault(table, []).extend(_frames(found, schema.frame_schema(table), are_few))
    return frames


def _frames(
    files: Sequence[tuple[int, Path]], declared: Mapping[str, pl.DataType], are_few: bool
) -> list[pl.LazyFrame]:
    sizes = [file.stat().st_size for _, file in files]
    small = [one for one, size in zip(files, sizes, strict=True) if size <= _SMALL]
    large = [one for one, size in zip(files, sizes, strict=True) if size > _SMALL]
    found = [_read([one], "from_site", declared) for one in large]
    if not small:
        return found
    together = _read(small, "from_site", declared)
    if are_few or sum(size for size in sizes if size <= _SMALL) <= _AT_ONCE:
        together = together.collect().lazy()
    return [together, *found]
