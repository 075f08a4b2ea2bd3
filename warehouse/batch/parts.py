"""Landed pulls that are too much to be judged at once, in parts: documents whole with their lines (A5), people with
what is about them (B33), and what others refer to before them (M3)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import CHANGE, RECORD
from sync_rules.mentions import MERGE_TABLES
from sync_rules.schema import Reference, Schema
from sync_rules.table.ownership import STORE_RECORDS, SUBJECTS
from sync_rules.table.parents import HEADER_OF, PARENT_COLUMN
from sync_rules.table.rules import RULES
from warehouse.batch.frames import InPart, InWhole
from warehouse.batch.landed_rows import Landed, pulled_changes
from warehouse.connection import Connection, first, registered
from warehouse.records.facts import held_records
from wire.landed_pull import CHANGES, ROWS

_ROW_GROUP = 20_480  # so that few rows are read of other parts


@contextmanager
def parts_folder(con: Connection) -> Iterator[Path]:
    """Where parts are, beside what DuckDB spills, for as long as the body runs; those of a process that was killed are
    taken away."""
    [spill] = first(con, "select current_setting('temp_directory')") or [""]
    folder = Path(spill) / "parts"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def parts_of(con: Connection, pulls: Sequence[Landed], schema: Schema, most: int, folder: Path) -> list[list[Landed]]:
    """``pulls`` in parts of some ``most`` changes, their rows sorted into files in ``folder``; a document with its
    lines is never divided, nor a person with what is about them. Fewer than twice as many are one part. What was read
    whole after a gap in capture is compared at once: with the first part (B57)."""
    cut = [pull for pull in pulls if not pull.compared and not pull.is_readmitted]
    if sum(pull.changes or 0 for pull in cut) < 2 * most:
        return [list(pulls)]
    numbered = _numbered(con, cut, schema, most)
    parts: dict[int, list[Landed]] = {0: [pull for pull in pulls if pull.compared or pull.is_readmitted]}
    for pull in cut:
        own = numbered.filter(pl.col("site_id") == pull.site_id)
        for number, part in _cut(con, pull, own, schema, folder / str(pull.site_id)):
            parts.setdefault(number, []).append(part)
    return [part for _, part in sorted(parts.items())]


def _cut(
    con: Connection, pull: Landed, numbered: pl.DataFrame, schema: Schema, folder: Path
) -> Iterator[tuple[int, Landed]]:
    """Those parts of a pull that there are, with their numbers."""
    (folder / ROWS).mkdir(parents=True)
    spans: dict[int, dict[str, tuple[int, int]]] = {}
    for name in pull.files:
        table = name.removeprefix(ROWS).removesuffix(".parquet") if name.startswith(ROWS) else None
        if name == CHANGES or table in schema.tables:
            own = numbered if table is None else numbered.filter(pl.col("table_name") == table)
            for part, span in _sort(con, pull.path / name, own, folder / name, is_of_table=table is not None):
                spans.setdefault(part, {})[name] = span
    for part, found in sorted(spans.items()):
        yield part, replace(pull, path=folder, files=tuple(sorted(found)), spans=found, changes=found[CHANGES][1])


def _sort(
    con: Connection, file: Path, numbered: pl.DataFrame, to: Path, *, is_of_table: bool
) -> Iterator[tuple[int, tuple[int, int]]]:
    """The rows of a file as another one sorted by their parts, and where in it each part is: offset and length."""
    on = "on n.record_id = r.id" if is_of_table else "using (table_name, record_id)"
    with registered(con, numbered=numbered):
        con.execute(
            f"copy (select r.*, n.part from read_parquet(?) as r join numbered as n {on} order by n.part) "
            f"to '{_quoted(to)}' (format parquet, row_group_size {_ROW_GROUP})",
            [_unpatterned(file)],
        )
    counted = pl.scan_parquet(to, glob=False).group_by("part").agg(rows=pl.len().cast(pl.Int64)).sort("part").collect()
    offsets = counted["rows"].cum_sum() - counted["rows"]
    for (part, rows), offset in zip(counted.iter_rows(), offsets, strict=True):
        yield part, (offset, rows)


def _numbered(con: Connection, pulls: Sequence[Landed], schema: Schema, most: int) -> FrameOf[InPart]:
    """The part of each change: wholes in the order in which sites touched them, each kind after those that it refers
    to, and a record with what other sites say of it. Records of stores are one whole, as no two have one code (B18),
    and so is what merges records and what may be deleted because it was merged away."""
    above, rank = _above(schema), _ranks(schema)
    changes = pulled_changes(pulls).select(*CHANGE, "op", "position")
    named = pl.concat([_deleted(con, changes, above), *(_said(pull, above) for pull in pulls)])
    named = named.with_columns(of=pl.col("table_name").replace({name: one.parent for name, one in above.items()}))
    wider = named.select("site_id", of="table_name", whole="record_id", wider="whole")
    named = named.join(wider, on=["site_id", "of", "whole"], how="left")
    table = pl.col("table_name")
    is_merged_away = table.is_in(list(MERGE_TABLES.values())) & (pl.col("op") != "upsert")
    is_merging = table.is_in(list(MERGE_TABLES)) | is_merged_away
    order = (
        pl.when(is_merged_away).then(len(rank)).otherwise(table.replace_strict(rank, default=-1, return_dtype=pl.Int64))
    )
    is_one = is_merging | (table == STORE_RECORDS)
    whole = pl.when(is_one).then(pl.lit("")).otherwise(pl.coalesce("wider", "whole", "record_id"))
    changes = changes.join(named, on=CHANGE, how="left").with_columns(rank=order, whole=whole)
    wholes = (
        changes.group_by("rank", "whole")
        .agg(size=pl.len().cast(pl.Int64), position=pl.col("position").min())
        .sort("rank", "position", "whole")
        .select("rank", "whole", part=(pl.col("size").cum_sum() - pl.col("size")) // most)
    )
    return InPart.take(changes.join(wholes, on=["rank", "whole"], how="left"))


def _above(schema: Schema) -> dict[str, Reference]:
    """What the records of a table are judged with: the document of a line, the person whom a record is about."""
    found = {table: Reference(table, column, parent) for table, (column, parent) in PARENT_COLUMN.items()}
    named = {(one.table, one.column): one.parent for one in schema.references}
    for table, rule in RULES.items():
        about = rule.table.about
        person = rule.table.subject or named.get((table, about or ""))
        if about and person in SUBJECTS and not rule.table.merges:
            found[table] = Reference(table, about, person)
    return {table: one for table, one in found.items() if table in schema.tables}


def _deleted(con: Connection, changes: pl.DataFrame, above: Mapping[str, Reference]) -> FrameOf[InWhole]:
    """What deleted records were judged with, as central holds them."""
    deleted = changes.filter(pl.col("table_name").is_in(list(above)) & (pl.col("op") != "upsert"))
    is_line = pl.col("table_name").is_in(list(HEADER_OF))
    held = held_records(con, deleted).with_columns(whole=pl.when(is_line).then("document").otherwise("about"))
    return InWhole.take(deleted.select(CHANGE).join(held, on=RECORD).drop_nulls("whole"))


def _said(pull: Landed, above: Mapping[str, Reference]) -> FrameOf[InWhole]:
    """What the records of a pull are judged with, as their rows say."""
    found = [
        pl.scan_parquet(
            pull.path / name,
            schema={"id": pl.String, one.column: pl.String},
            missing_columns="insert",
            extra_columns="ignore",
            glob=False,
        )
        .select(site_id=pl.lit(pull.site_id, pl.Int64), table_name=pl.lit(table), record_id="id", whole=one.column)
        .drop_nulls("whole")
        for table, one in above.items()
        if (name := f"{ROWS}{table}.parquet") in pull.files
    ]
    return InWhole.check(pl.concat([InWhole.empty(), *pl.collect_all(found)]))


def _ranks(schema: Schema) -> dict[str, int]:
    """The place of each table in the order of parts, that of its kind of whole: after what any table of it refers to,
    and of stores after their records; what merges records comes last."""
    above = {table: one.parent for table, one in _above(schema).items()}
    whole = {table: above.get(above.get(table, table), above.get(table, table)) for table in schema.tables}
    owned = [name for name, rule in RULES.items() if rule.table.owner and name not in (STORE_RECORDS, "site")]
    named = [*((one.table, one.parent) for one in schema.references), *((name, STORE_RECORDS) for name in owned)]
    between = {(whole[table], whole[parent]) for table, parent in named if table in whole and parent in whole}
    references = tuple(Reference(table, "", parent) for table, parent in sorted(between) if table != parent)
    kinds = Schema(dict.fromkeys(sorted(set(whole.values())), ()), references).parents_first()
    number = {kind: number for number, kind in enumerate(kinds)}
    return {table: len(whole) if table in MERGE_TABLES else number[kind] for table, kind in whole.items()}


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _unpatterned(path: Path) -> str:
    """The path as DuckDB takes it that reads others as patterns."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path))
