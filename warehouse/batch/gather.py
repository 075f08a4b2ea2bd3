"""The changes of a cycle, gathered from landed pulls and from the changes that wait.

Reads the Parquet of landed pulls directly: keys, owners and references for judging, whole rows
only for what is merged.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from sync_rules.frames import BATCH_MERGES, BATCH_REFERENCES, CHANGES
from sync_rules.schema import POLARS_TYPE, Schema
from sync_rules.table.ownership import STORE_RECORDS
from warehouse.batch.claims import Rows, said, with_homes
from warehouse.batch.late_references import rewrite
from warehouse.connection import query
from wire.landed_pull import PULLED

KEY = ["site_id", "table_name", "record_id"]


@dataclass(frozen=True)
class Landed:
    """A landed pull: a folder with changes.parquet and rows/<table>.parquet."""

    site_id: int
    path: Path


@dataclass(frozen=True)
class Batch:
    """All changes of a cycle and their rows.

    ``changes``: CHANGES, waiting_since and was_reason (of a change that was held back before: its quarantine id and
    the reason, or null) and is_rewritten (the row named a record that was merged away, and now names the kept one). ``references``
    BATCH_REFERENCES, ``merges`` BATCH_MERGES. ``rows``: per table, lazy frames of from_site and the table's
    travelling columns; ``sent``: the same before they were rewritten.
    """

    changes: pl.DataFrame
    references: pl.DataFrame
    merges: pl.DataFrame
    rows: Mapping[str, list[pl.LazyFrame]]
    sent: Mapping[str, list[pl.LazyFrame]]

    def only(self, entries: pl.DataFrame) -> Batch:
        """The part of the batch that ``entries`` (entry) names."""
        return Batch(
            self.changes.join(entries, on="entry", how="semi", maintain_order="left"),
            self.references.join(entries, on="entry", how="semi"),
            self.merges.join(entries, on="entry", how="semi"),
            self.rows,
            self.sent,
        )

    def rows_of(self, table: str, keys: pl.DataFrame) -> pl.DataFrame:
        """The rows of ``table`` for ``keys`` (site_id, record_id), with from_site, sorted by id."""
        return _those_of(self.rows.get(table, []), keys)

    def sent_rows_of(self, table: str, keys: pl.DataFrame) -> pl.DataFrame:
        """The same as their sites have them: what is kept of a change that is held back (A2)."""
        return _those_of(self.sent.get(table, []), keys)


def _those_of(frames: list[pl.LazyFrame], keys: pl.DataFrame) -> pl.DataFrame:
    wanted = [
        frame.join(keys.lazy(), left_on=["from_site", "id"], right_on=["site_id", "record_id"], how="semi")
        for frame in frames
    ]
    return pl.concat(pl.collect_all(wanted)).sort("id", "from_site") if wanted else pl.DataFrame()


def gather(
    con: duckdb.DuckDBPyConnection,
    pulls: Sequence[Landed],
    ranks: pl.DataFrame,
    schema: Schema,
    merged: pl.DataFrame,
    retried: Sequence[int] = (),
) -> Batch:
    """What was pulled from some sites, and what waits of theirs from before unless it was pulled anew.

    ``ranks`` (site_id, rank) names and orders the sites: the order they were pulled in is nothing (M3). Rows that
    name a record of ``merged`` (MERGED) name the kept one in its place (section 7). ``retried``: quarantine ids of
    rejected changes that are to be judged again.
    """
    pulled = _pulled_changes(pulls)
    waiting = _waiting_changes(con, retried).join(ranks, on="site_id", how="semi", maintain_order="left")
    waiting = waiting.join(pulled, on=KEY, how="anti")
    rows = _pulled_rows(pulls, schema)
    for (table,), group in waiting.filter(pl.col("op") == "upsert").group_by("table_name", maintain_order=True):
        if table in schema.tables:
            rows.setdefault(str(table), []).append(_rows_of_waiting(group, str(table), schema).lazy())
    sent = rows
    rewritten, rows = rewrite(sent, merged, schema)
    changes = (
        pl.concat([waiting.drop("site_row"), pulled], how="diagonal")
        .join(ranks, on="site_id", how="left")
        .sort("rank", "site_id", "position", "table_name", "record_id", nulls_last=[True, False, False, False, False])
        .with_row_index("entry")
    )
    renamed = rewritten.with_columns(is_rewritten=pl.lit(True))
    changes = changes.join(renamed, on=KEY, how="left", maintain_order="left")
    return _assembled(changes, rows, sent, schema, _parties(con, rows))


def _parties(con: duckdb.DuckDBPyConnection, rows: Rows) -> set[str]:
    """The names of the stores that there are, and of those that arrive in the batch."""
    known = query(con, "select distinct name_id from replica.store where name_id is not null")["name_id"]
    arriving = pl.collect_all([frame.select("name_id") for frame in rows.get(STORE_RECORDS, [])])
    return {*known, *(name for frame in arriving for name in frame["name_id"].drop_nulls())}


def hypothetical(con: duckdb.DuckDBPyConnection, table: str, row: pl.DataFrame, site_id: int, schema: Schema) -> Batch:
    """A batch in which one site sends ``row``, one row of ``table``, as an edit: what would become of it (O7)."""
    values = (site_id, table, row["id"].item(), "upsert", 0)
    columns = {**dict.fromkeys(KEY, pl.String()), "site_id": pl.Int64(), "op": pl.String(), "position": pl.Int64()}
    blank = {
        "is_snapshot": pl.lit(False),
        "malformed": pl.lit(None, pl.String),
        "waiting_since": pl.lit(None, pl.Int64),
        "was_reason": pl.lit(None, pl.String),
        "is_rewritten": pl.lit(False),
    }
    changes = pl.DataFrame([values], schema=columns, orient="row").with_columns(**blank).with_row_index("entry")
    sent = row.cast(schema.frame_schema(table)).with_columns(from_site=pl.lit(site_id, pl.Int64))
    rows = {table: [sent.lazy()]}
    return _assembled(changes, rows, rows, schema, _parties(con, rows))


def _assembled(changes: pl.DataFrame, rows: Rows, sent: Rows, schema: Schema, parties: Collection[str]) -> Batch:
    """The batch of numbered changes and their rows, with what the rows say of themselves."""
    found = said(rows, schema.references, parties)
    claims = with_homes(found.claims, rows, changes.select(*KEY, "position"))
    changes = changes.join(claims, on=KEY, how="left", maintain_order="left")
    numbered = changes.filter(pl.col("op") == "upsert").select("entry", *KEY)
    changes = changes.with_columns(pl.col("is_half").fill_null(False))
    columns = [pl.col(name).cast(kind) for name, kind in CHANGES.items() if name != "is_same"]
    return Batch(
        changes.select(
            *columns,
            is_same=pl.lit(False),
            waiting_since="waiting_since",
            was_reason="was_reason",
            is_rewritten=pl.col("is_rewritten").fill_null(False),
        ),
        _numbered(found.refers, numbered, BATCH_REFERENCES),
        _numbered(found.merging, numbered, BATCH_MERGES).sort("entry"),
        rows,
        sent,
    )


def _numbered(said: pl.DataFrame, numbered: pl.DataFrame, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    return said.join(numbered, on=KEY).select([pl.col(name).cast(kind) for name, kind in schema.items()])


def _pulled_changes(pulls: Sequence[Landed]) -> pl.DataFrame:
    frames = [
        pl.read_parquet(pull.path / "changes.parquet").with_columns(site_id=pl.lit(pull.site_id, pl.Int64))
        for pull in pulls
    ]
    everything = pl.DataFrame(schema={"site_id": pl.Int64(), **PULLED})
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


def _waiting_changes(con: duckdb.DuckDBPyConnection, retried: Sequence[int]) -> pl.DataFrame:
    """Changes that wait, oldest first, before anything pulled now; malformed new rows, which hold their document
    until they are mended (A4); and those that an operator wants judged again (A2)."""
    return query(
        con,
        "select id as waiting_since, reason as was_reason, site_id, table_name, record_id, op, -1::bigint as position, is_snapshot, malformed, site_row "
        "from ledger.quarantine where state = 'open' and (verdict = 'waiting' or (reason = 'malformed_value' and central_row is null) "
        "or id in (select unnest(?::bigint[]))) order by id",
        [list(retried)],
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
