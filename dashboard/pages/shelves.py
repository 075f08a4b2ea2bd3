"""What lies on the shelves of the stores chosen, of all items or of those chosen: what pages say of value."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from dashboard import filters
from dashboard.conditions import SORTS_OF_ITEMS
from dashboard.filters import Where
from dashboard.view import View

LACKS = "is_reporting and (missing_tables is not null or waiting_rows > 0)"
"""Of a store in `stores` something is lacking: what `completeness` counts as `stores_incomplete`."""
_OF_ITEMS = Path(__file__).with_name("value_of_items.sql")
_SUMS = ("in_transit_value", "usable_value", "expired_value", "on_hold_value", "value_missing_units", "waiting_value")


def is_of_items(view: View) -> bool:
    """Are some items chosen, by how they are sorted?"""
    return any(view.restricts(name) for name in SORTS_OF_ITEMS)


def of_stores(view: View) -> View:
    """The page as it would be without what is chosen of items: sites, and papers as a whole, are of all items."""
    return replace(view, chosen={name: value for name, value in view.chosen.items() if name not in SORTS_OF_ITEMS})


def shelves(view: View) -> Where:
    """The query for a row a store chosen, with the figures of `stock_value`: of all that lies there, or of some items,
    of which nobody knows how much is on the way or waits; ``report`` is what they are added up from."""
    stores, chosen = (
        of_stores(view).where("stock_value"),
        {name: value for name, value in view.chosen.items() if name in SORTS_OF_ITEMS},
    )
    if not chosen:
        share = "percent(soh_value, sum(soh_value) over ()) as pct_of_total"  # of the stores chosen
        sql = f"select * replace ({share}) from reports.stock_value where {stores.sql}"
        return Where(stores.report, stores.chosen, sql, stores.values)
    lines = filters.where(view.reading, "stock_by_batch", chosen)
    sql = _OF_ITEMS.read_text(encoding="utf-8").format(lines=lines.sql, stores=stores.sql)
    return Where(lines.report, dict(view.chosen), sql, [*lines.values, *stores.values])


def stock_total(view: View, lying: Where) -> dict[str, Any]:
    """What all stores of `shelves` have together: sums of the same figures; NULL where nobody knows."""
    if not lying.chosen:
        return view.reading.one("from reports.stock_value_total")
    sums = ", ".join(f"coalesce(sum({name}), 0) as {name}" for name in _SUMS)
    return view.reading.one(
        f"select {sums}, coalesce(sum(soh_value), 0) as total_value, count(*) as stores, "
        "count(*) filter (is_incomplete) as stores_value_incomplete, count(distinct placed.site_code) as sites_total, "
        "count(distinct placed.site_code) filter (value.is_current) as sites_current "
        f"from ({lying.sql}) as value left join "
        "(select store_code, min(site_code) as site_code from reports.stores group by store_code) as placed "
        "on placed.store_code = value.store_code",
        list(lying.values),
    )
