"""What the ledger says, as it is known today, of each month and its end: of the stores and items that are chosen."""

from __future__ import annotations

from datetime import date
from typing import Any

from markupsafe import Markup

from dashboard import formats
from dashboard.charts import Number
from dashboard.languages.text import translated
from dashboard.plots import Bar, plot
from dashboard.view import View
from warehouse.exports.figure import counted
from warehouse.exports.figures import FIGURES

_MONTHS = 25
_NAMES = ("days_out", "days_known", "pct_days_out", "days_unknown_pairs", "adequate_pairs", "plan_pairs",
          "pct_adequate_of_plan", "plan_unknown_pairs", "closing_value", "closing_unknown_pairs",
          "closing_unpriced_pairs", "lost_value", "lost_unknown_pairs", "lost_unpriced_pairs")  # fmt: skip
_SUMS = {
    **{name: FIGURES["stock_monthly"][name] for name in _NAMES},
    "closing_pairs": counted("closing_units is not null", "pairs of which it is known what was there"),
    "days_pairs": counted("is_in_use and stock_out_days is not null", "pairs in use of which days out are known"),
}


def ledger_months(view: View) -> dict[str, Any]:
    """The last months, the newest first, with charts of the days out of stock and of the value: hatched where it is
    unknown of more pairs than it is known of."""
    asked = view.where("stock_monthly")
    sums = ", ".join(f"{figure.sql} as {name}" for name, figure in _SUMS.items())
    found = view.reading.rows(
        f"select month, {sums} from reports.stock_monthly where {asked.sql} "
        f"group by month order by month desc limit {_MONTHS:d}",
        asked.values,
    )
    this = view.reading.about["as_of_date"].replace(day=1)
    days = [
        _bar(row, this, row["pct_days_out"] if row["days_pairs"] > row["days_unknown_pairs"] else None, "stocked_out",
             row["days_unknown_pairs"],
             translated("of %(days)s days", days=formats.figure(row["days_known"], 0)))
        for row in reversed(found)
    ]  # fmt: skip
    value = [
        _bar(row, this, row["closing_value"] if row["closing_pairs"] > row["closing_unknown_pairs"] else None, "usable",
             row["closing_unknown_pairs"] + row["closing_unpriced_pairs"],
             translated("of %(pairs)s pairs", pairs=formats.figure(row["closing_pairs"])))
        for row in reversed(found)
    ]  # fmt: skip
    return {
        "months": found,
        "current": this,
        "out": _plotted(days, translated("Share of days out of stock in each month"), translated("%% of days")),
        "worth": _plotted(value, translated("Value on the shelves"), view.reading.about["currency"]),
    }


def _bar(row: dict[str, Any], this: date, size: Number | None, name: str, lacking: int, note: str) -> Bar:
    """A month; marked where something of it is in no figure, which is said (W4)."""
    if lacking:
        note += "; " + translated("%(number)s unknown", number=formats.figure(lacking, 0))
    label = f"{formats.month(row['month'])}{'*' if lacking else ''}"
    return Bar(label, size, "todate" if row["month"] == this else name, note)


def _plotted(columns: list[Bar], title: str, unit: str) -> Markup | None:
    return plot(columns, title, unit) if columns else None
