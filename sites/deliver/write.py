"""Writing a portion of a change set, with what it calls for at the site (B19, B24, B58)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import polars as pl

from sites.deliver.deletes import remove_rows
from sites.deliver.delivery_log import LoggedDelivery
from sites.deliver.found_order import order_here, references_here
from sites.deliver.hand_over import hand_overs, holders, let_go
from sites.deliver.merges import merge_records, moved_rows
from sites.deliver.portion import Portion
from sites.engines.engine import SiteDatabase
from sites.engines.errors import RowRefused, SiteFailed
from sites.engines.surroundings import Surroundings
from sites.own_edits import after_delivery
from sites.own_edits.rights import StoreRights
from sites.watch import CountDown, Left, unwatched
from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD
from sync_rules.mentions import JOINS, MERGE_TABLES
from sync_rules.schema import Reference, Schema
from wire.frames import SkippedRow

_JOINS = {join.table for join in JOINS}


@dataclass(frozen=True)
class Ground:
    """A site as a delivery finds it: its database, the tables, what stands around them, and what it may do there."""

    db: SiteDatabase
    schema: Schema
    around: Surroundings
    rights: StoreRights
    now: datetime

    @cached_property
    def references(self) -> Sequence[Reference]:
        """The references between tables, with those that the database itself has and we do not ask for."""
        return references_here(self.schema, self.around)

    @cached_property
    def order(self) -> Sequence[str]:
        """The tables, parents first; as declared, where the database's own references go round in a circle."""
        return order_here(self.schema, self.references)


def write(ground: Ground, portion: Portion, left: Left = unwatched) -> FrameOf[SkippedRow]:
    """Writes ``portion``; returns the rows of it that are not at the site as they were sent, with why. ``left`` is
    told how far it is.

    Part of the caller's transaction. Raises RowRefused where the database will not have a row.
    """
    db, schema = ground.db, ground.schema
    steps = after_delivery.steps_of(db, schema, portion.upserts, portion.deletes, ground.rights)
    portion = portion.replacing(after_delivery.numbered(portion.upserts, steps))
    logged = LoggedDelivery(db, schema) if ground.around.answers() else None
    if logged is None:
        db.mark_delivery(is_delivery=True)
    else:
        for table in portion.upserts:
            logged.upserts(table, portion.upserts[table])
        logged.deletes(portion.deletes)
    handed = hand_overs(db, portion, ground.around)
    let_go(db, schema, ground.around, handed)
    told = CountDown(left, {table: rows.height for table, rows in portion.upserts.items()}, portion.deletes.height)
    for table in sorted(ground.order, key=lambda table: table in MERGE_TABLES):
        if table in portion.upserts:
            told.begins(table)
            _upsert(ground, table, portion.upserts[table])
    told.ends()
    skipped: list[pl.DataFrame] = [_merge_and_delete(ground, portion, logged)]
    stayed = skipped[0].join(holders(handed), on=RECORD, how="semi")
    if stayed.height:
        raise RowRefused(f"table `{stayed['table_name'][0]}`: the row that has the unique key is still referred to")
    if logged is None:
        db.mark_delivery(is_delivery=False)
    else:
        skipped.append(logged.settle().join(skipped[0], on=RECORD, how="anti"))
    found = SkippedRow.check(pl.concat(skipped))
    after_delivery.carry_out(db, schema, steps, skipped=found, rights=ground.rights, now=ground.now)
    return found


def merges_of(upserts: Mapping[str, pl.DataFrame]) -> Mapping[str, pl.DataFrame]:
    """The merges among ``upserts`` (section 7), by the table whose records they merge: kept_id, merged_id."""
    return {
        MERGE_TABLES[merge]: upserts[merge].select("kept_id", "merged_id") for merge in MERGE_TABLES if merge in upserts
    }


def _upsert(ground: Ground, table: str, rows: pl.DataFrame) -> None:
    columns = [column.name for column in ground.schema.travelling(table) if column.name in rows.columns]
    if any(key.table == key.parent == table for key in ground.references):
        ground.db.allow_later_parents()
    try:
        if table in ground.around.triggered:
            _as_people_do(ground.db, table, rows.select(columns))
        else:
            ground.db.upsert_rows(table, rows.select(columns))
    except SiteFailed as error:
        raise error.at(table) from None


def _as_people_do(db: SiteDatabase, table: str, rows: pl.DataFrame) -> None:
    """Inserts and updates, each by itself: an upsert would fire the program's insert triggers for rows that are there,
    and on SQLite takes their own `or ignore` and `or replace` from them."""
    is_there = pl.col("id").is_in(db.present_ids(table, rows["id"]).implode())
    db.update_rows(table, rows.filter(is_there))
    db.insert_rows(table, rows.filter(~is_there))


def _merge_and_delete(ground: Ground, portion: Portion, logged: LoggedDelivery | None) -> FrameOf[SkippedRow]:
    """Moves what names merged records, and deletes; rows that say the same once they are moved go before."""
    merges = merges_of(portion.upserts)
    is_join = pl.col("table_name").is_in(sorted(_JOINS)) if merges else pl.lit(value=False)
    stayed = [_remove(ground, portion.deletes.filter(is_join))]
    if merges:
        if logged is not None:
            logged.moves(moved_rows(ground.db, ground.schema, merges))
        merge_records(ground.db, ground.schema, merges)
    stayed.append(_remove(ground, portion.deletes.filter(~is_join)))
    return SkippedRow.check(pl.concat(stayed))


def _remove(ground: Ground, deletes: pl.DataFrame) -> FrameOf[SkippedRow]:
    if deletes.is_empty():
        return SkippedRow.empty()
    return remove_rows(ground.db, ground.schema, deletes, ground.order, ground.around.foreign_keys)
