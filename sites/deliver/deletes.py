"""Deleting rows children first, but for those that a row which stays still refers to (B19)."""

from __future__ import annotations

import polars as pl

from sites.deliver.skips import REFERENCED
from sites.engines.engine import SiteDatabase
from sites.engines.errors import SiteFailed
from sites.engines.sql import quote
from sync_rules.frame import FrameOf
from sync_rules.schema import Schema
from wire.frames import SkippedRow

_STAGE = "supplysync_deletes"


def remove_rows(db: SiteDatabase, schema: Schema, deletes: pl.DataFrame) -> FrameOf[SkippedRow]:
    """Delete the records (table_name, record_id); return those that had to stay, with why.

    Part of the caller's transaction. A row that stays keeps the rows it refers to.
    """
    tables = set(deletes["table_name"])
    db.stage(_STAGE, deletes.select("table_name", "record_id"))
    stayed: list[pl.DataFrame] = [SkippedRow.empty()]
    for table in reversed(schema.parents_first()):
        if table in tables:
            stayed.append(_keep_referenced(db, schema, table))
            _delete_staged(db, table)
    db.unstage(_STAGE)
    return SkippedRow.check(pl.concat(stayed))


def _keep_referenced(db: SiteDatabase, schema: Schema, table: str) -> pl.DataFrame:
    """Take from the stage what is still referred to, again and again while rows of ``table`` keep each other."""
    sql, parameters = _still_referenced(schema, table)
    stayed: pl.DataFrame = SkippedRow.empty()
    while sql:
        found = db.read(sql, parameters, columns=["record_id"])
        if found.is_empty():
            break
        stayed = pl.concat(
            [stayed, found.select(pl.lit(table).alias("table_name"), "record_id", why=pl.lit(REFERENCED))]
        )
        db.execute(f"delete from {_STAGE} where table_name = ? and record_id in ({sql})", (table, *parameters))
    return stayed


def _still_referenced(schema: Schema, table: str) -> tuple[str, tuple[object, ...]]:
    """The query for staged records of ``table`` that a row refers to which is not staged itself.

    Children are gone already when their parents' turn comes; only rows of the same table are not.
    """
    parts: list[str] = []
    parameters: list[object] = []
    for key in schema.references:
        if key.parent == table:
            parts.append(
                f"select d.record_id from {_STAGE} as d join {quote(key.table)} as c "
                f"on c.{quote(key.column)} = d.record_id where d.table_name = ?"
            )
            parameters.append(table)
            if key.table == table:
                parts[-1] += f" and c.id not in (select record_id from {_STAGE} where table_name = ?)"
                parameters.append(table)
    return " union ".join(parts), tuple(parameters)


def _delete_staged(db: SiteDatabase, table: str) -> None:
    staged = f"select record_id from {_STAGE} where table_name = ?"
    try:
        db.execute(f"delete from {quote(table)} where id in ({staged})", (table,))
    except SiteFailed as error:
        raise SiteFailed(f"table `{table}`: {error}") from None
