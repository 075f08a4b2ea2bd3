"""Moving references from merged records to kept ones, in every table of a site (section 7)."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from sites.deliver.skips import REFERENCED
from sites.engines.engine import SiteDatabase
from sites.engines.errors import SiteFailed
from sites.engines.sql import SqlCondition, quote
from sites.pull import egress
from sync_rules.egress import Leaving
from sync_rules.mentions import NAMED_BY, mentions
from sync_rules.schema import Schema

_STAGE = "supplysync_merges"


def merge_records(db: SiteDatabase, schema: Schema, merges: Mapping[str, pl.DataFrame]) -> None:
    """Make every row that names a merged record name the kept one: in all tables, those that never leave too.

    ``merges``: by table whose records are merged, kept_id and merged_id; pairs may chain. Those
    whose kept record is not at the site are left alone. The merged records themselves stay: the
    change set deletes them. Part of the caller's transaction; doing it again changes nothing.
    """
    for table in sorted(merges.keys() & schema.tables.keys()):
        pairs = _possible(db, table, merges[table])
        if pairs.height:
            db.stage(_STAGE, pairs.select("merged_id", "kept_id"))
            for key in mentions(schema, table):
                _move(db, key.table, key.column)
            if NAMED_BY.table in schema.tables:
                _move(db, NAMED_BY.table, NAMED_BY.record_column, {NAMED_BY.table_column: table})
            db.unstage(_STAGE)


def moved_rows(db: SiteDatabase, schema: Schema, merges: Mapping[str, pl.DataFrame]) -> Mapping[str, pl.DataFrame]:
    """The rows that ``merge_records`` is about to move, by table, as they will be."""
    moved: dict[str, pl.DataFrame] = {}
    for table in sorted(merges.keys() & schema.tables.keys()):
        pairs = _possible(db, table, merges[table])
        named = {NAMED_BY.table: [NAMED_BY.record_column]} if NAMED_BY.table in schema.tables else {}
        for key in mentions(schema, table) if pairs.height else ():
            named.setdefault(key.table, []).append(key.column)
        for other, columns in named.items() if pairs.height else ():
            db.stage(_STAGE, pairs.select("merged_id", "kept_id"))
            is_moved = " or ".join(f"t.{quote(column)} in (select merged_id from {_STAGE})" for column in columns)
            of_table: SqlCondition = (f"({is_moved})", ())
            if other == NAMED_BY.table:
                of_table = (f"({is_moved}) and t.{quote(NAMED_BY.table_column)} = ?", (table,))
            rows = egress.read_rows(db, schema, Leaving(other), of_table).typed
            db.unstage(_STAGE)
            known = moved.get(other)
            rows = rows if known is None else pl.concat([known, rows.join(known, on="id", how="anti")])
            kept = dict(pairs.select("merged_id", "kept_id").iter_rows())
            moved[other] = rows.with_columns(pl.col(column).replace(kept) for column in columns)
    return moved


def is_overtaken(db: SiteDatabase, schema: Schema, merges: Mapping[str, pl.DataFrame], stayed: pl.DataFrame) -> bool:
    """Whether a merged record could not go, though all of ours that named it was moved to a kept one that is here.

    Then somebody wrote a row that names it after ``merge_records`` had been at its table.
    ``stayed``: what could not be deleted (SkippedRow); tables of the program's own keep what they name.
    """
    stayed = stayed.filter((pl.col("why") == REFERENCED) & pl.col("said").is_in(list(schema.tables)))
    for table in sorted(set(merges) & set(stayed["table_name"])):
        ids = stayed.filter(pl.col("table_name") == table)["record_id"]
        if _possible(db, table, merges[table])["merged_id"].is_in(ids.implode()).any():
            return True
    return False


def _possible(db: SiteDatabase, table: str, merges: pl.DataFrame) -> pl.DataFrame:
    """The pairs, chains resolved, whose kept record is at the site; others would break foreign keys."""
    pairs = _resolved(merges)
    if pairs.is_empty():
        return pairs
    here = db.present_ids(table, pairs["kept_id"])
    return pairs.filter(pl.col("kept_id").is_in(here.implode()))


def _resolved(merges: pl.DataFrame) -> pl.DataFrame:
    """Each merged id with the record that is kept in the end; what goes round in a circle has none and is left out."""
    pairs = merges.select("merged_id", "kept_id").drop_nulls().sort("merged_id", "kept_id")
    pairs = pairs.unique("merged_id", keep="first", maintain_order=True)
    is_merged = pl.col("kept_id").is_in(pairs["merged_id"].implode())
    for _ in range(pairs.height.bit_length()):  # each step doubles the length of the chains that are followed
        if not pairs.select(is_merged.any()).item():
            break
        further = pairs.rename({"merged_id": "kept_id", "kept_id": "further_id"})
        pairs = pairs.join(further, on="kept_id", how="left", maintain_order="left").select(
            "merged_id", pl.coalesce("further_id", "kept_id").alias("kept_id")
        )
    return pairs.filter(~is_merged)


def _move(db: SiteDatabase, table: str, column: str, only: Mapping[str, str] | None = None) -> None:
    """Write the kept id into ``column`` where it holds a staged merged one.

    Nothing but that column is written. On PostgreSQL a row that somebody is editing is waited for
    and looked at again as they left it, so their edit stays.
    """
    name = quote(column)
    kept = f"select kept_id from {_STAGE} where merged_id = {quote(table)}.{name}"
    where = "".join(f" and {quote(other)} = ?" for other in only or {})
    sql = f"update {quote(table)} set {name} = ({kept}) where {name} in (select merged_id from {_STAGE}){where}"
    try:
        db.execute(sql, tuple((only or {}).values()))
    except SiteFailed as error:
        raise error.at(table) from None
