"""Giving documents their numbers (B25): the next of their store and kind, past counters and documents."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import polars as pl

from sites.capture.triggers import require_capture
from sites.engines.engine import SiteDatabase
from sites.engines.sql import quote
from sites.frames import HighestNumber
from sites.own_edits.columns import set_values
from sync_rules.frame import FrameOf
from sync_rules.schema import Kind
from sync_rules.transfers.kinds import HEADERS, counter

COUNTERS = "document_number"

_STAGE = "supplysync_counters"
_HIGHEST = 10**15  # a number above was not reached by counting, and is no number to go on from
_ROW = ["counter_id", "store_id", "number_kind"]
_COUNTED_BY = {"id", "store_id", "kind", "last_number"}


def next_numbers(db: SiteDatabase, halves: pl.DataFrame, coming: FrameOf[HighestNumber] | None = None) -> pl.DataFrame:
    """``halves`` with a column number: the next ones of their store and kind, in the order of the rows, past what is
    ``coming`` in the same transaction.

    ``halves``: table_name, record_id, store_id, number_kind (as ``number_kinds``), which may not be null. The
    counters, if the site has any, are written, the documents are not. Part of the caller's write transaction: until it
    ends, nobody else who asks the counter gets a number of these stores and kinds.
    """
    if halves.is_empty():
        return halves.with_columns(number=pl.lit(None, pl.Int64))
    has_counters = db.column_names().get(COUNTERS, frozenset()) >= _COUNTED_BY
    if has_counters:
        require_capture(db, [COUNTERS])
    counters = _locked(db, halves) if has_counters else _uncounted(halves)
    written = [_written(db, table, of.drop("table_name")) for (table,), of in _by_table(halves)]
    highest = pl.concat(written if coming is None else [*written, coming])
    highest = highest.group_by("store_id", "number_kind").agg(pl.col("highest").max())
    used = (
        counters.join(highest, on=["store_id", "number_kind"], how="left", maintain_order="left")
        .with_columns(used=pl.max_horizontal(pl.col("last_number", "highest").fill_null(0)))
        .select("counter_id", "store_id", "number_kind", "used")
    )
    key = ["store_id", "number_kind"]
    numbered = halves.join(used.drop("counter_id"), on=key, how="left", maintain_order="left").with_columns(
        number=pl.col("used") + pl.int_range(1, pl.len() + 1).over(key)
    )
    last = numbered.group_by(key).agg(pl.col("number").max())
    if has_counters:
        values = used.join(last, on=key).select(id="counter_id", value="number").sort("id")
        set_values(db, COUNTERS, "last_number", values, Kind.INTEGER)
    return numbered.drop("used")


def raise_counters(db: SiteDatabase, stores: Collection[str]) -> None:
    """Has the counters of ``stores`` go on from the highest numbers that their documents have: those of a database that
    was put back may be older, and a lost site's may never have left it. The site's own edit; where none is behind
    nothing is written."""
    columns = db.column_names()
    if not stores or not columns.get(COUNTERS, frozenset()) >= _COUNTED_BY:
        return
    numbered = [table for table in HEADERS if {"store_id", "number"} <= columns.get(table, frozenset())]
    with db.transaction(write=True):
        require_capture(db, [COUNTERS])
        given = [_given(db, table, stores) for table in sorted(numbered)]
        highest = pl.concat([HighestNumber.empty(), *given]).filter(pl.col("highest") > 0)
        if highest.is_empty():
            return
        counters = _locked(db, highest)
        behind = counters.join(highest, on=["store_id", "number_kind"]).filter(
            pl.col("highest") > pl.col("last_number").fill_null(0)
        )
        values = behind.select(id="counter_id", value="highest").sort("id")
        set_values(db, COUNTERS, "last_number", values, Kind.INTEGER)


def _given(db: SiteDatabase, table: str, stores: Collection[str]) -> pl.DataFrame:
    """The highest number that the documents of ``table`` have, of each of the stores and kinds."""
    column = counter(table)
    kind = quote(column) if column else f"'{table}'"
    query, parameters = db.id_list(sorted(stores))
    rows = db.read(
        f"select store_id, {kind} as number_kind, max({_counted(db, 'number')}) as highest from {quote(table)} "
        f"where store_id in {query} and {kind} is not null group by 1, 2 order by 1, 2",
        parameters,
        columns=HighestNumber.names(),
    )
    return HighestNumber.take(rows)


def numbers_that_come(upserts: Mapping[str, pl.DataFrame]) -> FrameOf[HighestNumber]:
    """The highest numbers of documents and counters that are about to be written, by store and kind."""
    found = [
        rows.select("store_id", number_kinds(table), highest="number")
        for table, rows in sorted(upserts.items())
        if table in HEADERS and {"store_id", "number"} <= set(rows.columns)
    ]
    counters = upserts.get(COUNTERS)
    if counters is not None and set(counters.columns) >= _COUNTED_BY:
        found.append(counters.select("store_id", number_kind="kind", highest="last_number"))
    numbers = pl.concat([HighestNumber.empty(), *found], how="vertical_relaxed")
    return HighestNumber.take(numbers.filter(pl.col("highest").is_between(1, _HIGHEST)))


def number_kinds(table: str) -> pl.Expr:
    """The kind of number that the documents of ``table`` get: their type, or the name of the table (B25)."""
    column = counter(table)
    return (pl.col(column) if column else pl.lit(table)).alias("number_kind")


def _by_table(halves: pl.DataFrame) -> list[tuple[tuple[str], pl.DataFrame]]:
    """The stores and kinds that are asked for, by table of the documents."""
    asked = halves.select("table_name", "store_id", "number_kind").unique().sort("table_name", "store_id")
    return [((str(table),), rows) for (table,), rows in asked.partition_by("table_name", as_dict=True).items()]


def _locked(db: SiteDatabase, halves: pl.DataFrame) -> pl.DataFrame:
    """The counters of the stores and kinds, made where there are none: counter_id, store_id, number_kind, last_number.

    Their rows are locked, in one order for all. Only then may the documents be looked at: whoever had a counter
    before has committed what he numbered.
    """
    asked = _asked(halves)
    db.stage(_STAGE, asked)
    db.execute(
        f"insert into {COUNTERS} (id, store_id, kind, last_number) "
        f"select counter_id, store_id, number_kind, 0 from {_STAGE} where true order by counter_id "
        "on conflict (id) do nothing"
    )
    db.lock_rows(COUNTERS, (f"(select counter_id from {_STAGE})", ()))
    found = db.read(
        f"select id as counter_id, {_counted(db, 'last_number')} as last_number from {COUNTERS} "
        f"where id in (select counter_id from {_STAGE})",
        columns=["counter_id", "last_number"],
    )
    db.unstage(_STAGE)
    return asked.sort("counter_id").join(
        found.with_columns(pl.col("last_number").cast(pl.Int64)), on="counter_id", how="left", maintain_order="left"
    )


def _asked(halves: pl.DataFrame) -> pl.DataFrame:
    """counter_id, store_id, number_kind of the stores and kinds."""
    asked = halves.select("store_id", "number_kind").unique()
    return asked.with_columns(counter_id=pl.concat_str("store_id", "number_kind", separator=":")).select(_ROW)


def _uncounted(halves: pl.DataFrame) -> pl.DataFrame:
    """As ``_locked`` where the site has no counters: its program goes by the documents alone."""
    return _asked(halves).sort("counter_id").with_columns(last_number=pl.lit(None, pl.Int64))


def _written(db: SiteDatabase, table: str, asked: pl.DataFrame) -> pl.DataFrame:
    """The highest number that the documents of ``table`` have, by store and kind."""
    column = counter(table)
    kind = f"d.{quote(column)}" if column else f"'{table}'"
    db.stage(_STAGE, asked.select("store_id", "number_kind"))
    rows = db.read(
        f"select s.store_id, s.number_kind, max({_counted(db, 'd.number')}) as highest "
        f"from {quote(table)} as d join {_STAGE} as s on s.store_id = d.store_id and s.number_kind = {kind} "
        "group by s.store_id, s.number_kind",
        columns=HighestNumber.names(),
    )
    db.unstage(_STAGE)
    return HighestNumber.take(rows)


def _counted(db: SiteDatabase, column: str) -> str:
    """The column where it holds a number that counting can have reached."""
    return f"case when {db.whole_number(column)} and {column} <= {_HIGHEST} then {column} end"
