"""Comparing the two halves of transfers by line, as long as the responding one is not taken in (X5).

What its sender adds or changes after it was made is to reach it: central asks its site, which brings it there where its
store has not touched it yet. Nothing is written over what a store took in.
"""

from __future__ import annotations

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD
from sync_rules.schema import Schema
from sync_rules.transfers.begins import finished_documents
from sync_rules.transfers.frames import HalfLines, HalfVersion
from sync_rules.transfers.responds import responding_lines
from sync_rules.transfers.versions import KEY, line_texts
from warehouse.connection import Connection
from warehouse.frames import Transfer
from warehouse.ledger import papers, transfers
from warehouse.ledger.halves import versions
from warehouse.records.door import Records

_FIRST = pl.lit(0, pl.Int64)
_ALL = pl.lit(None, pl.Int64).alias("version")


def begin_comparing(records: Records, made: FrameOf[Transfer]) -> None:
    """Remembers the lines of responding halves that are there since now and say what the initiating ones say; what is
    otherwise from the start is its store's own."""
    if made.is_empty():
        return
    con, schema = records.con, records.schema
    said = _as_said(con, schema, made).join(versions.halves_now(con, made, schema), on=[*KEY, "lines"], how="semi")
    versions.put_versions(con, HalfVersion.check(said.with_columns(version=_FIRST)))


def compare_halves(records: Records, documents: pl.DataFrame) -> None:
    """Looks again at the transfers of which a half is among ``documents`` (keys), or has a line that was changed.

    What its store touched is taken in, and compared no more. What its sender changed since becomes the version that the
    site is asked to bring it to.
    """
    con, schema = records.con, records.schema
    known = transfers.of_halves(con, documents).filter(pl.col("responding_id").is_not_null())
    every = versions.versions_of(con, known, schema)
    if every.is_empty():
        return
    known = Transfer.check(known.join(every, on=KEY, how="semi"))
    left = versions.not_taken_in(con, known, schema)
    versions.forget_versions(con, known.select(KEY).join(left, on=KEY, how="anti").with_columns(_ALL))
    alive = known.filter(~pl.col("is_deleted")).join(left, on=KEY, how="semi")
    last = every.sort("version").unique(KEY, keep="last")
    said = _as_said(con, schema, Transfer.check(alive)).join(last, on=KEY, suffix="_last")
    new = said.filter(pl.col("lines") != pl.col("lines_last")).with_columns(pl.col("version") + 1)
    versions.put_versions(con, HalfVersion.take(new))
    reached = new.join(left, on=[*KEY, "lines"], how="semi").select(left.columns)
    versions.forget_versions(con, pl.concat([left, reached]).sort("version").unique(KEY, keep="last"))


def _as_said(con: Connection, schema: Schema, known: FrameOf[Transfer]) -> FrameOf[HalfLines]:
    """What the lines of responding halves are by the initiating ones that are in the state which begins a transfer."""
    found = papers.with_lines(con, schema, papers.begun_papers(con, schema, known), known)
    begun = known.join(finished_documents(found), on=RECORD, how="semi")
    return line_texts(begun, responding_lines(begun, found, schema), schema)
