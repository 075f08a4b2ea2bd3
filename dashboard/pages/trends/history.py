"""What each snapshot said when it was published, also those that are gone; of some stores or items, what the ledger
says of each month."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from markupsafe import Markup

from dashboard.conditions import SORTS_OF_ITEMS, STORES
from dashboard.formats import day_of_month, figure
from dashboard.languages.text import translated
from dashboard.pages.trends.ledger_months import ledger_months
from dashboard.plots import Bar, Curve, plot
from dashboard.view import View

_POINTS = 31
_STEPS: tuple[tuple[str, Callable[[date], date]], ...] = (
    ("day", lambda day: day),
    ("week", lambda day: day - timedelta(days=day.weekday())),
    ("month", lambda day: day.replace(day=1)),
)


def history(view: View) -> dict[str, Any]:
    """The last snapshot of each day, week or month: whatever gives few enough points; the newest of them in all. What a
    snapshot said of some stores or items is not kept: of those chosen, or seen, it is the months of the ledger."""
    view.only("by", *STORES, *SORTS_OF_ITEMS, "item", "find")
    view.unordered()
    by = view.one_of("by", ("snapshot", "month"))
    chosen = {name: value for name, value in view.chosen.items() if name != "by"}
    if by == "month" or chosen or view.reading.is_part:
        return {"by_month": ledger_months(replace(view, chosen=chosen)), "report_chosen": chosen}
    return {"by_month": None, **_snapshots(view)}


def _snapshots(view: View) -> dict[str, Any]:
    rows = view.reading.rows(
        "select *, percent(pairs_out, pairs_known) as pct_out, percent(expired_value, stock_value) as pct_expired, "
        "percent(at_risk_value, usable_value) as pct_at_risk, percent(sites_total - sites_silent, sites_total) "
        "as pct_heard from reports.snapshot_history "
        "qualify row_number() over (partition by as_of_date order by number desc) = 1 order by number"
    )
    step, shown = _thinned(rows)
    return {
        "step": step,
        "rows": shown[::-1],
        "snapshots": view.reading.count("snapshot_history"),
        "value_missing_units": view.reading.one("from reports.stock_value_total")["value_missing_units"],
        "value": _value(shown, view.reading.about["currency"]),
        "rates": _rates(shown),
    }


def _thinned(rows: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    for step, begin in _STEPS:
        last = {begin(row["as_of_date"]): row for row in rows}
        if len(last) <= _POINTS:
            return step, list(last.values())
    return step, list(last.values())[-_POINTS:]


def _value(rows: list[dict[str, Any]], currency: str) -> Markup | None:
    if not rows:
        return None
    columns = [Bar(_day(row), row["stock_value"], "usable") for row in rows]
    return plot(columns, translated("Value on the shelves, and expired of it"), currency,
                curve=Curve(translated("expired"), [row["expired_value"] for row in rows]))  # fmt: skip


def _rates(rows: list[dict[str, Any]]) -> Markup | None:
    if not rows:
        return None
    columns = [
        Bar(
            _day(row), row["pct_out"], "stocked_out", translated("of %(pairs)s pairs", pairs=figure(row["pairs_known"]))
        )
        for row in rows
    ]
    return plot(columns, translated("Pairs of store and item out of stock"), translated("%% of pairs"))


def _day(row: dict[str, Any]) -> str:
    return day_of_month(row["as_of_date"])
