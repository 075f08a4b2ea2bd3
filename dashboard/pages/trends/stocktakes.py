"""Whether the books say what is on the shelf: month by month, by store, and the items that differ."""

from __future__ import annotations

from datetime import date
from typing import Any

from markupsafe import Markup

from dashboard import filters, formats
from dashboard.languages.text import translated
from dashboard.plots import Bar, plot
from dashboard.view import View
from warehouse.exports.figures import FIGURES
from warehouse.exports.sums import summed

_MONTHS = 13
_STORES = 200


def stocktakes(view: View) -> dict[str, Any]:
    """The months, each store with the age of its last stocktake, and the lines."""
    months = _months(view)
    return {
        "found": view.paged(view.where("stocktake_monthly")),
        "months": months,
        "chart": _chart(months),
        "stores": _stores(view),
        "most": _STORES,
    }


def _months(view: View) -> list[dict[str, Any]]:
    """Each of the last months, the oldest first; None where nobody counted."""
    found = view.where("stocktake_monthly")
    sql = summed("stocktake_monthly", ["month"], FIGURES["stocktake_monthly"], found.sql)
    counted = {row["month"]: row for row in view.reading.rows(sql, list(found.values))}
    first: date = view.reading.about["as_of_date"].replace(day=1)
    numbers = range(first.year * 12 + first.month - _MONTHS, first.year * 12 + first.month)
    months = [date(number // 12, number % 12 + 1, 1) for number in numbers]
    return [{"month": month, **(counted.get(month) or {})} for month in months]


def _chart(months: list[dict[str, Any]]) -> Markup:
    columns = [
        Bar(formats.month(one["month"]), one.get("pct_exact"), "adequate", _of_lines(one.get("counted_lines", 0)))
        for one in months
    ]
    return plot(columns, translated("Share of lines that were exact in each month"), translated("%% of lines"))


def _of_lines(number: int) -> str:
    return translated("of %(lines)s lines", lines=formats.figure(number))


def _stores(view: View) -> list[dict[str, Any]]:
    """Stores, those first that never counted, then by the age of their last stocktake."""
    found = view.where("stocktake_monthly")
    sql = summed("stocktake_monthly", ["store"], FIGURES["stocktake_monthly"], found.sql)
    counted = {row["store_code"]: row for row in view.reading.rows(sql, list(found.values))}
    kept = {name: value for name, value in view.chosen.items() if name in filters.FILTERS["store_activity"]}
    stores = filters.where(view.reading, "store_activity", kept)
    rows = filters.read(
        view.reading, stores, "*", f"limit {_STORES:d}", "stocktake_age_days desc nulls first, store_code"
    )
    return [{**(counted.get(row["store_code"]) or {}), **row} for row in rows]
