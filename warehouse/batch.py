"""The changes of a cycle, gathered from landed pulls and from the changes that wait.

Reads the Parquet of landed pulls directly: keys, owners and references for judging, whole rows
only for what is merged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from sync_rules.data_types import RULES
from sync_rules.frames import BATCH_REFERENCES, CHANGES
from sync_rules.words import POLARS_TYPE, Reference, Schema
from warehouse.connection import query


@dataclass(frozen=True)
class Landed:
    """A landed pull: a folder with changes.parquet and rows/<table>.parquet."""

    site_id: int
    path: Path


@dataclass(frozen=True)
class Batch:
    """All changes of a cycle and their rows.

    ``changes``: CHANGES and waiting_since (the quarantine id of a change that waited, or null).
    ``rows``: per table, lazy frames of from_site and the table's travelling columns.
    """

    changes: pl.DataFrame
    references: pl.DataFrame
    rows: Mapping[str, list[pl.LazyFrame]]

    def only(self, entries: pl.DataFrame) -> Batch:
        """The part of the batch that ``entries`` (entry) names."""
        return Batch(
            self.changes.join(entries, on="entry", how="semi", maintain_order="left"),
            self.references.join(entries, on="entry", how="semi"),
            self.rows,
        )

    def rows_of(self, table: str, keys: pl.DataFrame) -> pl.DataFrame:
        """The rows of ``table`` for ``keys`` (site_id, record_id), with from_site, sorted by id."""
        frames = [
            frame.join(keys.lazy(), left_on=["from_site", "id"], right_on=["site_id", "record_id"], how="semi")
            for frame in self.rows.get(table, [])
        ]
        return pl.concat(pl.collect_all(frames)).sort("id", "from_site") if frames else pl.DataFrame()


def gather(con: duckdb.DuckDBPyConnection, pulls: Sequence[Landed], ranks: pl.DataFrame, schema: Schema) -> Batch:
    """What was pulled from some sites, and what waits of theirs from before unless it was pulled anew.

    ``ranks`` (site_id, rank) names and orders the sites: the order they were pulled in is nothing (M3).
    """
    pulled = _pulled_changes(pulls)
    waiting = _waiting_changes(con).join(ranks, on="site_id", how="semi", maintain_order="left")
    waiting = waiting.join(pulled, on=["site_id", "table_name", "record_id"], how="anti")
    rows = _pulled_rows(pulls, schema)
    for (table,), group in waiting.filter(pl.col("op") == "upsert").group_by("table_name", maintain_order=True):
        if table in schema.tables:
            rows.setdefault(str(table), []).append(_rows_of_waiting(group, str(table), schema).lazy())
    changes = (
        pl.concat([waiting.drop("site_row"), pulled], how="diagonal")
        .join(ranks, on="site_id", how="left")
        .sort("rank", "site_id", "position", "table_name", "record_id", nulls_last=[True, False, False, False, False])
        .with_row_index("entry")
    )
    owners, references = _owners(rows, schema.references)
    changes = changes.join(owners, on=["site_id", "table_name", "record_id"], how="left", maintain_order="left")
    numbered = changes.filter(pl.col("op") == "upsert").select("entry", "site_id", "table_name", "record_id")
    entries = references.join(numbered, on=["site_id", "table_name", "record_id"])
    columns = [pl.col(name).cast(kind) for name, kind in CHANGES.items() if name != "is_same"]
    return Batch(
        changes.select(*columns, is_same=pl.lit(False), waiting_since="waiting_since"),
        entries.select([pl.col(name).cast(kind) for name, kind in BATCH_REFERENCES.items()]),
        rows,
    )


_PULLED = {
    "table_name": pl.String(),
    "record_id": pl.String(),
    "op": pl.String(),
    "position": pl.Int64(),
    "is_snapshot": pl.Boolean(),
    "malformed": pl.String(),
}


def _pulled_changes(pulls: Sequence[Landed]) -> pl.DataFrame:
    frames = [
        pl.read_parquet(pull.path / "changes.parquet").with_columns(site_id=pl.lit(pull.site_id, pl.Int64))
        for pull in pulls
    ]
    everything = pl.DataFrame(schema={"site_id": pl.Int64(), **_PULLED})
    return pl.concat(
        [everything, *(frame.select([pl.col(n).cast(k) for n, k in everything.schema.items()]) for frame in frames)]
    )


def _pulled_rows(pulls: Sequence[Landed], schema: Schema) -> dict[str, list[pl.LazyFrame]]:
    rows: dict[str, list[pl.LazyFrame]] = {}
    for pull in pulls:
        for file in sorted((pull.path / "rows").glob("*.parquet")):
            if file.stem in schema.tables:
                columns = [pl.col(name).cast(kind) for name, kind in schema.frame_schema(file.stem).items()]
                frame = pl.scan_parquet(file).select(pl.lit(pull.site_id, pl.Int64).alias("from_site"), *columns)
                rows.setdefault(file.stem, []).append(frame)
    return rows


def _waiting_changes(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Changes that wait, oldest first, before anything pulled now; and malformed new rows, which hold their
    document until they are mended (A4)."""
    return query(
        con,
        "select id as waiting_since, site_id, table_name, record_id, op, -1::bigint as position, is_snapshot, malformed, site_row "
        "from ledger.quarantine where state = 'open' and (verdict = 'waiting' or (reason = 'malformed_value' and central_row is null)) "
        "order by id",
    )


