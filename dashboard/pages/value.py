"""What the stock is worth, by store and by category."""

from __future__ import annotations

from typing import Any

from dashboard.view import View

_STORES = 100


def value(view: View) -> dict[str, Any]:
    """The total, each store, each category; the dearest first."""
    view.only()
    [(total,)] = view.reading.con.execute("select count(*) from reports.stock_value").fetchall()
    number, pages = view.number_of_pages(total, _STORES)
    return {
        "number": number,
        "pages": pages,
        "all_stores": total,
        "first": (number - 1) * _STORES + 1,
        "most": view.reading.one("select max(soh_value) as most from reports.stock_value")["most"] or 1,
        "total": view.reading.one("from reports.stock_value_total"),
        "stores": view.reading.rows(
            "select value.*, coalesce(store.is_silent, false) as is_silent from reports.stock_value as value left join "
            "(select store_code, bool_or(is_silent) as is_silent from reports.stores group by store_code) as store "
            "on store.store_code is not distinct from value.store_code order by soh_value desc nulls last, store_code "
            f"limit {_STORES:d} offset {(number - 1) * _STORES:d}"
        ),
        "categories": view.reading.rows(
            "select items.category_name, sum(stock.value_amount) as value, count(distinct stock.item_code) as items "
            "from reports.stock_on_hand as stock join reports.items as items on items.item_code = stock.item_code "
            "group by items.category_name order by value desc nulls last, items.category_name"
        ),
    }
