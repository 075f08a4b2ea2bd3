"""Writing one column of some rows, and nothing else of them."""

from __future__ import annotations

import polars as pl

from sites.engines.engine import SiteDatabase
from sites.engines.errors import SiteFailed
from sites.engines.sql import quote
from sync_rules.schema import Kind

_STAGE = "supplysync_values"
_SQL_TYPE = {Kind.TEXT: "text", Kind.INTEGER: "bigint", Kind.DECIMAL: "numeric"}


def set_values(
    db: SiteDatabase, table: str, column: str, values: pl.DataFrame, kind: Kind = Kind.TEXT, *, only_empty: bool = False
) -> None:
    """Write ``values`` (id, value) into ``column`` of the rows with those ids, unlike an upsert of rows that are there.

    ``only_empty``: where it is still null. Part of the caller's transaction; on PostgreSQL a row that somebody is
    editing is waited for, and the rest of their edit stays.
    """
    if values.is_empty():
        return
    name = quote(column)
    db.stage(_STAGE, values.select("id", pl.col("value").cast(pl.String)).unique("id").sort("id"))
    value = f"select cast(s.value as {_SQL_TYPE[kind]}) from {_STAGE} as s where s.id = {quote(table)}.id"
    empty = f" and {name} is null" if only_empty else ""
    try:
        db.execute(f"update {quote(table)} set {name} = ({value}) where id in (select id from {_STAGE}){empty}")
    except SiteFailed as error:
        raise error.at(table) from None
    db.unstage(_STAGE)


def empty_values(db: SiteDatabase, table: str, column: str, ids: pl.Series) -> None:
    """Write null into ``column`` of the rows with those ids. Part of the caller's transaction."""
    if ids.is_empty():
        return
    db.stage(_STAGE, ids.alias("id").unique().sort().to_frame())
    try:
        db.execute(f"update {quote(table)} set {quote(column)} = null where id in (select id from {_STAGE})")
    except SiteFailed as error:
        raise error.at(table) from None
    db.unstage(_STAGE)
