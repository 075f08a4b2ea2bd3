"""First contacts that are too much to be judged at once, in parts: documents whole with their lines (A5), people with
what is about them (B33), halves of transfers with what they answer (X1), and what others refer to before them (M3)."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import CHANGE, RECORD
from sync_rules.mentions import MERGE_TABLES
from sync_rules.schema import Reference, Schema
from sync_rules.table.ownership import STORE_RECORDS, SUBJECTS
from sync_rules.table.parents import PARENT_COLUMN
from sync_rules.table.rules import RULES
from sync_rules.transfers.kinds import HEADERS, KINDS
from sync_rules.verdicts.documents import PARENT
from warehouse.batch.claims import answered
from warehouse.batch.frames import InPart, InWhole
from warehouse.batch.landed_rows import Landed, pulled_changes, pulled_rows
from warehouse.connection import Connection, first, registered
from warehouse.identifiers import literal
from wire.landed_pull import CHANGES, ROWS, rows_file, table_of

_ROW_GROUP = 20_480  # so that few rows are read of other parts
_HALVES = {kind.responding_table for kind in KINDS}
_TRANSFERS = "documents of transfers"


@contextmanager
def parts_folder(con: Connection) -> Iterator[Path]:
    """Where parts are, beside what DuckDB spills, for as long as the body runs; those of a process that was killed are
    taken away."""
    found = first(con, "select current_setting('temp_directory')")
    if not found or not found[0]:
        raise RuntimeError("the warehouse has no folder to spill to")
    folder = Path(found[0]) / "parts"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def parts_of(
    con: Connection, pulls: Sequence[Landed], schema: Schema, most: int, folder: Path, *, waits: Collection[int] = ()
) -> list[list[Landed]]:
    """``pulls`` in parts of some ``most`` changes, their rows sorted into files in ``folder``.

    Only tables that were read whole for the first time are cut, and none where records were merged: nothing there was
    deleted, moved or held back before.
    What else there is is judged with the first part, and so is what sites sent of which something ``waits``, or that
    are compared, after a gap in capture or because they are let in again (B57, B50). A document with its lines is never
    divided (A5), nor halves of transfers and what they answer (X1), nor a person and what is about them (B33). Fewer
    than twice as many are one part.
    """
    cut = [pull for pull in pulls if not pull.compared and not pull.is_readmitted and pull.site_id not in waits]
    if any(rows_file(table) in pull.files for pull in pulls for table in MERGE_TABLES):
        return [list(pulls)]  # what a merge moves and merges away is judged with it
    if sum(pull.changes or 0 for pull in cut) >= 2 * most:
        cut = [pull for pull in cut if _is_new(pull)]
    if sum(pull.changes or 0 for pull in cut) < 2 * most:
        return [list(pulls)]
    numbered = _numbered(cut, schema, most)
    sites = {pull.site_id for pull in cut}
    parts: dict[int, list[Landed]] = {0: [pull for pull in pulls if pull.site_id not in sites]}
    for pull in cut:
        own = numbered.filter(pl.col("site_id") == pull.site_id)
        for number, part in _cut(con, pull, own, schema, folder / str(pull.site_id)):
            parts.setdefault(number, []).append(part)
    return [part for _, part in sorted(parts.items())]


def _is_new(pull: Landed) -> bool:
    """Whether all that was pulled are rows of tables that were read whole, and none was touched since."""
    if not pull.changes:
        return False
    changes = pl.scan_parquet(pull.path / CHANGES, glob=False)
    return bool(changes.select((pl.col("is_snapshot") & (pl.col("op") == "upsert")).all()).collect().item())


def _cut(
    con: Connection, pull: Landed, numbered: pl.DataFrame, schema: Schema, folder: Path
) -> Iterator[tuple[int, Landed]]:
    """Those parts of a pull that there are, with their numbers."""
    (folder / ROWS).mkdir(parents=True)
    spans: dict[int, dict[str, tuple[int, int]]] = {}
    for name in pull.files:
        table = table_of(name)
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
            f"to {literal(to)} (format parquet, row_group_size {_ROW_GROUP})",
            [_unpatterned(file)],
        )
    counted = pl.scan_parquet(to, glob=False).group_by("part").agg(rows=pl.len().cast(pl.Int64)).sort("part").collect()
    offsets = counted["rows"].cum_sum() - counted["rows"]
    for (part, rows), offset in zip(counted.iter_rows(), offsets, strict=True):
        yield part, (offset, rows)


def _numbered(pulls: Sequence[Landed], schema: Schema, most: int) -> FrameOf[InPart]:
    """The part of each change: wholes in the order in which sites touched them, each kind after those that it refers
    to, and a record with what other sites say of it. Records of stores are one whole, as no two have one code (B18)."""
    changes = pulled_changes(pulls).select(*CHANGE, "position")
    table = pl.col("table_name")
    rank = table.replace_strict(_ranks(schema), default=-1, return_dtype=pl.Int64)
    whole = pl.when(table == STORE_RECORDS).then(pl.lit("")).otherwise(pl.coalesce("whole", "record_id"))
    changes = changes.join(_wholes(changes, pulls, schema), on=CHANGE, how="left").with_columns(rank=rank, whole=whole)
    wholes = (
        changes.group_by("rank", "whole")
        .agg(size=pl.len().cast(pl.Int64), position=pl.col("position").min())
        .sort("rank", "position", "whole")
        .select("rank", "whole", part=(pl.col("size").cum_sum() - pl.col("size")) // most)
    )
    return InPart.take(changes.join(wholes, on=["rank", "whole"], how="left"))


def _wholes(changes: pl.DataFrame, pulls: Sequence[Landed], schema: Schema) -> FrameOf[InWhole]:
    """What each record that is no whole by itself is judged with: the document of a line, the person of what is about
    one, also of the lines of documents about one, and the least document of those that answer each other."""
    above = _above(schema)
    said = pl.concat([InWhole.empty(), *(_said(pull, above) for pull in pulls)])
    said = said.with_columns(of=pl.col("table_name").replace({name: one.parent for name, one in above.items()}))
    wider = said.select("site_id", of="table_name", whole="record_id", wider="whole")
    said = said.join(wider, on=["site_id", "of", "whole"], how="left")
    named = said.select(*CHANGE, "of", whole=pl.coalesce("wider", "whole"))
    least = _answering(pulls, schema)
    lines = named.join(least.rename({"table_name": "of", "record_id": "whole"}), on=["of", "whole"], how="left")
    headers = changes.select(CHANGE).join(least, on=RECORD)
    alone = lines.join(headers, on=CHANGE, how="anti").select(*CHANGE, whole=pl.coalesce("least", "whole"))
    return InWhole.check(pl.concat([alone, headers.select(*CHANGE, whole="least")]))


def _answering(pulls: Sequence[Landed], schema: Schema) -> pl.DataFrame:
    """table_name, record_id, least: of documents that answer one another, or are answered, the least one's name."""
    rows = {table: frames for table, frames in pulled_rows(pulls, schema).items() if table in _HALVES}
    pairs = answered(rows).select(*RECORD, "parent_table", "parent_id").unique()
    one, other = pl.concat_str("table_name", "record_id", separator=" "), pl.concat_str(*PARENT, separator=" ")
    both = pairs.select(one=one, other=other)
    near = pl.concat([both, both.select(one="other", other="one")]).unique()
    least = near.select(name="one").unique().with_columns(least=pl.col("name"))
    while True:
        found = near.join(least, left_on="other", right_on="name").group_by("one").agg(pl.col("least").min())
        after = least.join(found, left_on="name", right_on="one", suffix="_near").select(
            "name", least=pl.min_horizontal("least", "least_near")
        )
        if after.sort("name").equals(least.sort("name")):
            break
        least = after
    named = pl.col("name").str.splitn(" ", 2).struct
    return least.select(table_name=named[0], record_id=named[1], least="least")


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
        if (name := rows_file(table)) in pull.files
    ]
    return InWhole.check(pl.concat([InWhole.empty(), *pl.collect_all(found)]))


def _ranks(schema: Schema) -> dict[str, int]:
    """The place of each table in the order of parts, that of its kind of whole: after what any table of it refers to,
    and of stores after their records; documents that answer each other are of one kind."""
    above = {table: one.parent for table, one in _above(schema).items()}
    whole = {table: above.get(above.get(table, table), above.get(table, table)) for table in schema.tables}
    whole = {table: _TRANSFERS if kind in HEADERS else kind for table, kind in whole.items()}
    owned = [name for name, rule in RULES.items() if rule.table.owner and name not in (STORE_RECORDS, "site")]
    named = [*((one.table, one.parent) for one in schema.references), *((name, STORE_RECORDS) for name in owned)]
    between = {(whole[table], whole[parent]) for table, parent in named if table in whole and parent in whole}
    references = tuple(Reference(table, "", parent) for table, parent in sorted(between) if table != parent)
    kinds = Schema(dict.fromkeys(sorted(set(whole.values())), ()), references).parents_first()
    number = {kind: number for number, kind in enumerate(kinds)}
    return {table: number[kind] for table, kind in whole.items()}


def _unpatterned(path: Path) -> str:
    """The path as DuckDB takes it that reads others as patterns."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path))
