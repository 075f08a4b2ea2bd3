"""One table of a site compared with central's: sums of ranges first, where it is large, then the rows (O6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import polars as pl

from central.frames import Differing, NamedOwner
from central.verification.differences import differences
from sites.engines.connection import SiteDatabase
from sites.engines.sql import quote
from sites.pull import checksums, egress
from sites.pull.checksums import Span
from sync_rules.egress import Leaving
from sync_rules.frame import FrameOf
from sync_rules.schema import Schema
from sync_rules.table.rules import RULES
from sync_rules.words import Differs
from warehouse.batch.late_references import rewrite
from warehouse.connection import Connection
from warehouse.verification import expectation, sums
from warehouse.verification.sums import RANGE_ROWS

_FEW_ROWS = 2 * RANGE_ROWS
_MOST_SPANS = 100
"""More stretches than that are read as one: conditions of a query have an end."""


@dataclass(frozen=True)
class TableFound:
    """What differs of a table, and what rows of which central knows nothing name as their owner."""

    found: FrameOf[Differing]
    owners: FrameOf[NamedOwner]


def filled_tables(db: SiteDatabase, tables: Mapping[str, Leaving]) -> set[str]:
    """Those of the tables that have rows at the site: one question finds out."""
    questions = " union all ".join(
        f"select '{table}', exists (select 1 from {quote(table)})" for table in sorted(tables)
    )
    return {str(table) for table, has_rows in db.execute(questions) if has_rows} if questions else set()


def compared_table(con: Connection, db: SiteDatabase, schema: Schema, rule: Leaving, records: int) -> TableFound:
    """What differs of a table of a site, of which central has so many ``records``, in a transaction of the site and an
    expectation of central's (``expected``). Columns that ``schema`` lacks are left out. Raises SiteFailed."""
    columns = schema.travelling(rule.table)
    without = expectation.unsettled_of(con, rule.table)
    if records <= _FEW_ROWS:
        return _compared_rows(con, db, schema, rule, without, None, None)
    with sums.ranges_of(con, rule.table) as ranges:
        here = checksums.range_sums(db, rule, columns, ranges.bounds, without, partial(sums.sums_of_texts, con))
        there = sums.central_sums(con, ranges, columns, is_md5=db.has_hash)
        odd = pl.concat([here.join(there, on=there.columns, how="anti"), there.join(here, on=here.columns, how="anti")])
        stretches = _stretches(odd["place"].unique().sort().to_list())
        if not stretches:
            return TableFound(Differing.empty(), NamedOwner.empty())
        edges: list[str | None] = [None, *ranges.bounds, None]
        spans = [(edges[first], edges[after]) for first, after in stretches]
        places = [place for first, after in stretches for place in range(first, after)]
        return _compared_rows(con, db, schema, rule, without, places, spans)


def _stretches(places: Sequence[int]) -> list[tuple[int, int]]:
    """Ranges that are neighbours as one: the first, and the one after the last."""
    found: list[tuple[int, int]] = []
    for place in places:
        if found and (found[-1][1] == place or len(found) >= _MOST_SPANS):
            found[-1] = (found[-1][0], place + 1)
        else:
            found.append((place, place + 1))
    return found


def _compared_rows(
    con: Connection,
    db: SiteDatabase,
    schema: Schema,
    rule: Leaving,
    without: pl.Series,
    places: Sequence[int] | None,
    spans: Sequence[Span] | None,
) -> TableFound:
    table, kinds = rule.table, schema.frame_schema(rule.table)
    there = sums.central_rows(con, table, schema.travelling(table), places).cast(kinds)
    rows = egress.read_rows(db, schema, rule, checksums.within(db, spans) if spans else None)
    here = rows.typed.filter(~pl.col("id").is_in(without.implode()))
    malformed = rows.malformed.join(here, left_on="record_id", right_on="id", how="semi")
    found = differences(here, there, malformed)
    if found.height:
        found = _without_open_documents(con, rule, found, here, there)
        found = _without_hidden(db, table, _without_merged(con, schema, table, found, here, there))
    return TableFound(found, _owners(db, rule, found, here))


def _without_open_documents(
    con: Connection, rule: Leaving, found: FrameOf[Differing], here: pl.DataFrame, there: pl.DataFrame
) -> FrameOf[Differing]:
    """``found``, without lines of documents of which nothing can be said: both are judged together (A5, B59)."""
    for column, parent in rule.path:
        open_ones = expectation.unsettled_of(con, parent)
        lines = pl.concat([rows.select(record_id="id", document=column) for rows in (here, there)])
        left_out = lines.filter(pl.col("document").is_in(open_ones.implode()))
        found = Differing.check(found.join(left_out, on="record_id", how="anti", maintain_order="left"))
    return found


def _without_merged(
    con: Connection,
    schema: Schema,
    table: str,
    found: FrameOf[Differing],
    here: pl.DataFrame,
    there: pl.DataFrame,
) -> FrameOf[Differing]:
    """``found``, without rows that name a record of which the merge is under way to the site: central moved its
    references, the site does so when the merge arrives (section 7)."""
    merged = expectation.merges_under_way(con)
    changed = here.join(_of(found, Differs.CHANGED), left_on="id", right_on="record_id", how="semi")
    if merged.is_empty() or changed.is_empty():
        return found
    _, mended = rewrite({table: [changed.lazy().with_columns(from_site=pl.lit(0, pl.Int64))]}, merged, schema)
    rows = pl.concat(pl.collect_all(mended[table])).select(there.columns)
    same = rows.join(there, on=there.columns, how="semi", nulls_equal=True).select(record_id="id")
    return Differing.check(found.join(same, on="record_id", how="anti", maintain_order="left"))


def _without_hidden(db: SiteDatabase, table: str, found: FrameOf[Differing]) -> FrameOf[Differing]:
    """``found``, without rows that are at the site and do not leave it any more: the next pull that looks says so."""
    missing = _of(found, Differs.MISSING)
    if missing.is_empty():
        return found
    hidden = checksums.ids_there(db, table, missing["record_id"]).rename("record_id").to_frame()
    gone = missing.join(hidden, on="record_id", how="semi")
    return Differing.check(found.join(gone, on="record_id", how="anti", maintain_order="left"))


def _owners(db: SiteDatabase, rule: Leaving, found: FrameOf[Differing], here: pl.DataFrame) -> FrameOf[NamedOwner]:
    """Whom rows that central does not know name as their owner, where they or their documents do so."""
    extra, column = _of(found, Differs.EXTRA), RULES[rule.table].table.owner
    if column is not None and column in here.columns:
        named = here.join(extra, left_on="id", right_on="record_id", how="semi")
        return NamedOwner.take(named.select(record_id="id", owner=column))
    if extra.is_empty() or not rule.path or rule.owner_column is None:
        return NamedOwner.empty()
    lines = egress.owners_there(db, rule, extra["record_id"]).drop_nulls("owner")
    return NamedOwner.take(lines.select(record_id="id", owner="owner").sort("record_id"))


def _of(found: FrameOf[Differing], what: Differs) -> pl.DataFrame:
    return found.filter(pl.col("what") == str(what)).select("record_id")
