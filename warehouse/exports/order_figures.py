"""Which figures of orders, transfers and plans may be added up, and which reports have nothing to add up, and why."""

from __future__ import annotations

from collections.abc import Mapping

from warehouse.exports.figure import ITEMS, ITEMS_AND_STORES, Figure, counted, number, share, total

_BANDS = {
    **ITEMS,
    "stores_stocked_out": number("stores_stocked_out", "of stores_judged, with nothing left"),
    "stores_below_min": number("stores_below_min", "of stores_judged, with less than the store's minimum"),
    "stores_adequate": number("stores_adequate", "of stores_judged, stocked according to plan"),
    "stores_overstocked": number("stores_overstocked", "of stores_judged, with more than the store's maximum"),
    "stores_judged": number("stores_judged", "pairs of store and item that had it, need it, and are known"),
    "pct_adequate_of_plan": share("sum(stores_adequate)", "sum(stores_judged)"),
    "pct_stocked_out_of_plan": share("sum(stores_stocked_out)", "sum(stores_judged)"),
    "stores_no_consumption": number("stores_no_consumption", "pairs that need none: in no share"),
    "stores_unknown": number("stores_unknown", "pairs of which it is not known: in no share"),
}

FILLED_LINES: Mapping[str, Figure] = {
    "lines": number("lines", "closed lines that asked for something, and of which it is known what was supplied"),
    "lines_in_full": number("lines_in_full", "of lines, those supplied as asked"),
    "pct_lines_in_full": share("sum(lines_in_full)", "sum(lines)"),
    "lines_in_part": number("lines_in_part", "of lines, those of which something came, and less than was asked"),
    "lines_unknown": number("lines_unknown", "closed lines in no rate: nothing says what was supplied or asked"),
    "lines_open": number("lines_open", "lines of which more may come: in no rate"),
}
"""How many of the lines asked for were supplied, wherever they are counted."""

ORDER_FIGURES: Mapping[str, Mapping[str, Figure]] = {
    "suggested_orders": {
        **ITEMS_AND_STORES,
        "pairs": Figure("count(*)", "pairs of store and item that are expected"),
        "to_order_pairs": counted("suggested_units > 0", "of pairs, those of which something is to be ordered"),
        "unknown_pairs": counted("suggested_units is null", "of pairs, those of which it is not known"),
        "suggested_value": total("suggested_value", "what is to be ordered, of what has a price"),
        "unpriced_pairs": counted(
            "suggested_units > 0 and suggested_value is null", "of to_order_pairs, those without a price"
        ),
    },
    "order_lines": {
        **ITEMS,
        "lines": Figure("count(*)", "lines of requisitions and of orders to suppliers"),
        "open_lines": counted("is_open", "of lines, those of which more may come"),
        "outstanding_lines": counted("outstanding_units > 0", "of open_lines, those of which something is outstanding"),
        "old_lines": counted("outstanding_units > 0 and days_open > 30", "of these, asked for more than 30 days ago"),
        "unknown_lines": counted(
            "is_open is null or (is_open and outstanding_units is null)", "lines of which nothing says what is to come"
        ),
    },
    "order_fill_monthly": {
        "orders": number("orders", "orders that are closed, and of which it is known what was supplied"),
        "orders_in_full": number("orders_in_full", "of orders, those of which every line was supplied as asked"),
        "pct_orders_in_full": share("sum(orders_in_full)", "sum(orders)"),
        **FILLED_LINES,
    },
    "redistribution": {
        **ITEMS,
        "moves": Figure("count(*)", "rows: what one store could send another of an item"),
        "near_moves": counted("is_same_region", "of moves, those within a region"),
        "value_amount": total("value_amount", "what that is worth, of what has a price"),
    },
    "expiry_ahead_monthly": {
        **ITEMS_AND_STORES,
        "batches": number("batches", "stock lines that expire in these months"),
        "value_amount": total("value_amount", "what they are worth, of what has a price"),
        "expected_loss_value": total("expected_loss_value", "of it, what will not be used by then"),
        "unknown_value": total("unknown_value", "what expires of which consumption is unknown: in no loss"),
    },
    "transfers": {
        "transfers": Figure("count(*)", "transfers of goods and of what is asked for"),
        "under_way": counted("is_under_way", "of transfers, those that are not done"),
        "long_under_way": counted("is_under_way and days_under_way > 14", "of under_way, those begun 14 days ago"),
        "in_transit_value": total("in_transit_value", "what is on the way, of what has a price"),
    },
    "stock_bands": _BANDS,
    "stock_bands_monthly": _BANDS,
}
"""Of two parties, sums by region, level and tag are by who asks for it or is to get it."""


def _units(name: str, *columns: str) -> dict[str, Figure]:
    return {column: total(column, f"{column} of `{name}`, of the rows where it is known") for column in columns}


ITEM_FIGURES_OF_ORDERS: Mapping[str, Mapping[str, Figure]] = {
    "suggested_orders": _units(
        "suggested_orders", "usable_units", "arriving_units", "on_order_units", "suggested_units"
    ),
    "order_lines": _units("order_lines", "asked_units", "outstanding_units"),
    "redistribution": _units("redistribution", "units"),
    "expiry_ahead_monthly": _units("expiry_ahead_monthly", "units", "expected_loss_units"),
    "system_usage_monthly": _units(
        "system_usage_monthly", "dispensed_units", "issued_units", "returned_units", "usage_units"
    ),
}

_WHOLE = "it is of all stores together"
NO_SUMS: Mapping[str, str] = {
    "lead_times": "a median of medians is none: filter it by `--region`, ...; its rows without a customer are of all",
    "snapshot_history": "each row is the whole network at another moment: `stock_monthly` has months by store",
    "stock_value_total": f"{_WHOLE}: `stock_value` is by store",
    "completeness": f"{_WHOLE}: `stores` is by store",
    "snapshot": f"{_WHOLE}: `stores` is by store",
    "amc": "what one store issues to another is consumed at both: `system_usage_monthly` counts a unit once",
    "stock_out_monthly": f"{_WHOLE}: `stock_monthly` has the days out of stock by store",
    "stock_bands": f"{_WHOLE}: `stock_on_hand` has the bands by store",
    "stock_bands_monthly": f"{_WHOLE}: `stock_monthly` has the bands by store",
    "system_usage_monthly": f"{_WHOLE}: `item_usage_monthly` is by store",
}
"""Why a report has nothing to add up, or not by what stores are; and where there is."""
