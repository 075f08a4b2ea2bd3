"""Unique keys that one row of a change set hands to another: the row that has the key lets go of it first."""

from __future__ import annotations

import polars as pl

from sites.deliver.portion import Portion
from sites.engines.engine import SiteDatabase
from sites.engines.sql import quote
from sites.engines.surroundings import ProgramKey, Surroundings
from sites.frames import HandedKey
from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD
from sync_rules.schema import Kind, Schema

_ROWS = "supplysync_handed"
_IDS = "supplysync_letting_go"
_ROOM = 1_000_000  # more than one change set has new numbers beyond those that are there
_FREE = {
    Kind.TEXT: "'~' || {n}",
    Kind.INTEGER: f"(select coalesce(max({{column}}), 0) from {{table}}) + {_ROOM} + {{n}}",
}
"""Short, and positive: programs' columns may be narrower than ours, and check what is in them."""


def hand_overs(db: SiteDatabase, portion: Portion, around: Surroundings) -> FrameOf[HandedKey]:
    """The rows of ``portion`` that have a key at the site which another row of it is to have."""
    found: list[pl.DataFrame] = [HandedKey.empty()]
    for table in sorted(set(portion.upserts) & set(around.unique_keys)):
        rows = portion.upserts[table]
        own = portion.deletes.filter(pl.col("table_name") == table)["record_id"]
        ours = pl.concat([rows["id"], own.alias("id")])
        for number, key in enumerate(around.unique_keys[table]):
            if set(key.columns) <= set(rows.columns):
                pairs = _pairs(db, table, rows.select("id", *(name for name in key.columns if name != "id")), key)
                pairs = pairs.filter(pl.col("holder").is_in(ours.implode()))
                found.append(
                    pairs.select(pl.lit(table).alias("table_name"), "holder", "taker", key=pl.lit(number, pl.Int64))
                )
    return HandedKey.check(pl.concat(found).sort(pl.all()))


def let_go(db: SiteDatabase, schema: Schema, around: Surroundings, handed: pl.DataFrame) -> None:
    """Give the holders of ``handed`` (as ``hand_overs``) a value in a column of the key that nobody else has; what they
    are to be in the end is written afterwards. Part of the caller's transaction."""
    for (table, number), pairs in handed.group_by("table_name", "key", maintain_order=True):
        key = around.unique_keys[str(table)][int(str(number))]
        free = _free_column(schema, str(table), key, around)
        if free is not None:
            column, value = free
            db.stage(_IDS, pairs.select("holder").unique().sort("holder"))
            ranked = f"(select count(*) from {_IDS} as r where r.holder <= id)"
            db.execute(
                f"update {quote(str(table))} set {quote(column)} = "
                f"{value.format(n=ranked, column=quote(column), table=quote(str(table)))} "
                f"where id in (select holder from {_IDS})"
            )
            db.unstage(_IDS)


def holders(handed: pl.DataFrame) -> pl.DataFrame:
    """The records that let go: table_name, record_id."""
    return handed.select("table_name", record_id="holder").unique().sort(RECORD)


def _pairs(db: SiteDatabase, table: str, rows: pl.DataFrame, key: ProgramKey) -> pl.DataFrame:
    """holder, taker: the rows at the site that have the key of another one of ``rows``."""
    db.stage_rows(_ROWS, table, rows)
    parts = ", ".join(f"{part} as part_{n}" for n, part in enumerate(key.parts))
    same = " and ".join(f"h.part_{n} = t.part_{n}" for n in range(len(key.parts)))
    pairs = db.read(
        f"select h.id as holder, t.id as taker from (select id, {parts} from {quote(table)}) as h "
        f"join (select id, {parts} from {_ROWS}) as t on {same} where h.id <> t.id",
        columns=["holder", "taker"],
    )
    db.unstage(_ROWS)
    return pairs


def _free_column(schema: Schema, table: str, key: ProgramKey, around: Surroundings) -> tuple[str, str] | None:
    """A column of the key that may be emptied or take a value that nobody has, and that value in SQL."""
    refers = {one.column for one in schema.references if one.table == table}
    kinds = {column.name: column.kind for column in schema.travelling(table) if column.name != "id"}
    mine = [name for name in key.columns if name in kinds]
    named = {parent.strip('"') for one in around.foreign_keys if one.table == table for _, parent in one.columns}
    for name in mine:
        if (table, name) in around.optional and name not in named:  # emptied, a row that refers to it would lose it
            return name, "null"
    for name in mine:
        if name not in refers and kinds[name] in _FREE:
            return name, _FREE[kinds[name]]
    return None
