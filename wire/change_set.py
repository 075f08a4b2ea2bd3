"""Change sets: what central sends one site, immutable and named by its content (M3)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD, RecordKey
from wire.folders import SharedFrame, is_whole, kept_frame, seal, unseal
from wire.frames import Notice, RepeatCount

_DELETES = "deletes.parquet"
_NOTICES = "notices.parquet"
_COUNTS = "repeat_counts.parquet"
_UPSERTS = "upserts/"
_SMALL = 1000  # rows that are kept: of more the memory counts, not the reading


class Upserts(Mapping[str, pl.DataFrame]):
    """The typed rows to write, by table, each sorted by id; a table is read when it is asked for, a small one once."""

    def __init__(self, folder: Path, tables: tuple[str, ...]) -> None:
        self._folder, self._tables = folder, tables
        self._small: dict[str, pl.DataFrame] = {}

    def __getitem__(self, table: str) -> pl.DataFrame:
        if table not in self._tables:
            raise KeyError(table)
        if table in self._small:
            return self._small[table]
        rows = pl.read_parquet(self._folder / f"{_UPSERTS}{table}.parquet", glob=False)
        if len(rows) <= _SMALL:
            self._small[table] = rows
        return rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)


@dataclass(frozen=True)
class ChangeSet:
    """What one site is to apply in one transaction.

    ``from_seq`` and ``to_seq``: the part of the central sequence it covers. ``deletes``:
    table_name and record_id, sorted. ``notices``: what the people there are told of their own changes.
    ``counts``: what was dispensed elsewhere of repeats that are edited there.
    """

    path: Path
    content_hash: str
    number: int
    site_id: int
    site_code: str
    from_seq: int
    to_seq: int
    upserts: Mapping[str, pl.DataFrame]
    deletes: FrameOf[RecordKey]
    notices: FrameOf[Notice]
    counts: FrameOf[RepeatCount]

    def without(self, tables: Collection[str]) -> ChangeSet:
        """The same set but for what is of ``tables``: its number and its hash stay."""
        left = Upserts(self.path, tuple(table for table in self.upserts if table not in tables))
        deletes = self.deletes.filter(~pl.col("table_name").is_in(sorted(tables)))
        return replace(self, upserts=left, deletes=RecordKey.check(deletes))


@dataclass(frozen=True)
class KeptChangeSet:
    """A change set that was written: its folder, and the hash of what is in it."""

    path: Path
    content_hash: str


def write_change_set(
    folder: Path,
    *,
    site_id: int,
    site_code: str,
    number: int,
    from_seq: int,
    to_seq: int,
    upserts: Mapping[str, pl.DataFrame | SharedFrame],
    deletes: pl.DataFrame | None = None,
    notices: pl.DataFrame | None = None,
    counts: pl.DataFrame | None = None,
) -> KeptChangeSet:
    """Keep a change set as ``folder/<site_code>/<number>-<hash12>``; the order of rows given does not matter, but for
    shared ones, which are sorted by id.

    Writing the same again gives the same bytes and changes nothing.
    """
    frames = _frames(upserts, deletes, notices, counts)
    facts = {
        "site_id": site_id,
        "site_code": site_code,
        "number": number,
        "from_seq": from_seq,
        "to_seq": to_seq,
    }
    return KeptChangeSet(*seal(folder / site_code, f"{number:08d}", frames, facts))


def _frames(
    upserts: Mapping[str, pl.DataFrame | SharedFrame],
    deletes: pl.DataFrame | None,
    notices: pl.DataFrame | None,
    counts: pl.DataFrame | None,
) -> Mapping[str, pl.DataFrame | SharedFrame]:
    """By file, those that have rows."""
    frames: dict[str, pl.DataFrame | SharedFrame] = {
        f"{_UPSERTS}{table}.parquet": rows if isinstance(rows, SharedFrame) else rows.sort("id")
        for table, rows in upserts.items()
        if isinstance(rows, SharedFrame) or rows.height
    }
    if deletes is not None and deletes.height:
        frames[_DELETES] = RecordKey.take(deletes).unique().sort(RECORD)
    if notices is not None and notices.height:
        frames[_NOTICES] = Notice.take(notices).sort("id")
    if counts is not None and counts.height:
        frames[_COUNTS] = RepeatCount.take(counts).sort("repeat_id")
    return frames


def read_change_set(path: Path) -> ChangeSet:
    """The change set at ``path``. Raises FileUnusable where any byte is not as it was written."""
    facts = unseal(path)
    tables = sorted(
        name.removeprefix(_UPSERTS).removesuffix(".parquet") for name in facts["files"] if name.startswith(_UPSERTS)
    )
    return ChangeSet(
        path=path,
        content_hash=facts["content_hash"],
        number=facts["number"],
        site_id=facts["site_id"],
        site_code=facts["site_code"],
        from_seq=facts["from_seq"],
        to_seq=facts["to_seq"],
        upserts=Upserts(path, tuple(tables)),
        deletes=kept_frame(path, facts["files"], _DELETES, RecordKey),
        notices=kept_frame(path, facts["files"], _NOTICES, Notice),
        counts=kept_frame(path, facts["files"], _COUNTS, RepeatCount),
    )


def is_same(path: Path, other: Path) -> bool:
    """Whether both are whole change sets that say the same, in whatever bytes."""
    if not (is_whole(path) and is_whole(other)):
        return False
    one, two = read_change_set(path), read_change_set(other)
    facts = [(each.site_id, each.number, each.from_seq, each.to_seq, set(each.upserts)) for each in (one, two)]
    return (
        facts[0] == facts[1]
        and one.deletes.equals(two.deletes)
        and one.notices.equals(two.notices)
        and one.counts.equals(two.counts)
        and all(rows.equals(two.upserts[table]) for table, rows in one.upserts.items())
    )


def change_sets_with(paths: Sequence[Path], table: str, record_id: str) -> Mapping[Path, str]:
    """Those change sets among ``paths`` that have the record, and what they do to it: upsert or delete."""
    upserts = {path / f"{_UPSERTS}{table}.parquet": path for path in paths}
    deletes = {path / _DELETES: path for path in paths}
    is_named = (pl.col("table_name") == table) & (pl.col("record_id") == record_id)
    written = _files_with(upserts, pl.col("id") == record_id)
    return {**dict.fromkeys(_files_with(deletes, is_named), "delete"), **dict.fromkeys(written, "upsert")}


def _files_with(files: Mapping[Path, Path], condition: pl.Expr) -> list[Path]:
    """The folders of ``files`` (file to folder) whose file is there and has a row that meets the condition."""
    there = [file for file in files if file.is_file()]
    if not there:
        return []
    found = pl.concat(
        [
            pl.scan_parquet(file, include_file_paths="file", glob=False).filter(condition).select("file")
            for file in there
        ]
    )
    return [files[Path(name)] for name in found.unique().collect()["file"]]
