"""What the ledger says, as it is known today, of the end of each month: of the stores and items that are chosen."""

from __future__ import annotations

from datetime import date
from typing import Any

from markupsafe import Markup

from dashboard import formats
from dashboard.languages.text import translated
from dashboard.plots import Bar, plot
from dashboard.view import View
from warehouse.exports.figure import counted
from warehouse.exports.figures import FIGURES

_MONTHS = 25
_NAMES = ("days_out", "days_known", "pct_days_out", "adequate_pairs", "plan_pairs", "pct_adequate_of_plan",
          "closing_value", "lost_value")  # fmt: skip
_SUMS = {
    **{name: FIGURES["stock_monthly"][name] for name in _NAMES},
    "known_pairs": counted("closing_units is not null", "pairs of which it is known what was there"),
    "unknown_pairs": counted("closing_units is null", "pairs of which it is not"),
}


def ledger_months(view: View) -> dict[str, Any]:
    """The last months, the newest first, with charts of the days out of stock and of the value."""
    asked = view.where("stock_monthly")
    sums = ", ".join(f"{figure.sql} as {name}" for name, figure in _SUMS.items())
    found = view.reading.rows(
        f"select month, {sums} from reports.stock_monthly where {asked.sql} "
        f"group by month order by month desc limit {_MONTHS:d}",
        asked.values,
    )
    this = view.reading.about["as_of_date"].replace(day=1)
    return {"months": found, "current": this, "out": _out(found[::-1], this), "worth": _worth(view, found[::-1], this)}


def _out(rows: list[dict[str, Any]], this: date) -> Markup | None:
    columns = [
        Bar(
            formats.month(row["month"]),
            row["pct_days_out"],
            "todate" if row["month"] == this else "stocked_out",
            translated("of %(days)s days", days=formats.figure(row["days_known"], 0)),
        )
        for row in rows
    ]
    title = translated("Share of days out of stock in each month")
    return plot(columns, title, translated("%% of days")) if columns else None


def _worth(view: View, rows: list[dict[str, Any]], this: date) -> Markup | None:
    columns = [
        Bar(
            formats.month(row["month"]),
            row["closing_value"] if row["known_pairs"] else None,
            "todate" if row["month"] == this else "usable",
            translated("of %(pairs)s pairs", pairs=formats.figure(row["known_pairs"])),
        )
        for row in rows
    ]
    return plot(columns, translated("Value on the shelves"), view.reading.about["currency"]) if columns else None
