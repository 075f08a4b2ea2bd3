"""How regions, levels, VEN, lists, ... compare: sums of figures, and shares of sums, with the lists behind them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from dashboard import filters
from dashboard.conditions import ITEMS, STORES
from dashboard.pages.shelves import LACKS
from dashboard.view import View
from warehouse.exports.figure import Figure
from warehouse.exports.figures import FIGURES
from warehouse.exports.groups import GROUPS, NONE_SAID, OVERLAPPING
from warehouse.exports.sums import column_of, summed

WAYS = ("region", "level", "tag", "store", "ven", "category", "list", "programme")
_MONTHS = 12
_FIGURES = {
    "stock_on_hand": "stores items known_pairs judged_pairs stocked_out_pairs pct_stocked_out below_min_pairs "
    "overstocked_pairs adequate_pairs plan_pairs pct_adequate_of_plan value_amount pct_of_value value_missing_units",
    "expiring_stock": "expired_value at_risk_value at_risk_unknown_value",
    "stocktake_monthly": "counted_lines exact_lines pct_exact",
}


def compare(view: View) -> dict[str, Any]:
    """A row for each value of the way asked for, and the whole of the stores and items chosen."""
    view.unordered()
    view.only("by", *STORES, *ITEMS)
    by = view.one_of("by", WAYS)
    last = _before(view.reading.about["as_of_date"], 1)
    names = {code: text for code, text, _, _ in view.options(by)} if by in ("list", "programme", "store") else {}
    rows = [
        {**row, "name": names.get(row["key"], row["key"]), "link": _link(view, by, row["key"])}
        for row in _figures(view, [by], last)
    ]
    return {
        "by": by,
        "ways": WAYS,
        "rows": rows,
        "total": next(iter(_figures(view, [], last)), None),
        "last": last,
        "since": _before(view.reading.about["as_of_date"], _MONTHS - 1),
        "is_overlapping": by in OVERLAPPING,
        "report_chosen": _chosen(view),
    }


def _chosen(view: View) -> dict[str, str]:
    return {name: value for name, value in view.chosen.items() if name != "by"}


def _link(view: View, by: str, key: str | None) -> str | None:
    """The pairs behind a row, where they can be asked for."""
    value = NONE_SAID if key is None and by in GROUPS else key
    if value is None or not view.links.keeps("/stock/list", by):
        return None
    return view.to("/stock/list", **{**_chosen(view), by: value})


def _figures(view: View, ways: list[str], last: date) -> list[dict[str, Any]]:
    """The figures of all reports, joined by what they are of; the largest value first."""
    since = _before(view.reading.about["as_of_date"], _MONTHS - 1)
    found: dict[Any, dict[str, Any]] = {}
    for report, names in _FIGURES.items():
        figures = {name: FIGURES[report][name] for name in names.split()}
        is_monthly = report == "stocktake_monthly"
        _add(view, found, report, ways, figures, "month >= ?" if is_monthly else "true", [since] if is_monthly else [])
    _add_stores(view, found, ways)
    _add(view, found, "stock_monthly", ways, _out(), "month = ?", [last])
    _add(view, found, "stock_monthly", ways, _lost(), "month >= ?", [since])
    blank = dict.fromkeys([*" ".join(_FIGURES.values()).split(), "stores_incomplete", *_out(), *_lost()])
    rows = [blank | row for row in found.values() if row.get("stores")]
    for row in rows:
        for name, whole in (("below_min_pairs", "judged_pairs"), ("overstocked_pairs", "judged_pairs"),
                            ("expired_value", "value_amount"), ("at_risk_value", "value_amount")):  # fmt: skip
            row[f"share_of_{name}"] = _share(row[name], row[whole])
    return sorted(rows, key=lambda row: (row["key"] is None, -(row["value_amount"] or 0), str(row["key"])))


def _out() -> dict[str, Figure]:
    return {
        name: FIGURES["stock_monthly"][name]
        for name in ("days_out", "days_known", "pct_days_out", "days_unknown_pairs")
    }


def _lost() -> dict[str, Figure]:
    return {name: FIGURES["stock_monthly"][name] for name in ("lost_value", "given_out_value", "pct_lost_of_given_out")}


def _add_stores(view: View, found: dict[Any, dict[str, Any]], ways: list[str]) -> None:
    """How many stores that is of, also those with no pair that is known of, and of how many something is lacking; by
    items those that are expected to have one."""
    lacking = f"select store_code from reports.stores where {LACKS}"
    incomplete = Figure(f"count(distinct store_code) filter (store_code in ({lacking}))", "")
    if not ITEMS.keys().isdisjoint({view.chosen.get("by", ""), *_chosen(view)}):
        _add(view, found, "stock_on_hand", ways, {"stores_incomplete": incomplete}, "true", [])
    else:
        stores = Figure("count(distinct store_code)", "")
        _add(view, found, "stores", ways, {"stores": stores, "stores_incomplete": incomplete}, "is_reporting", [])


def _add(
    view: View, found: dict[Any, dict[str, Any]], report: str, ways: list[str], figures: dict[str, Figure],
    months: str, values: list[object],
) -> None:  # fmt: skip
    asked = filters.where(view.reading, report, _chosen(view))
    sql = summed(report, ways, figures, f"{asked.sql} and {months}")
    key = column_of(ways[0]) if ways else None
    for row in view.reading.rows(sql, [*asked.values, *values]):
        value = row.pop(key) if key else None
        found.setdefault(value, {"key": value}).update(row)


def _share(part: Decimal | int | None, whole: Decimal | int | None) -> float | None:
    """In percent; None where there is nothing to be a part of, or the part is not known (W4)."""
    return 100 * float(part) / float(whole) if part is not None and whole else None


def _before(day: date, months: int) -> date:
    """The first day of the month so many before."""
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)
