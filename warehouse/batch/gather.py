"""The changes of a cycle, gathered from landed pulls and from the changes that wait.

Reads the Parquet of landed pulls directly: keys, owners and references for judging, whole rows
only for what is merged.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb
import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import CHANGE, BatchMerge, BatchReference, MergedRecord
from sync_rules.schema import Schema
from sync_rules.table.ownership import STORE_RECORDS
from sync_rules.topology.frames import SiteRank
from sync_rules.transfers.frames import BatchAnswer
from sync_rules.words import Op
from warehouse.batch.blanks import with_central_values
from warehouse.batch.claims import answered, row_claims
from warehouse.batch.domain import outside_domain
from warehouse.batch.implied_homes import Beside, with_homes
from warehouse.batch.landed_rows import Landed, pulled_changes, pulled_rows
from warehouse.batch.late_references import Rows, rewrite
from warehouse.batch.waiting_rows import rows_of_waiting
from warehouse.connection import query
from warehouse.frames import BatchChange, Compared, Missing, SeenAgain, Uncollected
from wire.frames import SitePulledChange


@dataclass(frozen=True)
class Comparison:
    """The tables that were read whole after a gap in their capture, the records that their sites lack, what is on the
    list as it is, and how much central holds of each table from its site (site_id, table_name, kept)."""

    tables: FrameOf[Compared]
    missing: FrameOf[Missing]
    listed: FrameOf[SeenAgain]
    kept: pl.DataFrame


NOTHING_UNSAID = Uncollected.empty()
NOTHING_COMPARED = Comparison(Compared.empty(), Missing.empty(), SeenAgain.empty(), pl.DataFrame())
_LAST = pl.lit(2**62, pl.Int64)


@dataclass(frozen=True)
class Batch:
    """All changes of a cycle and their rows.

    ``rows``: per table, lazy frames of from_site and the table's travelling columns; ``sent``: the same as sites have
    them. ``uncollected``: what these say nothing of.
    """

    changes: FrameOf[BatchChange]
    references: FrameOf[BatchReference]
    merges: FrameOf[BatchMerge]
    answers: FrameOf[BatchAnswer]
    rows: Mapping[str, list[pl.LazyFrame]]
    sent: Mapping[str, list[pl.LazyFrame]]
    uncollected: FrameOf[Uncollected]

    @staticmethod
    def empty() -> Batch:
        """A batch without changes."""
        nothing = Uncollected.empty()
        return Batch(
            BatchChange.empty(), BatchReference.empty(), BatchMerge.empty(), BatchAnswer.empty(), {}, {}, nothing
        )

    def only(self, entries: pl.DataFrame) -> Batch:
        """The part of the batch that ``entries`` (entry) names."""
        return Batch(
            BatchChange.check(self.changes.join(entries, on="entry", how="semi", maintain_order="left")),
            BatchReference.check(self.references.join(entries, on="entry", how="semi")),
            BatchMerge.check(self.merges.join(entries, on="entry", how="semi")),
            BatchAnswer.check(self.answers.join(entries, on="entry", how="semi")),
            self.rows,
            self.sent,
            self.uncollected,
        )

    def with_central_values(self, con: duckdb.DuckDBPyConnection, schema: Schema) -> Batch:
        """The batch with what central holds by now of what it says nothing of."""
        return replace(self, rows=with_central_values(con, self.rows, self.uncollected, schema))

    def without(self, entries: pl.DataFrame) -> Batch:
        """The batch without what ``entries`` (entry) names."""
        return self.only(self.changes.join(entries, on="entry", how="anti").select("entry")) if len(entries) else self

    def followed_by(self, later: Batch) -> Batch:
        """Both batches as one, of other records each; what they say nothing of is of all sites anyhow."""
        if self.changes.is_empty() or later.changes.is_empty():
            return later if self.changes.is_empty() else self
        entry = pl.col("entry") + self.changes["entry"].max() + 1
        return Batch(
            BatchChange.check(pl.concat([self.changes, later.changes.with_columns(entry)])),
            BatchReference.check(pl.concat([self.references, later.references.with_columns(entry)])),
            BatchMerge.check(pl.concat([self.merges, later.merges.with_columns(entry)])),
            BatchAnswer.check(pl.concat([self.answers, later.answers.with_columns(entry)])),
            _both(self.rows, later.rows),
            _both(self.sent, later.sent),
            self.uncollected,
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


def _both(rows: Rows, more: Rows) -> Rows:
    return {table: [*rows.get(table, []), *more.get(table, [])] for table in sorted({*rows, *more})}


def gather(
    con: duckdb.DuckDBPyConnection,
    pulls: Sequence[Landed],
    ranks: FrameOf[SiteRank],
    schema: Schema,
    merged: FrameOf[MergedRecord],
    waiting: pl.DataFrame,
    comparison: Comparison = NOTHING_COMPARED,
    uncollected: FrameOf[Uncollected] = NOTHING_UNSAID,
    beside: Sequence[Landed] = (),
) -> Batch:
    """What was pulled from some sites, and what waits of theirs from before unless it was pulled anew.

    ``ranks`` names and orders the sites: the order they were pulled in is nothing (M3). Rows that
    name a record of ``merged`` name the kept one in its place (section 7). ``waiting``: what waits, of whatever sites
    (`waiting_changes`). ``comparison``: what was read whole after a gap in capture.
    ``uncollected``: columns that sites have not got. ``beside``: the other parts of what the same sites sent.
    """
    pulled = _pulled(pulls, comparison.missing)
    if waiting.height:
        waiting = waiting.join(ranks, on="site_id", how="semi", maintain_order="left")
        waiting = waiting.join(pulled, on=CHANGE, how="anti")
    if pulled.is_empty() and waiting.is_empty():
        return Batch.empty()
    sent = pulled_rows(pulls, schema)
    for (table,), group in waiting.filter(pl.col("op") == "upsert").group_by("table_name", maintain_order=True):
        if table in schema.tables:
            sent.setdefault(str(table), []).append(rows_of_waiting(group, str(table), schema).lazy())
    rewritten, rows = rewrite(with_central_values(con, sent, uncollected, schema), merged, schema)
    changes = _in_order(pl.concat([waiting.drop("site_row"), pulled], how="diagonal"), ranks)
    is_withdrawal = pl.col("op") == str(Op.WITHDRAW)
    op = pl.when(is_withdrawal).then(pl.lit(str(Op.DELETE))).otherwise("op")
    changes = changes.with_columns(is_withdrawal=is_withdrawal, op=op, is_compared=_is_compared(comparison))
    renamed = rewritten.with_columns(is_rewritten=pl.lit(True))
    changes = changes.join(renamed, on=CHANGE, how="left", maintain_order="left")
    assembled = _assembled(changes, rows, sent, schema, _parties(con, rows), Beside(beside, merged, schema))
    return replace(assembled, uncollected=uncollected)


def _pulled(pulls: Sequence[Landed], missing: FrameOf[Missing]) -> FrameOf[SitePulledChange]:
    """The changes of pulls, and deletes that nobody logged."""
    pulled = pulled_changes(pulls)
    if missing.is_empty():
        return pulled
    return SitePulledChange.check(pl.concat([pulled, SitePulledChange.take(_as_deletes(missing))]))


def _as_deletes(missing: FrameOf[Missing]) -> pl.DataFrame:
    """Deletes, after all that the log tells."""
    own = missing.filter("is_own").select(CHANGE)
    return own.with_columns(
        op=pl.lit(str(Op.DELETE)), position=_LAST, is_snapshot=pl.lit(False), malformed=pl.lit(None, pl.String)
    )


def _is_compared(comparison: Comparison) -> pl.Expr:
    """Of changes: rows that were read whole, and deletes that nobody logged."""
    tables = comparison.tables.select(pl.concat_str("site_id", "table_name", separator=" ")).to_series()
    is_of_table = pl.concat_str("site_id", "table_name", separator=" ").is_in(tables.implode())
    return is_of_table & (pl.col("is_snapshot") | (pl.col("position") == _LAST)) & pl.col("waiting_since").is_null()


def _in_order(changes: pl.DataFrame, ranks: FrameOf[SiteRank]) -> pl.DataFrame:
    """The changes in the order of admission, numbered as ``entry``."""
    by = ["rank", "site_id", "position", "table_name", "record_id"]
    ranked = changes.join(ranks, on="site_id", how="left")
    return ranked.sort(by, nulls_last=[True, False, False, False, False]).with_row_index("entry")


def _parties(con: duckdb.DuckDBPyConnection, rows: Rows) -> set[str]:
    """The names of the stores that there are, and of those that arrive in the batch."""
    known = query(con, "select distinct name_id from replica.store where name_id is not null")["name_id"]
    arriving = pl.collect_all([frame.select("name_id") for frame in rows.get(STORE_RECORDS, [])])
    return {*known, *(name for frame in arriving for name in frame["name_id"].drop_nulls())}


def hypothetical(con: duckdb.DuckDBPyConnection, table: str, row: pl.DataFrame, site_id: int, schema: Schema) -> Batch:
    """A batch in which one site sends ``row``, one row of ``table``, as an edit: what would become of it (O7)."""
    pulled = SitePulledChange.of([(site_id, table, row["id"].item(), "upsert", 0, False, None)])
    nothing = pl.lit(None)
    changes = pulled.with_columns(
        waiting_since=nothing.cast(pl.Int64),
        was_reason=nothing.cast(pl.String),
        is_rewritten=pl.lit(False),
        is_withdrawal=pl.lit(False),
        is_compared=pl.lit(False),
    ).with_row_index("entry")
    sent = row.cast(schema.frame_schema(table)).with_columns(from_site=pl.lit(site_id, pl.Int64))
    rows = {table: [sent.lazy()]}
    return _assembled(changes, rows, rows, schema, _parties(con, rows), Beside((), MergedRecord.empty(), schema))


def _assembled(
    changes: pl.DataFrame,
    rows: Rows,
    sent: Rows,
    schema: Schema,
    parties: Collection[str],
    beside: Beside,
) -> Batch:
    """The batch of numbered changes and their rows, with what the rows say of themselves."""
    numbered = changes.filter(pl.col("op") == "upsert").select("entry", *CHANGE)
    found = row_claims(rows, schema.references, parties, numbered)
    claims = with_homes(found.claims, rows, changes, beside)
    changes = changes.join(claims, on=CHANGE, how="left", maintain_order="left")
    changes = changes.join(outside_domain(rows, schema), on=CHANGE, how="left", maintain_order="left")
    malformed = pl.concat_str("malformed", "outside", separator="; ", ignore_nulls=True)
    changes = changes.with_columns(unreadable="malformed", malformed=pl.when(malformed != "").then(malformed))
    changes = changes.with_columns(pl.col("is_half").fill_null(False))
    whole = changes.with_columns(is_same=pl.lit(False), is_rewritten=pl.col("is_rewritten").fill_null(False))
    return Batch(
        BatchChange.take(whole),
        found.refers,
        found.merging,
        BatchAnswer.take(answered(rows).join(numbered, on=CHANGE)),
        rows,
        sent,
        NOTHING_UNSAID,
    )
