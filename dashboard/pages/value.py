"""What the stock is worth, by store and by category."""

from __future__ import annotations

from typing import Any

from dashboard import filters
from dashboard.conditions import SORTS_OF_ITEMS, STORES
from dashboard.pages.shelves import is_of_items, of_stores, shelves, stock_total
from dashboard.view import View

_STORES = 100


def value(view: View) -> dict[str, Any]:
    """The total, each store, each category; the dearest first; of the stores chosen."""
    view.unordered()
    view.only(*STORES, *SORTS_OF_ITEMS)
    asked, lying = of_stores(view).where("stock_value"), shelves(view)
    total = filters.count(view.reading, asked)
    number, pages = view.number_of_pages(total, _STORES)
    most = f"select max(soh_value) as most from ({lying.sql})"
    return {
        "number": number,
        "pages": pages,
        "all_stores": total,
        "first": (number - 1) * _STORES + 1,
        "most": view.reading.one(most, lying.values)["most"] or 1,
        "of_items": is_of_items(view),
        "total": stock_total(view, lying),
        "stores": view.reading.rows(
            "select value.*, coalesce(store.is_silent, false) as is_silent from "
            f"({lying.sql}) as value left join "
            "(select store_code, bool_or(is_silent) as is_silent from reports.stores group by store_code) as store "
            "on store.store_code is not distinct from value.store_code order by soh_value desc nulls last, store_code "
            f"limit {_STORES:d} offset {(number - 1) * _STORES:d}",
            list(lying.values),
        ),
        "categories": _categories(view),
    }


def _categories(view: View) -> list[dict[str, Any]]:
    found = view.where("stock_on_hand")
    return view.reading.rows(
        "select items.category_name, sum(stock.value_amount) as value, count(distinct stock.item_code) as items, "
        "sum(stock.value_missing_units) as unpriced, "
        "percent(value, sum(sum(stock.value_amount)) over ()) as share from "
        f"(select * from reports.stock_on_hand where {found.sql}) as stock "
        "join reports.items as items on items.item_code = stock.item_code "
        "group by items.category_name order by value desc nulls last, items.category_name",
        list(found.values),
    )
