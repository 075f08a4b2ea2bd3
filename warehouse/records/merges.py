"""What a merge does to central's rows: references move to the kept record, joins that became equal collapse (section
7)."""

from __future__ import annotations

import polars as pl

from sync_rules.frames import RECORD, RecordKey
from sync_rules.mentions import JOINS, NAMED_BY, Join, mentions
from warehouse.connection import Connection, query, quote, registered
from warehouse.records.door import Records


def move_references(records: Records, table: str, pairs: pl.DataFrame) -> pl.DataFrame:
    """Makes every row that names a record of ``pairs`` (merged_id, kept_id) of ``table`` name the kept one.

    Returns table_name and record_id of the rows that did, sorted.
    """
    touched: list[pl.DataFrame] = [RecordKey.empty()]
    places = [(one.table, one.column, "true") for one in mentions(records.schema, table)]
    places.append((NAMED_BY.table, NAMED_BY.record_column, f"t.{NAMED_BY.table_column} = '{table}'"))
    for where, column, condition in places:
        with registered(records.con, pairs=pairs):
            values = query(
                records.con,
                f"select t.id, p.kept_id as value from replica.{quote(where)} as t "
                f"join pairs as p on p.merged_id = t.{quote(column)} where {condition}",
            )
        touched.append(records.set_column(where, column, values))
    return pl.concat(touched).unique().sort(RECORD)


def collapse(records: Records, touched: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Makes one of the join rows that became equal through ``touched`` rows (table_name, record_id).

    Returns the rows that stay and were changed, and those that go (table_name, record_id), sorted; the latter are
    still there.
    """
    kept: list[pl.DataFrame] = [RecordKey.empty()]
    gone: list[pl.DataFrame] = [RecordKey.empty()]
    for join in JOINS:
        rows = touched.filter(pl.col("table_name") == join.table)
        groups = _equal_rows(records.con, join, rows) if rows.height else rows
        if groups.is_empty():
            continue
        _fill(records, join, groups)
        of_table = groups.select("stays", "id", table_name=pl.lit(join.table))
        stays = pl.col("id") == pl.col("stays")
        kept.append(of_table.filter(stays).select("table_name", record_id="id"))
        gone.append(of_table.filter(~stays).select("table_name", record_id="id"))
    return pl.concat(kept).sort(RECORD), pl.concat(gone).sort(RECORD)


def _equal_rows(con: Connection, join: Join, rows: pl.DataFrame) -> pl.DataFrame:
    """Id and stays (the lowest id of its group) of the rows of groups of more than one that hold one of ``rows``."""
    key = ", ".join(quote(column) for column in join.key)
    filled = " and ".join(f"{quote(column)} is not null" for column in join.key)
    with registered(con, touched=rows):
        return query(
            con,
            f"select id, min(id) over (partition by {key}) as stays from replica.{quote(join.table)} where {filled} "
            f"and ({key}) in "
            f"(select {key} from replica.{quote(join.table)} where id in (select record_id from touched)) "
            f"qualify count(*) over (partition by {key}) > 1 order by id",
        )


def _fill(records: Records, join: Join, groups: pl.DataFrame) -> None:
    """The flags and other values that a row that stays takes from the others."""
    values = {flag: f"bool_or({quote(flag)})" for flag in join.flags}
    values |= {one: f"first({quote(one)} order by t.id) filter ({quote(one)} is not null)" for one in join.filled}
    for name, value in values.items():
        with registered(records.con, groups=groups):
            filled = query(
                records.con,
                f"select g.stays as id, {value} as value from groups as g "
                f"join replica.{quote(join.table)} as t on t.id = g.id group by g.stays",
            )
        records.set_column(join.table, name, filled)
