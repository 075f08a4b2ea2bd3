"""What the stock is worth, by store and by category."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dashboard import filters
from dashboard.conditions import SORTS_OF_ITEMS, STORES
from dashboard.filters import Where
from dashboard.view import View

_STORES = 100
LACKS = "is_reporting and (missing_tables is not null or waiting_rows > 0)"
"""Of a store in `stores` something is lacking: what `completeness` counts as `stores_incomplete`."""
_OF_ITEMS = Path(__file__).with_name("value_of_items.sql")
_SUMS = ("in_transit_value", "usable_value", "expired_value", "on_hold_value", "value_missing_units", "waiting_value")


def value(view: View) -> dict[str, Any]:
    """The total, each store, each category; the dearest first; of the stores chosen."""
    view.unordered()
    view.only(*STORES, *SORTS_OF_ITEMS)
    asked, shelves = _of_stores(view), _shelves(view)
    total = filters.count(view.reading, asked)
    number, pages = view.number_of_pages(total, _STORES)
    most = f"select max(soh_value) as most from ({shelves.sql})"
    return {
        "number": number,
        "pages": pages,
        "all_stores": total,
        "first": (number - 1) * _STORES + 1,
        "most": view.reading.one(most, shelves.values)["most"] or 1,
        "of_items": shelves.report != "stock_value",
        "total": stock_total(view, shelves),
        "stores": view.reading.rows(
            "select value.*, coalesce(store.is_silent, false) as is_silent from "
            f"({shelves.sql}) as value left join "
            "(select store_code, bool_or(is_silent) as is_silent from reports.stores group by store_code) as store "
            "on store.store_code is not distinct from value.store_code order by soh_value desc nulls last, store_code "
            f"limit {_STORES:d} offset {(number - 1) * _STORES:d}",
            list(shelves.values),
        ),
        "categories": _categories(view),
    }


def _of_stores(view: View) -> Where:
    return filters.where(
        view.reading, "stock_value", {name: value for name, value in view.chosen.items() if name in STORES}
    )


def _shelves(view: View) -> Where:
    """The query for a row a store chosen, with the figures of `stock_value`: of all that lies there, or of some items,
    of which nobody knows how much is on the way or waits; ``report`` is what they are added up from."""
    stores, chosen = _of_stores(view), {name: value for name, value in view.chosen.items() if name in SORTS_OF_ITEMS}
    if not chosen:
        return shelves_of(stores)
    lines = filters.where(view.reading, "stock_by_batch", chosen)
    sql = _OF_ITEMS.read_text(encoding="utf-8").format(lines=lines.sql, stores=stores.sql)
    return Where(lines.report, dict(view.chosen), sql, [*lines.values, *stores.values])


def shelves_of(asked: Where) -> Where:
    """The query for the rows of `stock_value` that conditions hold for."""
    return Where(asked.report, asked.chosen, f"select * from reports.stock_value where {asked.sql}", asked.values)


def stock_total(view: View, shelves: Where) -> dict[str, Any]:
    """What all stores have together, or those chosen: sums of the same figures; NULL where nobody knows."""
    if not shelves.chosen:
        return view.reading.one("from reports.stock_value_total")
    sums = ", ".join(f"coalesce(sum({name}), 0) as {name}" for name in _SUMS)
    return view.reading.one(
        f"select {sums}, coalesce(sum(soh_value), 0) as total_value, count(*) as stores, "
        "count(*) filter (is_incomplete) as stores_value_incomplete, count(distinct placed.site_code) as sites_total, "
        "count(distinct placed.site_code) filter (value.is_current) as sites_current "
        f"from ({shelves.sql}) as value left join "
        "(select store_code, min(site_code) as site_code from reports.stores group by store_code) as placed "
        "on placed.store_code = value.store_code",
        list(shelves.values),
    )


def _categories(view: View) -> list[dict[str, Any]]:
    found = view.where("stock_on_hand")
    return view.reading.rows(
        "select items.category_name, sum(stock.value_amount) as value, count(distinct stock.item_code) as items, "
        "percent(value, sum(sum(stock.value_amount)) over ()) as share from "
        f"(select * from reports.stock_on_hand where {found.sql}) as stock "
        "join reports.items as items on items.item_code = stock.item_code "
        "group by items.category_name order by value desc nulls last, items.category_name",
        list(found.values),
    )
