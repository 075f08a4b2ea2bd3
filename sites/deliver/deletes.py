"""Deleting rows children first, but for those that a row which stays still refers to (B19)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from sites.deliver.skips import REFERENCED
from sites.engines.engine import SiteDatabase
from sites.engines.errors import SiteFailed
from sites.engines.sql import quote
from sites.engines.surroundings import ForeignKey
from sync_rules.frame import FrameOf
from sync_rules.schema import Schema
from wire.frames import SkippedRow

_STAGE = "supplysync_deletes"


def remove_rows(
    db: SiteDatabase,
    schema: Schema,
    deletes: pl.DataFrame,
    order: Sequence[str],
    foreign_keys: Sequence[ForeignKey] = (),
) -> FrameOf[SkippedRow]:
    """Delete the records (table_name, record_id); return those that had to stay, with the table that refers to them.

    ``order``: the tables, parents first; ``foreign_keys``: those that the database has itself, of any table and with
    any action: none of them may act (precisions 14). Part of the caller's transaction. A row that stays keeps the rows
    it refers to.
    """
    stayed: list[pl.DataFrame] = [SkippedRow.empty()]
    for table, kept in _children_first(db, schema, deletes, order, foreign_keys):
        stayed.append(kept)
        _delete_staged(db, table)
    return SkippedRow.check(pl.concat(stayed))


def rows_that_stay(
    db: SiteDatabase,
    schema: Schema,
    deletes: pl.DataFrame,
    order: Sequence[str],
    foreign_keys: Sequence[ForeignKey] = (),
) -> FrameOf[SkippedRow]:
    """What ``remove_rows`` would return, with nothing deleted."""
    found = _children_first(db, schema, deletes, order, foreign_keys)
    return SkippedRow.check(pl.concat([SkippedRow.empty(), *(kept for _, kept in found)]))


def _children_first(
    db: SiteDatabase,
    schema: Schema,
    deletes: pl.DataFrame,
    order: Sequence[str],
    foreign_keys: Sequence[ForeignKey],
) -> Iterator[tuple[str, pl.DataFrame]]:
    """Each table of ``deletes``, and its rows that have to stay; those that need not are in the stage meanwhile."""
    tables = set(deletes["table_name"])
    db.stage(_STAGE, deletes.select("table_name", "record_id"))
    for table in reversed(order):
        if table in tables:
            keys = [key for key in foreign_keys if key.table == table]
            yield table, _keep_referenced(db, schema, table, keys)
    db.unstage(_STAGE)


def _keep_referenced(db: SiteDatabase, schema: Schema, table: str, keys: Sequence[ForeignKey]) -> pl.DataFrame:
    """Take from the stage what is still referred to, again and again while rows of ``table`` keep each other."""
    parts, parameters = _still_referenced(schema, table, keys)
    sql = " union ".join(parts)
    stayed: pl.DataFrame = SkippedRow.empty()
    while sql:
        found = db.read(sql, parameters, columns=["record_id", "said"]).group_by("record_id").agg(pl.col("said").min())
        if found.is_empty():
            break
        why = found.select(pl.lit(table).alias("table_name"), "record_id", pl.lit(REFERENCED).alias("why"), "said")
        stayed = pl.concat([stayed, why])
        of_table = f"select record_id from ({sql}) as r"
        db.execute(f"delete from {_STAGE} where table_name = ? and record_id in ({of_table})", (table, *parameters))
    return stayed.sort("record_id")


def _still_referenced(schema: Schema, table: str, keys: Sequence[ForeignKey]) -> tuple[list[str], tuple[object, ...]]:
    """The queries for staged records of ``table`` that a row refers to which is not staged itself, and its table."""
    parts: list[str] = []
    parameters: list[object] = []
    declared = [
        ForeignKey(table, quote(key.table), key.table, ((quote(key.column), quote("id")),), acts=False)
        for key in schema.references
        if key.parent == table
    ]
    known = {(key.child_name, key.naming) for key in declared}
    for key in (*declared, *(key for key in keys if (key.child_name, key.naming) not in known)):
        same = " and ".join(f"c.{own} = p.{parent}" for own, parent in key.columns)
        source = f"{_STAGE} as d join {quote(table)} as p on p.id = d.record_id"
        if key.naming:
            same, source = f"c.{key.columns[0][0]} = d.record_id", f"{_STAGE} as d"
        is_ours = key.child_name in schema.tables
        parts.append(
            f"select d.record_id, cast(? as text) as said from {source} join {key.child} as c on {same} "
            f"where d.table_name = ?{_NOT_STAGED if is_ours else ''}"
        )
        parameters += (key.child_name, table, *([key.child_name] if is_ours else []))
    return parts, tuple(parameters)


_NOT_STAGED = f" and c.id not in (select record_id from {_STAGE} where table_name = ?)"


def _delete_staged(db: SiteDatabase, table: str) -> None:
    staged = f"select record_id from {_STAGE} where table_name = ?"
    try:
        db.execute(f"delete from {quote(table)} where id in ({staged})", (table,))
    except SiteFailed as error:
        raise error.at(table) from None