def _rows_of_waiting(waiting: pl.DataFrame, table: str, schema: Schema) -> pl.DataFrame:
    """Quarantined rows, kept as JSON of text, as typed rows again."""
    columns = schema.travelling(table)
    text = pl.Struct({column.name: pl.String() for column in columns})
    decoded = waiting.select(from_site="site_id", row=pl.col("site_row").str.json_decode(text)).unnest("row")
    typed = [_typed(pl.col(column.name), POLARS_TYPE[column.kind]).alias(column.name) for column in columns]
    return decoded.select("from_site", *typed)


def _typed(text: pl.Expr, kind: pl.DataType) -> pl.Expr:
    if isinstance(kind, pl.Boolean):
        return text == "true"
    if isinstance(kind, pl.Datetime):
        return text.str.to_datetime("%Y-%m-%d %H:%M:%S%.f%:z", time_unit="us", time_zone="UTC")
    if isinstance(kind, pl.Date):
        return text.str.to_date("%Y-%m-%d")
    return text.cast(kind)


def _owners(
    rows: Mapping[str, list[pl.LazyFrame]], references: Sequence[Reference]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """For each row its owner and document as the row says, and what it refers to."""
    claims, refers = [], []
    for table, frames in sorted(rows.items()):
        rule = RULES.get(table)
        if rule is None:
            continue
        structure = rule.table
        document = structure.parent_column or ("id" if _heads_documents(table) else None)
        named = {"from_site", "id", structure.owner or "id", document or "id"}
        own = [reference for reference in references if reference.table == table]
        needed = sorted(named | {reference.column for reference in own})
        got = pl.concat(pl.collect_all([frame.select(needed) for frame in frames]))
        base = {"site_id": pl.col("from_site"), "table_name": pl.lit(table), "record_id": pl.col("id")}
        claims.append(
            got.select(
                **base,
                owner=pl.col(structure.owner) if structure.owner else pl.lit(None, pl.String),
                document=pl.col(document) if document else pl.lit(None, pl.String),
            )
        )
        refers += [
            got.filter(pl.col(one.column).is_not_null()).select(
                **base, parent_table=pl.lit(one.parent), parent_id=pl.col(one.column)
            )
            for one in own
        ]
    key = {"site_id": pl.Int64(), "table_name": pl.String(), "record_id": pl.String()}
    no_claims = pl.DataFrame(schema={**key, "owner": pl.String(), "document": pl.String()})
    no_references = pl.DataFrame(schema={**key, "parent_table": pl.String(), "parent_id": pl.String()})
    return pl.concat([no_claims, *claims]), pl.concat([no_references, *refers]).unique()


def _heads_documents(table: str) -> bool:
    return any(rule.table.parent == table for rule in RULES.values())
