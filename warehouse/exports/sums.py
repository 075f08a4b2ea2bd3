"""Reports added up: by region, level, VEN, list, ... Sums are of figures, and shares of sums: never means of ratios."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from warehouse.connection import Connection, query, quote
from warehouse.exports.figure import Figure
from warehouse.exports.figures import FIGURES, ITEM_FIGURES, ONE_MONTH
from warehouse.exports.groups import GROUPS
from warehouse.exports.order_figures import NO_SUMS
from warehouse.exports.views import Codes, UnknownFilter, asked_of, filters_of
from warehouse.reports.files import report_files
from warehouse.reports.view_texts import relation_of

_COLUMNS = {file.name: file.columns for file in report_files()}
_PLAIN = {"store": "store_code", "item": "item_code", "site": "site_code", "month": "month", "week": "week_from_date",
          "reason": "reason", "band": "band", "kind": "kind", "customer": "customer_name", "supplier": "supplier_name",
          "from": "from_store_code", "to": "to_store_code"}  # fmt: skip
WAYS = (*GROUPS, *_PLAIN)
"""What reports may be added up by, as far as they have the columns."""


@dataclass(frozen=True)
class Added:
    """Sums of a report: the rows, and what each of their columns means."""

    rows: pl.DataFrame
    columns: Mapping[str, str]


def ways_of(name: str) -> list[str]:
    """What a report may be added up by; nothing where its figures are not to be added up."""
    if name not in FIGURES and name not in ITEM_FIGURES:
        return []
    return [way for way in WAYS if (way in GROUPS and way in filters_of(name)) or _PLAIN.get(way) in _COLUMNS[name]]


def add_up(con: Connection, name: str, ways: Sequence[str], **asked: Codes) -> Added:
    """The report's figures by what ``ways`` name, of the rows asked for, as ``read`` has them.

    What nothing is said of is a row with NULL. An item on two lists counts in both, so rows of these are no parts of a
    whole. Raises UnknownFilter for a way the report cannot be added up by, and for a filter that it does not have.
    """
    _require_ways(name, ways)
    condition, values = asked_of(con, name, **asked)
    is_one_item = "item" in ways or _is_one(asked.get("item", ()))
    figures = figures_of(name, is_one_item=is_one_item, is_one_month="month" in ways or _is_one(asked.get("month", ())))
    if not figures:
        raise UnknownFilter(f"units of different items are no sum: add up `{name}` by item, or choose one item")
    rows = query(con, summed(name, ways, figures, condition, relation_of(con, name)), values)
    said = {column_of(way): _said(name, way) for way in ways}
    return Added(rows, said | {column: figure.meaning for column, figure in figures.items()})


def figures_of(name: str, *, is_one_item: bool, is_one_month: bool) -> Mapping[str, Figure]:
    """Those figures of a report that may be added up: units of one item only, what there was at one time of one month
    only."""
    found = {**FIGURES.get(name, {}), **(ITEM_FIGURES.get(name, {}) if is_one_item else {})}
    return {column: one for column, one in found.items() if is_one_month or column not in ONE_MONTH}


def summed(name: str, ways: Sequence[str], figures: Mapping[str, Figure], condition: str, relation: str = "") -> str:
    """The query for the figures by ``ways``, of the rows of a report that a condition holds for; ``relation``: where it
    is, if not a table of a snapshot."""
    chosen = [f"{quote(column_of(way))}" for way in ways]
    joins, picked = [], []
    for way in ways:
        if way in GROUPS:
            key = key_of(name, way)
            sites = "select distinct site_code as code, value from reports.stores join"
            pairs = GROUPS[way].pairs
            if key == "site_code":
                pairs = f"{sites} ({pairs}) as pairs on pairs.code = store_code"
            joins.append(f"left join ({pairs}) as {quote(way)} on {quote(way)}.code = asked.{quote(key)}")
            picked.append(f"{quote(way)}.value as {quote(column_of(way))}")
        else:
            picked.append(f"asked.{quote(column_of(way))}")
    made = ", ".join([*chosen, *(f"{figure.sql} as {quote(column)}" for column, figure in figures.items())])
    grouped = ", ".join(["asked.*", *(one for way, one in zip(ways, picked, strict=True) if way in GROUPS)])
    order = f"group by {', '.join(chosen)} order by {', '.join(f'{one} nulls last' for one in chosen)}" if ways else ""
    return (
        f"with asked as materialized (select * from {relation or f'reports.{quote(name)}'} where {condition}), "
        f"grouped as (select {grouped} from asked {' '.join(joins)}) select {made} from grouped {order}"
    )


def key_of(name: str, way: str) -> str:
    """The column by which a report is joined with how stores or items are sorted: of two stores, that of the one that
    asks for it or is to get it."""
    columns = filters_of(name)[way]
    return "to_store_code" if "to_store_code" in columns else columns[0]


def _require_ways(name: str, ways: Sequence[str]) -> None:
    """Raises UnknownFilter, saying why, where a report has no sums, or none by one of the ways."""
    if name not in (there := FIGURES.keys() | ITEM_FIGURES.keys()):
        why = f": {NO_SUMS[name]}" if name in NO_SUMS else f"; these have: {', '.join(sorted(there))}"
        raise UnknownFilter(f"report `{name}` has no figures to add up{why}")
    for way in ways:
        if way not in ways_of(name):
            is_of_stores = way in ("store", "site") or (way in GROUPS and GROUPS[way].kind == "store")
            why = f": {NO_SUMS[name]}" if is_of_stores and name in NO_SUMS else ""
            raise UnknownFilter(
                f"report `{name}` cannot be added up by `{way}`{why}; it can by {', '.join(ways_of(name))}"
            )


def column_of(way: str) -> str:
    """What the column is called that says of what the sums are."""
    return GROUPS[way].column if way in GROUPS else _PLAIN[way]


def _said(name: str, way: str) -> str:
    if way not in GROUPS:
        return _COLUMNS[name][_PLAIN[way]]
    of = "stores" if GROUPS[way].kind == "store" else "items"
    return f"{way} of the {of} that this is of; NULL of those of which none is said"


def _is_one(codes: Codes) -> bool:
    return isinstance(codes, str) or len(codes) == 1
