"""Telling a delivery's own rows from what the site's program makes of them (B58).

Where triggers or cascades of the site's stand on the tables, the delivery is logged like anybody's edits. At its end
the entries of what it wrote are taken out, as far as the rows are as it wrote them; the others are the site's edits.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from sites.engines.engine import SiteDatabase
from sites.engines.log_tables import CHANGE_LOG_TABLE
from sites.frames import Written
from sites.pull import egress
from sync_rules.egress import Leaving
from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD
from sync_rules.schema import Schema
from sync_rules.words import Skip
from wire.frames import SkippedRow

_STAGE = "supplysync_written"
_NOT_THERE = "a trigger of the site's own keeps it out, without a word"
_STAYS = "a trigger of the site's own keeps it, without a word"
_AS_BEFORE = "a trigger of the site's own makes it what it was before"


class LoggedDelivery:
    """What a delivery is about to do, said before each step, and what came of it."""

    def __init__(self, db: SiteDatabase, schema: Schema) -> None:
        self._db, self._schema = db, schema
        own, parameters = db.own_entries(0)
        ((self._mark,),) = db.execute(f"select coalesce(max(seq), 0) from {CHANGE_LOG_TABLE} where {own}", parameters)
        self._before: dict[str, pl.DataFrame] = {}
        self._expected: dict[str, pl.DataFrame] = {}

    def upserts(self, table: str, rows: pl.DataFrame) -> None:
        """``rows`` are about to be written."""
        self._remember(table, rows["id"])
        self._expected[table] = rows

    def moves(self, moved: Mapping[str, pl.DataFrame]) -> None:
        """Rows that a merge is about to move, as they will be (``merges.moved_rows``); one that is to be deleted may
        have to stay."""
        for table, rows in moved.items():
            expected = self._expected.get(table)
            others = rows if expected is None else rows.join(_written(expected), on="id", how="anti")
            self._remember(table, others["id"])
            as_bad = self._before[table].select("id", "malformed")  # what is no value of its kind stays as it is
            others = others.join(as_bad, on="id", how="left", maintain_order="left")
            self._expected[table] = others if expected is None else pl.concat([expected, others], how="diagonal")

    def deletes(self, records: pl.DataFrame) -> None:
        """``records`` (table_name, record_id) are about to be deleted: none of them is among the upserts."""
        for (name,), rows in records.partition_by("table_name", as_dict=True).items():
            table = str(name)
            self._remember(table, rows["record_id"])
            gone = self._before[table].join(rows, left_on="id", right_on="record_id", how="semi")
            marked = gone.select("id").with_columns(is_gone=pl.lit(value=True))
            expected = self._expected.get(table)
            self._expected[table] = marked if expected is None else pl.concat([expected, marked], how="diagonal")

    def settle(self) -> FrameOf[SkippedRow]:
        """Takes out the entries of what is as it was written, or as it was before; returns the latter: they were not
        taken. Of a row that is neither one entry stays, the site's edit."""
        own, parameters = self._db.own_entries(self._mark)
        names = ["seq", *RECORD]
        log = self._db.read(f"select {', '.join(names)} from {CHANGE_LOG_TABLE} where {own}", parameters, columns=names)
        log = log.with_columns(pl.col("seq").cast(pl.Int64))
        found = [self._outcomes(table) for table in sorted(self._expected)]
        outcomes = pl.concat(found) if found else Written.empty()
        entries = log.join(outcomes, on=RECORD)
        is_kept = ~pl.col("is_settled") & (pl.col("seq") == pl.col("seq").max().over(RECORD))
        self._take_out(entries.filter(~is_kept)["seq"])
        return SkippedRow.check(outcomes.drop_nulls("why").select(SkippedRow.names()))

    def _remember(self, table: str, ids: pl.Series) -> None:
        """How the rows are before anything is written to them."""
        now = self._rows(table, ids)
        known = self._before.get(table)
        self._before[table] = now if known is None else pl.concat([known, now]).unique("id", keep="first")

    def _rows(self, table: str, ids: pl.Series) -> pl.DataFrame:
        self._db.stage(_STAGE, ids.alias("id").unique().sort().to_frame())
        rows = egress.read_rows(self._db, self._schema, Leaving(table), (f"t.id in (select id from {_STAGE})", ()))
        self._db.unstage(_STAGE)
        bad = rows.malformed.select(id="record_id", malformed="malformed")
        return rows.typed.join(bad, on="id", how="left", maintain_order="left")

    def _outcomes(self, table: str) -> FrameOf[Written]:
        """What came of the records of a table: each is what one of the steps wanted of it, or not."""
        expected, before = self._expected[table], self._before[table]
        now = self._rows(table, expected["id"])
        is_gone = pl.col("is_gone").fill_null(value=False) if "is_gone" in expected.columns else pl.lit(value=False)
        judged = (
            expected.select("id", is_gone=is_gone)
            .join(now.select("id", is_there=pl.lit(value=True)), on="id", how="left")
            .join(_equal(expected.drop("is_gone", strict=False), now).select("id", as_sent=True), on="id", how="left")
            .join(_equal(before, now).select("id", as_before=True), on="id", how="left")
            .join(before.select("id", was_there=pl.lit(value=True)), on="id", how="left")
            .with_columns(pl.col("is_there", "was_there", "as_sent", "as_before").fill_null(value=False))
        )
        is_done = pl.when("is_gone").then(~pl.col("is_there")).otherwise("as_sent")
        is_undone = pl.when("was_there").then("as_before").otherwise(~pl.col("is_there"))
        is_missed = (~is_done & is_undone).all()
        said = pl.when("is_gone").then(pl.lit(_STAYS)).when("was_there").then(pl.lit(_AS_BEFORE)).otherwise(
            pl.lit(_NOT_THERE)
        )  # fmt: skip
        is_altered = ~pl.col("is_gone") & pl.col("was_there")
        why = pl.when(is_altered).then(pl.lit(Skip.ALTERED_BY_SITE)).otherwise(pl.lit(Skip.REFUSED_BY_SITE))
        return Written.take(
            judged.group_by(record_id="id", maintain_order=True)
            .agg(
                is_settled=(is_done | is_undone).any(),
                why=pl.when(is_missed).then(why.last()),
                said=pl.when(is_missed).then(said.last()),
            )
            .with_columns(table_name=pl.lit(table))
        )

    def _take_out(self, numbers: pl.Series) -> None:
        if numbers.is_empty():
            return
        self._db.tend_log(is_tended=True)
        self._db.stage(_STAGE, numbers.cast(pl.String).alias("seq").to_frame())
        own, parameters = self._db.own_entries(self._mark)
        self._db.execute(
            f"delete from {CHANGE_LOG_TABLE} where {own} and cast(seq as text) in (select seq from {_STAGE})",
            parameters,
        )
        self._db.unstage(_STAGE)
        self._db.tend_log(is_tended=False)


def _written(expected: pl.DataFrame) -> pl.DataFrame:
    """What is expected to be there."""
    return expected.filter(pl.col("is_gone").is_null()) if "is_gone" in expected.columns else expected


def _equal(wanted: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """The ids of the rows that are ``now`` as ``wanted`` in each of its columns, in the form of a pull (B9)."""
    columns = [name for name in wanted.columns if name != "id" and name in now.columns]
    pairs = wanted.select("id", *columns).join(now, on="id", suffix="_now")
    same = [pl.col(name).eq_missing(pl.col(f"{name}_now")) for name in columns if name != "malformed"]
    is_sound = pl.col("malformed").is_null()
    if "malformed" in columns:
        is_sound = pl.col("malformed").eq_missing(pl.col("malformed_now"))
    return pairs.filter(pl.all_horizontal(is_sound, *same)).select("id")
