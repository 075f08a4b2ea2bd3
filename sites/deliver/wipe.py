"""Taking out of a database, which is to be no site's any more, what is not its own (O3)."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from sites.deliver.deletes import remove_rows, rows_that_stay
from sites.deliver.found_order import order_here, references_here
from sites.engines.engine import SiteDatabase
from sites.engines.sql import quote
from sites.schema.presence import presence
from sync_rules.frame import FrameOf
from sync_rules.frames import RecordKey
from sync_rules.schema import Schema
from wire.frames import SkippedRow


def records_there(db: SiteDatabase, schema: Schema) -> FrameOf[RecordKey]:
    """Every record of the tables of ``schema`` that the database has."""
    found = [
        db.read(f"select id as record_id from {quote(table)} order by id", columns=["record_id"]).select(
            pl.lit(table).alias("table_name"), "record_id"
        )
        for table in sorted(presence(db, schema).schema.tables)
    ]
    return RecordKey.check(pl.concat([RecordKey.empty(), *found]))


def active_there(db: SiteDatabase, site_id: int) -> list[str]:
    """The stores that are active at the site by its own table (T7): what is theirs is edited there still."""
    sql = "select store_id from store_site where site_id = ? and sync_type = 'active' order by store_id"
    return [row[0] for row in db.execute(sql, (str(site_id),))]


def wiped(db: SiteDatabase, schema: Schema, records: FrameOf[RecordKey]) -> FrameOf[SkippedRow]:
    """Deletes ``records``, children first, and returns those that stay because a row that stays refers to them, one of
    the program's own tables too (B19). Part of the caller's write transaction."""
    return _ordered(remove_rows, db, schema, records)


def kept_by_others(db: SiteDatabase, schema: Schema, records: FrameOf[RecordKey]) -> FrameOf[SkippedRow]:
    """What ``wiped`` would return, with nothing deleted; part of the caller's write transaction too."""
    return _ordered(rows_that_stay, db, schema, records)


def _ordered(
    do: Callable[..., FrameOf[SkippedRow]], db: SiteDatabase, schema: Schema, records: FrameOf[RecordKey]
) -> FrameOf[SkippedRow]:
    here = presence(db, schema).schema
    around = db.surroundings(here.tables.keys())
    return do(db, here, records, order_here(here, references_here(here, around)), around.foreign_keys)
