"""What a pull reads of each table: all of it, or what changed since (P2, P4, P9)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

import polars as pl

from sites.capture.generations import Lacking
from sites.engines.engine import SiteDatabase
from sites.engines.sql import SqlCondition, quote
from sites.pull import egress
from sites.pull.net_changes import LogRead, net_changes, records_of, upserts, whole_rows, with_documents
from sites.watch import CountDown, Left, unwatched
from sync_rules.egress import Leaving
from sync_rules.schema import Schema


@dataclass(frozen=True)
class TablePull:
    """The changes and the rows of one table."""

    table: str
    changes: pl.DataFrame
    rows: pl.DataFrame


def rules_here(leaving: Mapping[str, Leaving], schema: Schema, appeared: Lacking) -> Mapping[str, Leaving]:
    """The rules for the tables that are there; those that are new are read whole."""
    new = {table for table, columns in appeared.items() if columns is None}
    return {
        table: replace(rule, is_unread=True) if table in new else rule
        for table, rule in leaving.items()
        if table in schema.tables
    }


def parts_of(
    db: SiteDatabase,
    schema: Schema,
    leaving: Mapping[str, Leaving],
    since: LogRead | None,
    interrupted: Collection[str],
    left: Left = unwatched,
) -> Iterator[TablePull]:
    """What leaves each table: all of it, or what changed by the entries of the log. ``left`` is told how
    many records of those that are there, or that the log names, are not read yet."""
    if since is None:
        return _snapshot(db, schema, leaving, left)
    return _since(db, schema, leaving, since, interrupted, left)


def _snapshot(db: SiteDatabase, schema: Schema, leaving: Mapping[str, Leaving], left: Left) -> Iterator[TablePull]:
    """Every leaving row of every table, parents first."""
    unread = _filled(db, leaving)
    told = CountDown(left, unread)
    for table in schema.parents_first():
        if table in unread:
            told.begins(table)
            found = egress.read_rows(db, schema, leaving[table])
            if found.typed.height:
                yield _part(table, found, upserts(found.typed["id"], is_snapshot=True))
    told.ends()


def _filled(db: SiteDatabase, leaving: Mapping[str, Leaving]) -> dict[str, int]:
    """Those of the tables that have rows, and how many of them leave: most of a small site's have none; one question
    finds out."""
    questions = (f"select '{table}', (select count(*) from {quote(table)})" for table in sorted(leaving))
    asked = " union all ".join(questions)
    filled = {str(table): int(rows) for table, rows in db.execute(asked) if rows} if asked else {}
    return {
        table: egress.count_leaving(db, leaving[table]) if egress.is_filtered(leaving[table]) else rows
        for table, rows in filled.items()
    }


def _since(
    db: SiteDatabase,
    schema: Schema,
    leaving: Mapping[str, Leaving],
    since: LogRead,
    interrupted: Collection[str],
    left: Left,
) -> Iterator[TablePull]:
    """The net changes of each table that has any, lines that go or come with their document (B59), the rows that newly
    leave (P9), and all rows of those tables whose changes were not logged for a while (B57)."""
    entries, touched = since.condition, records_of(since.entries)
    by_table = _by_table(touched, leaving)
    whole = {table for table, rule in leaving.items() if rule.whole or rule.is_unread or table in interrupted}
    lines = {table: where for table, rule in leaving.items() if (where := _lines_too(rule, by_table, entries))}
    # newly leaving rows have no order of their own: parents first
    tables = by_table.keys() | whole | lines.keys()
    told = CountDown(left, {table: len(records) for table, records in by_table.items()})
    for table in [one for one in schema.parents_first() if one in tables] if whole else sorted(tables):
        told.begins(table)
        rule = leaving[table]
        found, changes = _logged(db, schema, rule, since, by_table.get(table, touched.clear()))
        if table in lines:
            unnamed = egress.read_rows(db, schema, rule, lines[table])
            found = _together(found, unnamed)
            there = egress.present_lines(db, rule, lines[table])
            changes = pl.concat([changes, with_documents(there, unnamed.typed["id"], rule, by_table, changes)])
        if table in whole:
            grown, more = whole_rows(db, schema, rule, changes["record_id"], is_interrupted=table in interrupted)
            found, changes = _together(found, grown), pl.concat([changes, more])
        if found and len(changes):
            yield _part(table, found, changes)
    told.ends()


def _by_table(touched: pl.DataFrame, tables: Collection[str]) -> dict[str, pl.DataFrame]:
    parts = touched.partition_by("table_name", as_dict=True) if len(touched) else {}
    return {str(name): frame for (name,), frame in parts.items() if name in tables}


def _logged(
    db: SiteDatabase, schema: Schema, rule: Leaving, log: LogRead, touched: pl.DataFrame
) -> tuple[egress.Rows | None, pl.DataFrame]:
    """The rows of the records that the log names, and what was done to them."""
    found = egress.read_rows(db, schema, rule, egress.rows_in_log(rule, log.condition)) if len(touched) else None
    present = found.typed["id"] if found else pl.Series(dtype=pl.String)
    return found, net_changes(db, rule, log, touched, present)


def _lines_too(rule: Leaving, by_table: Mapping[str, pl.DataFrame], entries: SqlCondition) -> SqlCondition | None:
    """The condition for lines that leave, or stay, because of what their document, which the log names, became."""
    if not any(parent in by_table for _, parent in rule.path):
        return None
    return egress.lines_of_documents(rule, entries)


def _together(first: egress.Rows | None, second: egress.Rows) -> egress.Rows:
    if first is None:
        return second
    return egress.Rows(
        pl.concat([first.typed, second.typed]).unique("id", keep="first").sort("id"),
        pl.concat([first.malformed, second.malformed]).unique("record_id", keep="first"),
    )


def _part(table: str, found: egress.Rows, changes: pl.DataFrame) -> TablePull:
    described = changes.join(found.malformed, on="record_id", how="left", maintain_order="left")
    return TablePull(table, described.with_columns(table_name=pl.lit(table)), found.typed)
