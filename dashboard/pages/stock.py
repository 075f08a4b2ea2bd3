"""Stock: one item over all stores, one store over all items."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from dashboard import formats
from dashboard.conditions import BadFilter
from dashboard.plots import Bar, Level, plot
from dashboard.view import NotThere, View

_MONTHS = 13


def item(view: View, code: str) -> dict[str, Any]:
    """One item: how much is where, how long it lasts, and what was used. Raises NotThere."""
    view.only("band", "sort")
    reading = view.reading
    found = reading.rows("from reports.items where item_code = ?", [code])
    if not found:
        raise NotThere(f"there is no item with the code `{code}`")
    used = _used(view, code)
    return {
        "item": found[0],
        "of_one_code": len(found),
        "found": view.paged(view.where("stock_on_hand", item=code)),
        "sums": reading.one(
            "select sum(soh_units) as soh, sum(usable_units) as usable, sum(expired_units) as expired, "
            "sum(in_transit_units) as in_transit, sum(value_amount) as value, "
            "count(*) filter (not is_silent) as known, count(*) as stores "
            "from reports.stock_on_hand where item_code = ?",
            [code],
        ),
        "used": used,
        "chart": _usage_chart(used, found[0]["unit_name"]),
        "lists": reading.rows("from reports.item_lists where item_code = ? order by list_code", [code]),
    }


def _used(view: View, code: str) -> list[dict[str, Any]]:
    """The usage of the last months, the oldest first."""
    newest_first = view.reading.rows(
        "select month, sum(usage_units) as usage_units, min(stores_known) as stores_known, "
        "bool_and(is_complete_month and stores_known = stores_total) as is_whole from reports.system_usage_monthly "
        f"where item_code = ? group by month order by month desc limit {_MONTHS:d}",
        [code],
    )
    return list(reversed(newest_first))


def _usage_chart(used: list[dict[str, Any]], unit: str | None) -> Markup | None:
    """Use by month, with the average of the months that are known to their end; None where nothing was ever used."""
    if not used:
        return None
    columns = [
        Bar(
            formats.month(month["month"]),
            month["usage_units"] if month["stores_known"] else None,
            "usable" if month["is_whole"] else "todate",
            "" if month["is_whole"] else "not whole",
        )
        for month in used
    ]
    whole = [month["usage_units"] for month in used if month["is_whole"] and month["stores_known"]]
    levels = [Level("mean of whole months", sum(whole) / len(whole))] if whole else []
    return plot(columns, "Units used in each month", unit or "units", levels)


def store(view: View, code: str) -> dict[str, Any]:
    """One store: each of its items. Raises NotThere."""
    view.only("band", "list", "category", "find", "sort")
    found = view.reading.rows("from reports.stores where store_code = ?", [code])
    if not found:
        raise NotThere(f"there is no store with the code `{code}`")
    value = view.reading.rows("from reports.stock_value where store_code = ?", [code])
    return {
        "store": found[0],
        "value": value[0] if value else None,
        "found": view.paged(view.where("stock_on_hand", store=code)),
    }


def pair(view: View) -> dict[str, Any]:
    """One item at one store: what is there, how long it lasts, what was used, what comes. Raises NotThere."""
    view.only("item", "store")
    if not {"item", "store"} <= view.chosen.keys():
        raise BadFilter("this page is of one item at one store: `item` and `store` are their codes")
    codes = [view.chosen["item"], view.chosen["store"]]
    both = "where item_code = ? and store_code = ?"
    found = view.reading.rows(f"from reports.stock_on_hand {both}", codes)
    if not found:
        raise NotThere(f"store `{codes[1]}` has no item `{codes[0]}`, and none is expected there")
    used = view.reading.rows(f"from reports.item_usage_monthly {both} order by month desc limit {_MONTHS:d}", codes)
    used.reverse()
    return {
        "row": found[0],
        "used": used,
        "chart": _pair_chart(used, found[0]),
        "out": next(iter(view.reading.rows(f"from reports.stock_out {both}", codes)), None),
        "batches": view.reading.rows(
            f"from reports.stock_by_batch {both} order by expiry_date nulls last, rowid", codes
        ),
        "coming": view.reading.rows(
            "from reports.transfer_lines where is_under_way and item_code = ? and to_store_code = ?", codes
        ),
    }


def _pair_chart(used: list[dict[str, Any]], row: Mapping[str, Any]) -> Markup | None:
    """Use by month with the AMC; days out of stock are said with each month."""
    columns = [
        Bar(
            formats.month(month["month"]),
            month["usage_units"] if month["is_known"] else None,
            "usable" if month["is_complete_month"] else "todate",
            f"{formats.days(month['stock_out_days'])} out of stock" if month["stock_out_days"] else "",
        )
        for month in used
    ]
    levels = [Level("AMC", row["amc_units"])] if row["amc_units"] is not None else []
    return plot(columns, "Units used in each month", row["unit_name"] or "units", levels) if used else None
