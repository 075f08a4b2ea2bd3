"""What was lost, month by month and by reason, and what part that is of what was given out."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from dashboard import filters, formats
from dashboard.conditions import STORES
from dashboard.languages.text import translated
from dashboard.plots import Bar, plot
from dashboard.view import View

_MONTHS = 13


def losses(view: View) -> dict[str, Any]:
    """The lines, the reasons, and the months; a share only of all reasons together."""
    chosen = {name: value for name, value in view.chosen.items() if name != "why"}
    months = _months(view, chosen)
    return {
        "found": view.paged(view.where("losses")),
        "reasons": _reasons(view, chosen),
        "months": months,
        "chart": _chart(months, view.reading.about["currency"]),
        "is_system": _is_system(view, chosen),
        "months_chosen": chosen,
    }


def _is_system(view: View, chosen: dict[str, str]) -> bool:
    """Is it of all stores? What they give to each other counts once then."""
    return STORES.keys().isdisjoint(chosen) and not view.reading.is_part


def _reasons(view: View, chosen: dict[str, str]) -> list[dict[str, Any]]:
    """Each reason, the largest loss first, with its link: of all months."""
    asked = filters.where(view.reading, "losses", chosen)
    rows = view.reading.rows(
        "select reason, cast(sum(lines) as bigint) as lines, sum(lost_value) as value, "
        "sum(expired_value) as expired_value, sum(value_missing_units) as unpriced, "
        "percent(value, (select sum(lost_value) from reports.losses "
        f"where {asked.sql})) as share from reports.losses where {asked.sql} "
        "group by reason order by value desc nulls last, reason",
        [*asked.values, *asked.values],
    )
    return [{**row, "link": view.set("why", row["reason"])} for row in rows]


def _months(view: View, chosen: dict[str, str]) -> list[dict[str, Any]]:
    """The last months, the oldest first: of what stores give out, what of all is lost; of the system, of what is used.

    A month of which nothing is known has no value. Where a reason is chosen there is no share.
    """
    whole = "used_value" if _is_system(view, chosen) else "given_out_value"
    asked = filters.where(view.reading, "stock_monthly", chosen)
    known = f"lost_value is not null and {whole} is not null"
    rows = view.reading.rows(
        f"select month, sum(lost_value) as lost, sum({whole}) as whole, "
        f"percent(sum(lost_value) filter ({known}), sum({whole}) filter ({known})) as share, "
        "count(*) filter (lost_units is null) as unknown, "
        "count(*) filter (lost_units > 0 and lost_value is null) as unpriced "
        f"from reports.stock_monthly where {asked.sql} group by month order by month desc limit {_MONTHS:d}",
        list(asked.values),
    )
    if view.restricts("why"):
        found = view.where("losses")
        of_reason = view.reading.con.execute(
            f"select month, sum(lost_value) from reports.losses where {found.sql} group by month", list(found.values)
        ).fetchall()
        by_month = dict(of_reason)
        for row in rows:
            row |= {"lost": None if row["lost"] is None else by_month.get(row["month"], 0), "share": None}
    return list(reversed(rows))


def _chart(months: list[dict[str, Any]], currency: str) -> Markup | None:
    columns = [
        Bar(formats.month(month["month"]), month["lost"], "todate" if month is months[-1] else "expired")
        for month in months
    ]
    return plot(columns, translated("Value lost in each month"), currency) if columns else None
