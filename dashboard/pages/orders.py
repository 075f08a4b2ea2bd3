"""What is stocked according to plan, what to order and to move, and what became of what was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from markupsafe import Markup

from dashboard import formats
from dashboard.conditions import ALL, ITEMS, STORES
from dashboard.languages.text import translated
from dashboard.plots import Bar, plot
from dashboard.view import ROWS_A_PAGE, Paged, View

_MONTHS = 13
_FILLED_LINES = ("lines", "lines_in_full", "lines_in_part", "lines_unknown", "lines_open")
_FILLED_ORDERS = ("orders", "orders_in_full")
_ITEM_FILLED = ("asked_units", "filled_units", "lines", "lines_in_full", "lines_unknown", "lines_open")
_LATELY = f"month > (select max(month) - interval {_MONTHS:d} months from reports.order_fill_monthly)"
_BANDS = ("stocked_out", "below_min", "adequate", "overstocked", "no_consumption", "never_stocked", "unknown")
_JUDGED = _BANDS[:4]


def bands(view: View) -> dict[str, Any]:
    """Stores by band of each item, by the stores chosen; first those of a tracer list."""
    view.unordered()
    has_tracer = bool(view.reading.rows("select 1 from reports.stock_bands where is_tracer limit 1"))
    if not has_tracer:
        view = replace(view, chosen={**view.chosen, "tracer": ALL})
    rows = _bands_by_item(view)
    number, pages = view.number_of_pages(len(rows), ROWS_A_PAGE)
    offset = (number - 1) * ROWS_A_PAGE
    is_whole = STORES.keys().isdisjoint(view.chosen)
    months = _bands_by_month(view, is_whole=is_whole)
    return {
        "found": Paged(rows[offset : offset + ROWS_A_PAGE], len(rows), offset + 1, number, pages),
        "total": _judged({band: sum(row[band] for row in rows) for band in _BANDS}),
        "months": months,
        "chart": share_chart(
            view.reading.about["as_of_date"], months, translated("Share stocked according to plan, month by month")
        ),
        "has_tracer": has_tracer,
        "is_whole": is_whole,
    }


def _bands_by_item(view: View) -> list[dict[str, Any]]:
    """How many of the stores chosen are in each band of an item, the smallest share first."""
    asked = view.where("stock_on_hand")
    counted = ", ".join(f"count(*) filter (stock_status = '{band}') as {band}" for band in _BANDS)
    rows = view.reading.rows(
        f"select item_code, item_name, {counted} from reports.stock_on_hand "
        f"where {asked.sql} and stock_status <> 'not_in_use' group by all order by item_name, item_code",
        asked.values,
    )
    judged = [_judged(row) for row in rows]
    return sorted(judged, key=lambda row: (row["share"] is None, row["share"] or 0))


def _judged(row: dict[str, Any]) -> dict[str, Any]:
    judged = sum(row[band] for band in _JUDGED)
    parts = [(band, row[band]) for band in _JUDGED]
    return {**row, "judged": judged, "parts": parts, "share": 100 * row["adequate"] / judged if judged else None}


def _bands_by_month(view: View, *, is_whole: bool) -> list[dict[str, Any]]:
    """The share at the end of each of the last months, the oldest first: of some stores by what each has by month."""
    asked = view.where("stock_bands_monthly" if is_whole else "stock_monthly")
    adequate, judged, unknown = (
        ("sum(stores_adequate)", "sum(stores_judged)", "sum(stores_unknown)")
        if is_whole
        else (f"count(*) filter (stock_status {test})" for test in ("= 'adequate'", f"in {_JUDGED}", "= 'unknown'"))
    )
    newest_first = view.reading.rows(
        f"select month, {adequate} as part, {judged} as whole, percent(part, whole) as share, {unknown} as unjudged "
        f"from reports.{asked.report} where {asked.sql} and month_end(month) < today() "
        f"group by month order by month desc limit {_MONTHS:d}",
        asked.values,
    )
    return list(reversed(newest_first))


def share_chart(today: date, months: list[dict[str, Any]], title: str) -> Markup | None:
    """Shares by month; marked where the month is not over, or lines of it are still open, which is said."""
    this = today.replace(day=1)
    columns = [
        Bar(
            f"{formats.month(month['month'])}{'*' if month['month'] == this or _lacks(month) else ''}",
            month["share"],
            "todate" if month["month"] == this or month.get("open") else "adequate",
            _part_of(month),
        )
        for month in months
    ]
    return plot(columns, title, "%") if columns else None


def _lacks(month: dict[str, Any]) -> bool:
    """Is something of the month in no share, and may be?"""
    return bool(month.get("open") or month.get("unjudged"))


def _part_of(month: dict[str, Any]) -> str:
    """What a share is of, of how many lines more may come, and of how many pairs it is unknown: these are in none."""
    said = translated("%(part)s of %(whole)s", part=month["part"], whole=month["whole"])
    if month.get("unjudged"):
        return f"{said}; {translated('%(number)s unknown', number=formats.figure(month['unjudged'], 0))}"
    if not month.get("open"):
        return said
    still = translated("%(number)s still open", number=formats.figure(month["open"]))
    return f"{said}, {still}"


def reorder(view: View) -> dict[str, Any]:
    """What each store would have to order; and what it costs together."""
    asked = view.where("suggested_orders")
    sums = view.reading.one(
        "select sum(suggested_value) as value, count(*) filter (suggested_units > 0 and suggested_value is null) as "
        f"without_price from reports.suggested_orders where {asked.sql}",
        asked.values,
    )
    return {"found": view.paged(asked), "sums": sums}


def between_stores(view: View) -> dict[str, Any]:
    """Which store could send what to which; and what it is worth together."""
    asked = view.where("redistribution")
    sums = view.reading.one(
        f"select sum(value_amount) as value from reports.redistribution where {asked.sql}", asked.values
    )
    return {"found": view.paged(asked), "sums": sums}


def orders(view: View) -> dict[str, Any]:
    """What was asked for, line by line: what is still to come."""
    return {"found": view.paged(view.where("order_lines"))}


def lead(view: View) -> dict[str, Any]:
    """How long supply takes, by supplier and route."""
    return {"found": view.paged(view.where("lead_times"))}


def fill(view: View) -> dict[str, Any]:
    """How much of what was asked for was supplied: by month, and over the same months by supplier and customer, and by
    item; of requisitions, as suppliers fill orders at quite another rate, where anything but orders was asked for. Of
    some items there are lines and no orders, which are of other items, too."""
    view.unordered()
    if not view.reading.rows("select 1 from reports.order_fill_monthly where kind = 'requisition' limit 1"):
        view = replace(view, chosen={**view.chosen, "kind": ALL})
    of_items = not ITEMS.keys().isdisjoint(view.chosen)
    found = _filled_items(view)  # of all filters that the page has: what is none is told with these
    asked = view.where("item_fill_monthly" if of_items else "order_fill_monthly")
    rows = f"from reports.{asked.report} where {asked.sql} and {_LATELY} group by"
    months = view.reading.rows(
        f"select month, sum(lines_in_full) as part, sum(lines) as whole, percent(part, whole) as share, "
        f"sum(lines_open) as open, sum(lines_unknown) as unknown {rows} month order by month",
        asked.values,
    )
    routes = _routes(view, rows, (*_FILLED_LINES, *(() if of_items else _FILLED_ORDERS)), asked.values)
    today = view.reading.about["as_of_date"]
    title = translated("Share of lines supplied in full, month by month")
    return {
        "months": months,
        "current": today.replace(day=1),
        "is_mixed": len({row["kind"] for row in routes}) > 1,
        "of_items": of_items,
        "routes": routes,
        "total": {name: sum(row.get(name, 0) for row in routes) for name in (*_FILLED_LINES, *_FILLED_ORDERS)},
        "chart": share_chart(today, months, title),
        "found": found,
    }


def _routes(view: View, rows: str, names: Sequence[str], values: Sequence[object]) -> list[dict[str, Any]]:
    """The same by supplier, customer and kind, the smallest share of lines first."""
    sums = ", ".join(f"sum({name}) as {name}" for name in names)
    return view.reading.rows(
        f"select kind, supplier_code, supplier_name, customer_code, customer_name, {sums}, "
        f"percent(sum(lines_in_full), sum(lines)) as pct_lines {rows} all "
        "order by pct_lines nulls last, supplier_name, customer_name, kind",
        values,
    )


def _filled_items(view: View) -> Paged:
    """How much of each item was supplied, the smallest share of units first; what is in no share comes last."""
    asked = view.where("item_fill_monthly")
    sums = ", ".join(f"sum({name}) as {name}" for name in _ITEM_FILLED)
    rows = view.reading.rows(
        f"select item_code, item_name, {sums}, percent(sum(filled_units), sum(asked_units)) as pct_units, "
        "percent(sum(lines_in_full), sum(lines)) as pct_lines "
        f"from reports.item_fill_monthly where {asked.sql} and {_LATELY} group by item_code, item_name "
        "order by pct_units nulls last, pct_lines, lower(item_name), item_code",
        asked.values,
    )
    number, pages = view.number_of_pages(len(rows), ROWS_A_PAGE)
    offset = (number - 1) * ROWS_A_PAGE
    return Paged(rows[offset : offset + ROWS_A_PAGE], len(rows), offset + 1, number, pages)
