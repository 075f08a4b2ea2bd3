"""What the rows of a batch say of themselves: whose they are, whom they are about, what they refer to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import BatchMerge, BatchReference, ChangeKey
from sync_rules.schema import Reference
from sync_rules.table.policies import Authority
from sync_rules.table.rules import RULES, TableRule, part_of_row
from sync_rules.transfers.kinds import KINDS, is_half
from warehouse.batch.frames import RowAnswer
from warehouse.batch.late_references import Rows
from warehouse.frames import Claim

NO_ENTRIES = pl.DataFrame(schema={**ChangeKey.schema, "entry": pl.UInt32()})


@dataclass(frozen=True)
class RowClaims:
    """What the upserted rows say of themselves, what they refer to, and what the merges among them name."""

    claims: FrameOf[Claim]
    refers: FrameOf[BatchReference]
    merging: FrameOf[BatchMerge]


def row_claims(
    rows: Rows, references: Sequence[Reference], parties: Collection[str], entries: pl.DataFrame = NO_ENTRIES
) -> RowClaims:
    """What the rows say. ``parties``: the ids of the names of stores. ``entries``: entry, site_id, table_name,
    record_id of the changes that the rows are of; what others refer to or merge is left out."""
    claims: list[pl.DataFrame] = [Claim.empty()]
    refers: list[pl.DataFrame] = [BatchReference.empty()]
    merging: list[pl.DataFrame] = [BatchMerge.empty()]
    numbered = entries.partition_by("table_name", as_dict=True)
    for table, frames in sorted(rows.items()):
        if table not in RULES:
            continue
        rule = RULES[table]
        own = [*(one for one in references if one.table == table), *_unwritten_references(rule)]
        claim, columns = _claim(rule, parties)
        named = {"from_site", "id", *columns, *(one.column for one in own)}
        named |= {"kept_id", "merged_id"} if rule.table.merges else set()
        got = pl.concat(pl.collect_all([frame.select(sorted(named)) for frame in frames]))
        change = {"site_id": pl.col("from_site"), "table_name": pl.lit(table), "record_id": pl.col("id")}
        claims.append(got.select(**change, **claim))
        of_batch = got.join(
            numbered.get((table,), NO_ENTRIES).select("entry", from_site="site_id", id="record_id"),
            on=["from_site", "id"],
        )
        refers += _refers(of_batch, own)
        if rule.table.merges:
            merging.append(of_batch.select(BatchMerge.names()))
    return RowClaims(
        Claim.check(pl.concat(claims)),
        BatchReference.check(pl.concat(refers)),
        BatchMerge.check(pl.concat(merging).sort("entry")),
    )


def _refers(rows: pl.DataFrame, references: Sequence[Reference]) -> list[pl.DataFrame]:
    """What ``rows`` with their ``entry`` refer to, each record once."""
    found = []
    for parent in sorted({one.parent for one in references}):
        columns = [one.column for one in references if one.parent == parent]
        named = pl.concat(
            rows.select("entry", pl.lit(parent).alias("parent_table"), parent_id=column).drop_nulls("parent_id")
            for column in columns
        )
        found.append(named if len(columns) == 1 else named.unique())
    return found


def answered(rows: Rows) -> FrameOf[RowAnswer]:
    """Which document each row answers that is the responding half of a transfer; goods received answer the order, too,
    that their invoice was made for."""
    found: list[pl.DataFrame] = [RowAnswer.empty()]
    for kind in KINDS:
        is_of_type = pl.lit(value=True) if kind.responding_type is None else pl.col("type") == kind.responding_type
        named = [(kind.table, kind.back), *([("purchase_order", "purchase_order_id")] if kind.with_order else [])]
        asked = [
            frame.filter(is_of_type & pl.all_horizontal(pl.col(kind.back, column).is_not_null())).select(
                site_id="from_site",
                table_name=pl.lit(kind.responding_table),
                record_id="id",
                parent_table=pl.lit(table),
                parent_id=column,
                kind=pl.lit(kind.name),
                made_of=kind.back,
                to_store="store_id",
            )
            for frame in rows.get(kind.responding_table, [])
            for table, column in named
        ]
        found += pl.collect_all(asked)
    return RowAnswer.check(pl.concat(found).unique())


def _claim(rule: TableRule, parties: Collection[str]) -> tuple[dict[str, pl.Expr], set[str]]:
    """What a row of a table claims, by the columns of Claim, and the columns that it is read from."""
    table = rule.table
    # a line is of the part that its document is of
    part, part_columns = (pl.lit(None, pl.String), ()) if table.parent else part_of_row(table.name)
    half, half_columns = is_half(table.name, parties)
    document = table.parent_column or ("id" if heads_documents(table.name) else None)
    named = {name for name in (table.owner, table.about, document) if name}
    claim = {
        "owner": _column(table.owner),
        "about": _column(table.about),
        "part": part,
        "document": _column(document),
        "is_half": half,
    }
    return claim, {*named, *part_columns, *half_columns}


def heads_documents(table: str) -> bool:
    """Whether the table's records have lines."""
    return any(rule.table.parent == table for rule in RULES.values())


def _column(name: str | None) -> pl.Expr:
    return pl.col(name) if name else pl.lit(None, pl.String)


def _unwritten_references(rule: TableRule) -> list[Reference]:
    """What a row makes no sense without, though no foreign key says so: the record that a merge keeps, the one it
    merges away where that is somebody's, the person who becomes visible."""
    table = rule.table
    if table.merges:
        is_somebodys = rule.authority is not Authority.PRIMARY
        columns = ("kept_id", "merged_id") if is_somebodys else ("kept_id",)
        return [Reference(table.name, column, table.merges) for column in columns]
    if rule.authority is Authority.VISIBILITY and table.about and table.subject:
        return [Reference(table.name, table.about, table.subject)]
    return []
