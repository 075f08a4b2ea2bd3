"""One item at one store: how much there was, is and comes, how long it lasts, and what happened."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from dashboard import formats
from dashboard.conditions import BadFilter
from dashboard.languages.text import marked, translated
from dashboard.plots import Bar, Curve, Level, plot
from dashboard.view import NotThere, View

_MONTHS = 13
_CARD = 15
_BOTH = "where item_code = ? and store_code = ?"

_COMING = Path(__file__).with_name("coming_goods.sql").read_text("utf-8")

FLOWS = (
    ("received", marked("Received")),
    ("returned", marked("Returned by customers")),
    ("dispensed", marked("Dispensed")),
    ("issued", marked("Issued")),
    ("sent_back", marked("Sent back")),
    ("gained", marked("Gained")),
    ("lost", marked("Lost")),
    ("built", marked("Built")),
)
"""What makes closing of opening, each a column in units."""

_DEMAND = {"amc": marked("AMC"), "adjusted_amc": marked("Adjusted AMC")}
_NEEDED = marked("Needed in a month")


def pair(view: View) -> dict[str, Any]:
    """Its months, what is on the way, batches, and the last lines of its stock card. Raises NotThere, BadFilter."""
    view.only("item", "store")
    if not {"item", "store"} <= view.chosen.keys():
        raise BadFilter(translated("this page is of one item at one store: `item` and `store` are their codes"))
    codes = [view.chosen["item"], view.chosen["store"]]
    found = view.reading.rows(f"from reports.stock_on_hand {_BOTH}", codes)
    if not found:
        raise NotThere(
            translated(
                "store `%(store)s` has no item `%(item)s`, and none is expected there", store=codes[1], item=codes[0]
            )
        )
    months = _months(view, codes) if len(found) == 1 else []
    return {
        "row": found[0],
        "of_one_code": len(found),
        "months": months,
        "flows": _flows(months),
        "chart": _chart(months, found[0]),
        "plan": next(iter(view.reading.rows(f"from reports.suggested_orders {_BOTH}", codes)), None),
        "out": next(iter(view.reading.rows(f"from reports.stock_out {_BOTH}", codes)), None),
        "batches": view.reading.rows(
            f"from reports.stock_by_batch {_BOTH} order by expiry_date nulls last, rowid", codes
        ),
        "coming": _coming(view, codes) if view.reading.holds("transfers") else None,
        "card": view.reading.rows(f"from reports.stock_card {_BOTH} order by rowid desc limit {_CARD:d}", codes),
        "card_lines": view.reading.one(f"select count(*) as n from reports.stock_card {_BOTH}", codes)["n"],
    }


def _flows(months: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """The columns of the ledger that are not 0 throughout."""
    known = [month for month in months if month["is_known"]]
    return [(name, translated(text)) for name, text in FLOWS if any(month[f"{name}_units"] != 0 for month in known)]


def _months(view: View, codes: list[str]) -> list[dict[str, Any]]:
    """The ledger of the last months with what was used in each, the oldest first."""
    newest_first = view.reading.rows(
        "select ledger.*, used.usage_units, used.is_complete_month "
        f"from (from reports.stock_monthly {_BOTH}) as ledger "
        f"join (from reports.item_usage_monthly {_BOTH}) as used on used.month = ledger.month "
        f"order by ledger.month desc limit {_MONTHS:d}",
        codes * 2,
    )
    return list(reversed(newest_first))


def _coming(view: View, codes: list[str]) -> list[dict[str, Any]]:
    """What was sent to the store and is not in its stock: each transfer that has some, the oldest first."""
    return view.reading.rows(_COMING, [codes[1], codes[0]])


def _chart(months: list[dict[str, Any]], row: Mapping[str, Any]) -> Markup | None:
    """Use as columns, stock at the end of each month as a line, over what is wanted; None where nothing moved ever."""
    columns = [
        Bar(
            formats.month(month["month"]),
            month["usage_units"],
            "usable" if month["is_complete_month"] else "todate",
            translated("%(days)s out of stock", days=formats.days(month["stock_out_days"]))
            if month["stock_out_days"]
            else "",
        )
        for month in months
    ]
    closing = Curve(translated("stock at its end"), [month["closing_units"] for month in months])
    title = translated("Units used in each month, and in stock at its end")
    return plot(columns, title, row["unit_name"] or translated("units"), _levels(row), closing) if months else None


def _out_of_stock(days: int | None) -> str:
    return translated("%(days)s out of stock", days=formats.days(days)) if days else ""


def _levels(row: Mapping[str, Any]) -> list[Level]:
    """What the store needs in a month, and that by its minimum and maximum of months; none where nothing says."""
    demand = row["demand_units"]
    if demand is None:
        return []
    named = translated(_DEMAND.get(row["demand_basis"], _NEEDED))
    wanted = [
        (translated("Minimum"), row["min_months"], "low"),
        (translated("Maximum"), row["max_months"], "high"),
    ]
    return [Level(named, demand), *(Level(text, float(demand) * number, name) for text, number, name in wanted)]
