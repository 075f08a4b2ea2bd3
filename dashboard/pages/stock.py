"""Stock: one item over all stores, one store over all items."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from markupsafe import Markup

from dashboard import formats
from dashboard.conditions import SORTS_OF_ITEMS
from dashboard.languages.text import no_such, translated
from dashboard.plots import Bar, Level, plot
from dashboard.view import ROWS_IN_FILES, NotThere, Paged, View

_MONTHS = 13
_SUMS = Path(__file__).with_name("sums_of_items.sql").read_text("utf-8")
_NO_SUMS = dict.fromkeys(("soh", "usable", "expired", "in_transit", "value", "value_missing_units")) | {
    "known": 0,
    "stores": 0,
}
_USED = """
select item_code, month, sum(usage_units) as usage_units, min(stores_known) as stores_known,
    bool_and(is_complete_month and stores_known = stores_total) as is_whole
from reports.system_usage_monthly group by item_code, month
"""


def item(view: View, code: str) -> dict[str, Any]:
    """One item: how much is where, how long it lasts, and what was used. Raises NotThere."""
    view.only("band", "sort")
    reading = view.reading
    found = reading.rows_of(code, "item_code", "from reports.items")
    if not found:
        raise NotThere(no_such("item", code))
    used, sums = _used(view, code), reading.rows_of(code, "item_code", _SUMS)
    return {
        "item": found[0],
        "of_one_code": len(found),
        "found": _at_stores(view, code),
        "sums": sums[0] if sums else _NO_SUMS,
        "used": used,
        "chart": _usage_chart(used, found[0]["unit_name"]),
        "lists": reading.rows_of(code, "item_code", "from reports.item_lists", "order by list_code"),
    }


def _at_stores(view: View, code: str) -> Paged:
    """The item at each store; where pages of all items are made, of rows that are asked for once."""
    if not view.reading.is_for_all or view.asked or view.page > 1:
        return view.paged(view.where("stock_on_hand", item=code))
    every = "select rowid as place, * from reports.stock_on_hand"
    found = view.reading.rows_of(code, "item_code", every, "order by place")
    number, pages = view.number_of_pages(len(found), ROWS_IN_FILES)
    return Paged(found[:ROWS_IN_FILES], len(found), 1, number, pages)


def _used(view: View, code: str) -> list[dict[str, Any]]:
    """The usage of the last months, the oldest first; none where only some stores are seen, as it is the system's."""
    if not view.reading.holds("system_usage_monthly"):
        return []
    newest_first = view.reading.rows_of(code, "item_code", _USED, "order by month desc")
    return newest_first[:_MONTHS][::-1]


def _usage_chart(used: list[dict[str, Any]], unit: str | None) -> Markup | None:
    """Use by month, with the average of the months that are known to their end; None where nothing was ever used."""
    if not used:
        return None
    columns = [
        Bar(
            formats.month(month["month"]),
            month["usage_units"] if month["stores_known"] else None,
            "usable" if month["is_whole"] else "todate",
            "" if month["is_whole"] else translated("not whole"),
        )
        for month in used
    ]
    whole = [month["usage_units"] for month in used if month["is_whole"] and month["stores_known"]]
    levels = [Level(translated("mean of whole months"), sum(whole) / len(whole))] if whole else []
    return plot(columns, translated("Units used in each month"), unit or translated("units"), levels)


def store(view: View, code: str) -> dict[str, Any]:
    """One store: each of its items. Raises NotThere."""
    view.only("band", *SORTS_OF_ITEMS, "find", "sort")
    found = view.reading.rows("from reports.stores where store_code = ?", [code])
    if not found:
        raise NotThere(no_such("store", code))
    value = view.reading.rows("from reports.stock_value where store_code = ?", [code])
    return {
        "store": found[0],
        "value": value[0] if value else None,
        "found": view.paged(view.where("stock_on_hand", store=code)),
    }
