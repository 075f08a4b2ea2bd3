"""Months of stock, stores by items, coloured by band: the picture this field knows.

A large network has 15,000 cells on one page. So a cell is a few letters: no end tag, no attribute quotes, a
class of one letter, none for the commonest band; signs beside the figures come from the style sheet.
"""

from __future__ import annotations

from typing import Any

from markupsafe import Markup, escape

from dashboard import filters
from dashboard.filters import BANDS
from dashboard.formats import months
from dashboard.languages.text import translated
from dashboard.view import View
from sync_rules.words import Band
from warehouse.exports.groups import GROUPS

STORES_A_PAGE = 50
ITEMS_A_PAGE = 300
ORDERS = ("name", "worst")

LETTERS: dict[str, str] = {
    Band.STOCKED_OUT: "o",
    Band.BELOW_MIN: "b",
    Band.ADEQUATE: "",
    Band.OVERSTOCKED: "v",
    Band.NO_CONSUMPTION: "z",
    Band.NEVER_STOCKED: "n",
    Band.UNKNOWN: "u",
    Band.NOT_IN_USE: "x",
}
_OPEN = {band: f"<td class={letter}>" if letter else "<td>" for band, letter in LETTERS.items()}
_ORDER_BY = {
    "name": "lower(item_name), item_code nulls first",
    "worst": "stocked_out desc, below_min desc, lower(item_name), item_code",
}


def matrix(view: View) -> dict[str, Any]:
    """The cells as they go into the page, and what the legend says. Filtering by band keeps items with such a cell."""
    view.only("band", *GROUPS, "store", "store_name", "find", "sort", "stores")
    order = view.one_of("sort", ORDERS)
    chosen = {name: value for name, value in view.chosen.items() if name not in ("stores", "band")}
    picked = filters.where(view.reading, "stock_on_hand", chosen)
    band = filters.where(view.reading, "stock_on_hand", {"band": view.chosen["band"]} if "band" in view.chosen else {})
    stores = _stores(view, picked)
    items, number, pages, total = _items(view, picked, band, order)
    store_pages = max(1, -(-len(stores) // STORES_A_PAGE))
    store_page = int(view.one_of("stores", ("1", *(str(n) for n in range(2, store_pages + 1)))))
    shown = stores[(store_page - 1) * STORES_A_PAGE : store_page * STORES_A_PAGE]
    return {
        "order": order,
        "stores": shown,
        "all_stores": len(stores),
        "store_page": store_page,
        "store_pages": store_pages,
        "items": len(items),
        "total": total,
        "number": number,
        "pages": pages,
        "first": (number - 1) * ITEMS_A_PAGE + 1,
        "body": _body(view, picked, shown, items),
        "report_chosen": {name: value for name, value in view.chosen.items() if name != "stores"},
        "counts": filters.counts(view.reading, "band", picked),
        "lists_chosen": chosen,
    }


def _stores(view: View, picked: filters.Where) -> list[dict[str, Any]]:
    return view.reading.rows(
        "select store_code as code, coalesce(any_value(store_name), store_code, ?) as name, "
        "bool_or(is_silent) as is_silent, bool_and(is_current) as is_current, min(data_as_of_at) as data_as_of_at, "
        "count(*) filter (stock_status = 'stocked_out') as out "
        f"from reports.stock_on_hand where {picked.sql} group by store_code order by store_code",
        [translated("a store without a code"), *picked.values],
    )


def _items(
    view: View, picked: filters.Where, band: filters.Where, order: str
) -> tuple[list[dict[str, Any]], int, int, int]:
    bands = ", ".join(f"count(*) filter (stock_status = '{name}') as {name}" for name in BANDS)
    grouped = (
        f"select item_code, item_name, {bands} "
        f"from reports.stock_on_hand where {picked.sql} group by item_code, item_name having bool_or({band.sql})"
    )
    values = [*picked.values, *band.values]
    [(total,)] = view.reading.tuples(f"select count(*) from ({grouped})", values)
    number, pages = view.number_of_pages(total, ITEMS_A_PAGE)
    tail = f"order by {_ORDER_BY[order]} limit {ITEMS_A_PAGE:d} offset {(number - 1) * ITEMS_A_PAGE:d}"
    return view.reading.rows(f"from ({grouped}) {tail}", values), number, pages, total


def _body(view: View, picked: filters.Where, stores: list[dict[str, Any]], items: list[dict[str, Any]]) -> Markup:
    """The rows of the table body. Figures and classes are ours; names and links are escaped."""
    place = {store["code"]: number for number, store in enumerate(stores)}
    rows = {(item["item_code"], item["item_name"]): ["<td>"] * len(stores) for item in items}
    cells = view.reading.con.execute(
        "select item_code, item_name, store_code, stock_status, mos_months from reports.stock_on_hand "
        f"where {picked.sql} and (store_code is null or store_code in (select unnest(?))) "
        "and (item_code is null or item_code in (select unnest(?)))",
        [*picked.values, list(place), [code for code, _ in rows]],
    ).fetchall()
    for code, name, store, status, mos in cells:
        if (code, name) in rows and store in place:
            rows[code, name][place[store]] = _cell(status, mos)
    made, without_code = [], translated("an item without a code")
    for item in items:
        code, name = item["item_code"], item["item_name"]
        link, shown = view.record("item", code), escape(name or code or without_code)
        head = f'<a href="{escape(link)}">{shown}</a>' if link else shown
        made.append(f"<tr><th scope=row>{head}<td class=s>{item['stocked_out'] or ''}{''.join(rows[code, name])}")
    return Markup("".join(made))  # no line ends: a cell with one in it is not empty


def _cell(status: str, mos: float | None) -> str:
    if status == "stocked_out":
        return _OPEN[status] + "0"
    if status in ("below_min", "adequate", "overstocked"):
        return _OPEN[status] + months(mos)
    return _OPEN[status]
