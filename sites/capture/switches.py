"""From which place in its log on a switch of procurement holds for a site: where it was delivered (B37)."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from sites.engines.engine import SiteDatabase
from sites.engines.log_tables import SWITCH_TABLE
from sites.frames import SwitchNote
from sync_rules.frame import FrameOf
from sync_rules.frames import RecordKey
from sync_rules.table.data_types import SWITCH_KEYS

_PREFERENCE = "preference"


def seed_switches(db: SiteDatabase, site_id: int) -> None:
    """Notes the switches that reached the site before it noted any: they hold from the beginning."""
    rows = _named(db, site_id) if {"key", "value"} <= db.column_names().get(_PREFERENCE, frozenset()) else {}
    for name, is_on in rows.items():
        _note(db, name, 0, is_on=is_on)


def note_switches(db: SiteDatabase, site_id: int, upserts: Mapping[str, pl.DataFrame], skipped: pl.DataFrame) -> None:
    """Notes the switches that a change set brings, but for rows that were ``skipped`` (table_name, record_id): in the
    delivery's transaction. A site whose capture is older than that has no table for them."""
    rows = upserts.get(_PREFERENCE)
    if rows is None or not db.has_table(SWITCH_TABLE):
        return
    left = skipped.filter(pl.col("table_name") == _PREFERENCE)["record_id"]
    ids = sorted({_row_id(name, site_id) for name in SWITCH_KEYS} - set(left))
    own = rows.filter(pl.col("id").is_in(ids))
    if own.is_empty():
        return
    now = {name: is_on for name, _, is_on in _notes(db).sort("seq").iter_rows()}
    for name, value in sorted(own.select("key", "value").iter_rows()):
        if (value == "true") != now.get(name, False):
            _note(db, name, db.log_end(), is_on=value == "true")


def written_before(db: SiteDatabase, written: pl.DataFrame, switched: Mapping[str, str]) -> FrameOf[RecordKey]:
    """The records of ``written`` (table_name, record_id, written_at: a place in the log, null where nobody knows) whose
    switch, by table in ``switched``, was not on at the site when they were written. None where it notes no switches."""
    if written.is_empty() or not db.has_table(SWITCH_TABLE):
        return RecordKey.empty()
    notes = _notes(db)
    last = notes["seq"].max()
    placed = written.select(
        "table_name",
        "record_id",
        name=pl.col("table_name").replace_strict(dict(switched), return_dtype=pl.String),
        seq=pl.coalesce(pl.col("written_at") - 1, pl.lit(last, pl.Int64)).fill_null(0),
    ).sort("seq")
    found = placed.join_asof(notes.sort("seq"), on="seq", by="name", strategy="backward", check_sortedness=False)
    return RecordKey.check(found.filter(~pl.col("is_on").fill_null(value=False)).select(RecordKey.names()))


def _named(db: SiteDatabase, site_id: int) -> Mapping[str, bool]:
    """What the site's own rows say of the switches."""
    ids = tuple(_row_id(name, site_id) for name in sorted(SWITCH_KEYS))
    marks = ", ".join("?" * len(ids))
    rows = db.execute(f"select key, value from {_PREFERENCE} where id in ({marks}) order by 1", ids)
    return {str(name): value == "true" for name, value in rows}


def _row_id(name: str, site_id: int) -> str:
    return f"{name}:{site_id}"


def _notes(db: SiteDatabase) -> FrameOf[SwitchNote]:
    rows = db.execute(f"select name, seq, is_on from {SWITCH_TABLE}")
    return SwitchNote.of((name, seq, bool(is_on)) for name, seq, is_on in rows)


def _note(db: SiteDatabase, name: str, seq: int, *, is_on: bool) -> None:
    db.execute(
        f"insert into {SWITCH_TABLE} (name, seq, is_on) values (?, ?, {str(is_on).lower()}) "
        "on conflict (name, seq) do update set is_on = excluded.is_on",
        (name, seq),
    )
