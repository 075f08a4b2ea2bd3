"""Which rows leave a site, in SQL: what does not leave is not even read (P3)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from sites.engines.engine import SiteDatabase
from sites.engines.errors import SiteFailed
from sites.engines.log_tables import CHANGE_LOG_TABLE
from sites.engines.sql import SqlCondition, quote
from sites.engines.values import normalise, printable_ids
from sync_rules.egress import Leaving
from sync_rules.schema import Schema


@dataclass(frozen=True)
class Rows:
    """Typed rows of one table, and their malformed cells (record_id, malformed)."""

    typed: pl.DataFrame
    malformed: pl.DataFrame


def read_rows(db: SiteDatabase, schema: Schema, leaving: Leaving, chosen: SqlCondition | None = None) -> Rows:
    """The rows of a table that leave, all of them or those ``chosen``, without secrets, by id.

    Raises SiteFailed, naming the table, where it cannot be read.
    """
    columns = schema.travelling(leaving.table)
    names = [column.name for column in columns]
    values = ", ".join(f"t.{quote(name)} as {quote(name)}" for name in names)
    sql, parameters = selection(leaving, values, chosen)
    try:
        raw = db.read(sql, parameters, columns=names)
    except SiteFailed as error:
        raise error.at(leaving.table) from None
    typed, cells = normalise(raw, columns)
    return Rows(typed.sort("id"), _described(cells))


def selection(leaving: Leaving, values: str, chosen: SqlCondition | None = None) -> SqlCondition:
    """The query of ``values`` of the rows ``t`` of a table that leave, all of them or those ``chosen``."""
    return _select(leaving, values, [("t.id is not null", ()), *_filters(leaving), *([chosen] if chosen else [])])


def present_ids(db: SiteDatabase, leaving: Leaving, chosen: SqlCondition) -> pl.Series:
    """The ids of the chosen rows that exist, whether they leave or not; where rows leave by their key, of those that
    have one of the keys that ever do: one that lost it is gone for everybody else."""
    keys = [] if leaving.all_keys is None else [_has_key(leaving.all_keys)]
    sql, parameters = _select(leaving, "t.id as id", [chosen, *keys])
    return printable_ids(db.read(sql, parameters, columns=["id"])["id"])


def count_leaving(db: SiteDatabase, leaving: Leaving) -> int:
    """How many rows of a table leave. Raises SiteFailed, naming the table, where it cannot be read."""
    sql, parameters = selection(leaving, "count(*) as n")
    try:
        return int(db.execute(sql, parameters)[0][0])
    except SiteFailed as error:
        raise error.at(leaving.table) from None


def is_filtered(leaving: Leaving) -> bool:
    """Whether some existing rows of the table stay at the site."""
    return bool(leaving.withheld) or leaving.only_keys is not None


def rows_in_log(leaving: Leaving, entries: SqlCondition) -> SqlCondition:
    """The condition for rows named by the log ``entries``; with ``only_inserts``, those new in them."""
    past, parameters = entries
    of_table = f"select record_id from {CHANGE_LOG_TABLE} where {past} and table_name = ?"
    if leaving.only_inserts:
        of_table += " group by record_id having min(seq) = min(case when op = 'I' then seq end)"
    return f"t.id in ({of_table})", (*parameters, leaving.table)


def rows_of_owners(leaving: Leaving, owners: Collection[str]) -> SqlCondition:
    """The condition for rows whose owner is one of ``owners``."""
    return f"{_owner(leaving)} in ({_marks(owners)})", tuple(sorted(owners))


def lines_of_documents(leaving: Leaving, entries: SqlCondition) -> SqlCondition | None:
    """The condition for lines of documents that the log ``entries`` name, where an edit of the document may turn what
    leaves (B59, T6): a line may be older than that edit, so that no entry names it. None where there can be none."""
    if not (leaving.path and leaving.may_turn):
        return None
    past, parameters = entries
    ((column, parent),) = leaving.path
    is_logged = f"select record_id from {CHANGE_LOG_TABLE} where {past} and table_name = ?"
    return f"t.{quote(column)} in ({is_logged})", (*parameters, parent)


def present_lines(db: SiteDatabase, leaving: Leaving, chosen: SqlCondition) -> pl.DataFrame:
    """The ids of the chosen lines that exist, whether they leave or not, and of their documents: id, document."""
    ((column, _),) = leaving.path
    sql, parameters = _select(leaving, f"t.id as id, t.{quote(column)} as document", [chosen])
    found = db.read(sql, parameters, columns=["id", "document"])
    return found.select(printable_ids(found["id"]), printable_ids(found["document"]))


def owners_there(db: SiteDatabase, leaving: Leaving, ids: pl.Series) -> pl.DataFrame:
    """The owners of the rows with these ids, as they or their documents say: id, owner."""
    listed, parameters = db.id_list(ids)
    sql, parameters = _select(leaving, f"t.id as id, {_owner(leaving)} as owner", [(f"t.id in {listed}", parameters)])
    found = db.read(sql, parameters, columns=["id", "owner"])
    return found.select(printable_ids(found["id"]), printable_ids(found["owner"]))


def _half(leaving: Leaving) -> SqlCondition:
    """The condition for rows that are, or belong to, half of a transfer."""
    any_of: list[str] = []
    values: list[object] = []
    for condition in leaving.halves:
        all_of = [f"{_of_owner_row(leaving, condition.filled)} is not null"] if condition.filled else []
        for column, allowed in sorted(condition.values.items()):
            all_of.append(f"{_of_owner_row(leaving, column)} in ({_marks(allowed)})")
            values += allowed
        any_of.append(" and ".join(all_of))
    if not any_of:
        return "false", ()
    party = _of_owner_row(leaving, "other_name_id")
    is_store = f"({party} in (select name_id from store) or {party} in ({_marks(leaving.parties)}))"
    return f"({is_store} and ({' or '.join(any_of)}))", (*sorted(leaving.parties), *values)


def _filters(leaving: Leaving) -> list[SqlCondition]:
    filters: list[SqlCondition] = []
    if leaving.withheld:
        # a row without an owner, or whose parent is gone, is not known to be withheld
        owner = _owner(leaving)
        leaves = f"{owner} is null or {owner} not in ({_marks(leaving.withheld)})"
        if leaving.exempt_column is not None:
            leaves += f" or {_of_owner_row(leaving, leaving.exempt_column)} is true"
        is_half, values = _half(leaving)
        filters.append((f"({leaves} or {is_half})", (*sorted(leaving.withheld), *values)))
    if leaving.only_keys is not None:
        filters.append(_has_key(leaving.only_keys))
    return filters


def _has_key(keys: Collection[str]) -> SqlCondition:
    return f"t.key in ({_marks(keys)})", tuple(sorted(keys))


def _owner(leaving: Leaving) -> str:
    if leaving.owner_column is None:
        raise ValueError(f"table `{leaving.table}` has no owner column, so no owner can be withheld or whole")
    return _of_owner_row(leaving, leaving.owner_column)


def _of_owner_row(leaving: Leaving, column: str) -> str:
    """A column of the row that names the owner: the row itself, or the end of its path."""
    return f"{_alias(len(leaving.path))}.{quote(column)}"


def _select(leaving: Leaving, values: str, conditions: list[SqlCondition]) -> SqlCondition:
    joins = [
        f"left join {quote(parent)} as {_alias(step + 1)} on {_alias(step + 1)}.id = {_alias(step)}.{quote(column)}"
        for step, (column, parent) in enumerate(leaving.path)
    ]
    where = " and ".join(text for text, _ in conditions)
    sql = f"select {values} from {quote(leaving.table)} as t {' '.join(joins)} where {where}"
    return sql, tuple(value for _, parameters in conditions for value in parameters)


def _alias(step: int) -> str:
    return f"p{step}" if step else "t"


def _marks(values: Collection[str]) -> str:
    return ", ".join("?" * len(values)) or "null"


def _described(cells: pl.DataFrame) -> pl.DataFrame:
    """One row a record: its malformed cells in words."""
    if cells.is_empty():
        return cells.select("record_id", malformed="found")
    words = pl.format("{}: {}", "column", "found").str.join("; ").alias("malformed")
    return cells.group_by("record_id", maintain_order=True).agg(words)
