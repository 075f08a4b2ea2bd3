"""Which sites were heard, of those that were to be; and whether people work at the stores."""

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

_MONTHS, _WEEKS, _SITES = 13, 13, 200


def reporting(view: View) -> dict[str, Any]:
    """The rate by month, each site by week, and each store with what was done there last."""
    sites = {name: value for name, value in view.chosen.items() if name in filters.FILTERS["reporting_monthly"]}
    months = _months(view, sites)
    weeks, rows, total = _weeks(view, sites)
    return {
        "found": view.paged(view.where("store_activity")),
        "months": months,
        "chart": _chart(months),
        "weeks": weeks,
        "sites": rows,
        "all_sites": total,
        "sites_chosen": sites,
    }


def _months(view: View, sites: dict[str, str]) -> list[dict[str, Any]]:
    found = filters.where(view.reading, "reporting_monthly", sites)
    sql = summed("reporting_monthly", ["month"], FIGURES["reporting_monthly"], found.sql)
    return view.reading.rows(sql, list(found.values))[-_MONTHS:]


def _chart(months: list[dict[str, Any]]) -> Markup | None:
    columns = [
        Bar(formats.month(one["month"]), one["pct_heard"], "todate" if one is months[-1] else "usable",
            translated("%(heard)s of %(sites)s sites", heard=one["heard_sites"], sites=one["sites"]))
        for one in months
    ]  # fmt: skip
    return (
        plot(columns, translated("Share of sites heard in each month"), translated("%% of sites")) if columns else None
    )


def _weeks(view: View, sites: dict[str, str]) -> tuple[list[date], list[dict[str, Any]], int]:
    """The last weeks, the sites with each of their weeks, those heard least first, and how many sites there are."""
    found = filters.where(view.reading, "reporting_weekly", sites)
    source = f"from reports.reporting_weekly where {found.sql}"
    weeks = [
        row["week_from_date"]
        for row in view.reading.rows(
            f"select distinct week_from_date {source} order by all desc limit {_WEEKS:d}", list(found.values)
        )
    ][::-1]
    rows: dict[str, dict[str, Any]] = {}
    for cell in view.reading.rows(f"{source} and week_from_date in (select unnest(?))", [*found.values, weeks]):
        row = rows.setdefault(cell["site_code"], {"code": cell["site_code"], "name": cell["site_name"], "weeks": {}})
        row["weeks"][cell["week_from_date"]] = cell
    ordered = sorted(rows.values(), key=lambda row: (sum(one["is_heard"] for one in row["weeks"].values())
                                                     / len(row["weeks"]), row["code"]))  # fmt: skip
    return weeks, ordered[:_SITES], len(ordered)
