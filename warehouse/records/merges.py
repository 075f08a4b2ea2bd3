"""Merges of records in the warehouse: what was merged into what, references that move, joins that collapse (section 7)."""

from __future__ import annotations

import polars as pl

from sync_rules.mentions import JOINS, NAMED_BY, Join, mentions
from sync_rules.schema import Schema
from warehouse.connection import Connection, query, quote, registered
from warehouse.records import unpublished

KEYS = {"table_name": pl.String(), "record_id": pl.String()}


def merged(con: Connection) -> pl.DataFrame:
    """A MERGED frame: every record that was merged away and what it is now."""
    return query(con, "select table_name, merged_id, kept_id from ledger.merged order by all")


def put_merged(con: Connection, known: pl.DataFrame) -> None:
    """Replaces what is known of merged records (a MERGED frame)."""
    with registered(con, known=known):
        con.execute("delete from ledger.merged")
        con.execute("insert into ledger.merged select table_name, merged_id, kept_id from known")


def move_references(con: Connection, schema: Schema, table: str, pairs: pl.DataFrame) -> pl.DataFrame:
    """Makes every replica row that names a record of ``pairs`` (merged_id, kept_id) of ``table`` name the kept one.

    Returns table_name and record_id of the rows that did, sorted.
    """
    touched = [pl.DataFrame(schema=KEYS)]
    places = [(one.table, one.column, "true") for one in mentions(schema, table)]
    places.append((NAMED_BY.table, NAMED_BY.record_column, f"t.{NAMED_BY.table_column} = '{table}'"))
    with registered(con, pairs=pairs):
        for where, column, condition in places:
            named = f"{condition} and t.{quote(column)} in (select merged_id from pairs)"
            found = query(
                con, f"select '{where}' as table_name, t.id as record_id from replica.{quote(where)} as t where {named}"
            )
            if found.height:
                touched.append(found)
                con.execute(
                    f"update replica.{quote(where)} as t set {quote(column)} = p.kept_id from pairs as p "
                    f"where {condition} and p.merged_id = t.{quote(column)}"
                )
                with registered(con, found=found):
                    unpublished.note(con, "select table_name, record_id from found")
    return pl.concat(touched).unique().sort(list(KEYS))


def collapse(con: Connection, touched: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Makes one of the join rows that became equal through ``touched`` rows (table_name, record_id).

    Returns the rows that stay and were changed, and those that go (table_name, record_id), sorted; the latter are
    still there.
    """
    kept, gone = [pl.DataFrame(schema=KEYS)], [pl.DataFrame(schema=KEYS)]
    for join in JOINS:
        rows = touched.filter(pl.col("table_name") == join.table)
        if rows.is_empty():
            continue
        groups = _equal_rows(con, join, rows)
        if groups.is_empty():
            continue
        stays = groups.filter(pl.col("id") == pl.col("stays"))
        _fill(con, join, groups)
        kept.append(stays.select(pl.lit(join.table).alias("table_name"), record_id="id"))
        others = groups.filter(pl.col("id") != pl.col("stays"))
        gone.append(others.select(pl.lit(join.table).alias("table_name"), record_id="id"))
    return pl.concat(kept).sort(list(KEYS)), pl.concat(gone).sort(list(KEYS))


def _equal_rows(con: Connection, join: Join, rows: pl.DataFrame) -> pl.DataFrame:
    """Id and stays (the lowest id of its group) of the rows of groups of more than one that hold one of ``rows``."""
    key = ", ".join(quote(column) for column in join.key)
    filled = " and ".join(f"{quote(column)} is not null" for column in join.key)
    with registered(con, touched=rows):
        return query(
            con,
            f"select id, min(id) over (partition by {key}) as stays from replica.{quote(join.table)} where {filled} and ({key}) in "
            f"(select {key} from replica.{quote(join.table)} where id in (select record_id from touched)) "
            f"qualify count(*) over (partition by {key}) > 1 order by id",
        )


def _fill(con: Connection, join: Join, groups: pl.DataFrame) -> None:
    """The flags and other values that a row that stays takes from the others."""
    values = [f"bool_or({quote(flag)}) as {quote(flag)}" for flag in join.flags]
    values += [
        f"first({quote(one)} order by t.id) filter ({quote(one)} is not null) as {quote(one)}" for one in join.filled
    ]
    if not values:
        return
    names = [*join.flags, *join.filled]
    sets = ", ".join(f"{quote(name)} = f.{quote(name)}" for name in names)
    with registered(con, groups=groups):
        con.execute(
            f"update replica.{quote(join.table)} set {sets} from (select g.stays, {', '.join(values)} "
            f"from groups as g join replica.{quote(join.table)} as t on t.id = g.id group by g.stays) as f where f.stays = {quote(join.table)}.id"
        )
        unpublished.note_ids(con, join.table, "select distinct stays from groups")


def remember_holders(con: Connection, records: pl.DataFrame) -> None:
    """Remembers which sites may hold the records of ``records`` (table_name, record_id, scopes) that are merged away:
    they have one of the scopes now, or had it when they were last delivered, or could not let go of it (R7)."""
    with registered(con, records=records):
        con.execute(
            "insert into ledger.merged_at select distinct r.table_name, r.record_id, s.site_id "
            "from (select table_name, record_id, unnest(scopes) as scope from records) as r "
            "join ledger.site_scope as s on s.scope = r.scope join ledger.site as site on site.site_id = s.site_id "
            "where s.to_seq is null or s.to_seq > coalesce(site.position, 0) union "
            "select k.table_name, k.record_id, k.site_id from ledger.skipped as k join records using (table_name, record_id) "
            "where k.is_open and k.why = 'still_referenced' order by all"
        )


def left_behind(con: Connection, records: pl.DataFrame) -> pl.DataFrame:
    """table_name, record_id, site_id of those of ``records`` (table_name, record_id) that sites could not let go of;
    they are listed no longer: it is tried again now."""
    condition = "is_open and why = 'still_referenced' and (table_name, record_id) in (select table_name, record_id from records)"
    with registered(con, records=records):
        found = query(
            con, f"select distinct table_name, record_id, site_id from ledger.skipped where {condition} order by all"
        )
        con.execute(f"update ledger.skipped set is_open = false where {condition}")
    return found
