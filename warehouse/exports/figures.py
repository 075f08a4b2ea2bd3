"""Which figures of reports may be added up, and how: sums, and shares of sums."""

from __future__ import annotations

from collections.abc import Mapping

from warehouse.exports.figure import ITEMS, ITEMS_AND_STORES, Figure, counted, number, share, share_of_all, total
from warehouse.exports.order_figures import FILLED_LINES, ITEM_FIGURES_OF_ORDERS, ORDER_FIGURES

_JUDGED = ("stocked_out", "below_min", "adequate", "overstocked", "no_consumption")
_IS_JUDGED = f"stock_status in ({', '.join(repr(band) for band in _JUDGED)})"
_IS_KNOWN = f"({_IS_JUDGED} or (stock_status = 'unknown' and not is_silent and usable_units > 0))"
_PLANNED = ", ".join(repr(band) for band in _JUDGED[:4])
_WORDS = {
    "stocked_out": "nothing usable left",
    "below_min": "below the store's minimum",
    "adequate": "with enough",
    "overstocked": "with too much",
    "no_consumption": "with stock that nobody needs",
}
_BANDS: dict[str, Figure] = {}
for _band in _JUDGED:
    _BANDS[f"{_band}_pairs"] = counted(f"stock_status = '{_band}'", f"of judged_pairs, {_WORDS[_band]}")
    _BANDS[f"pct_{_band}"] = share(f"{_band}_pairs", "judged_pairs")

_BANDS["stocked_out_pairs"] = counted("stock_status = 'stocked_out'", f"of known_pairs, {_WORDS['stocked_out']}")
_BANDS["pct_stocked_out"] = share("stocked_out_pairs", "known_pairs")

_COMING = "band <> 'expired'"
_UNKNOWN_RISK = "at_risk_units is null"
_LOSS_KNOWN = "lost_value is not null and {0} is not null"

FIGURES: Mapping[str, Mapping[str, Figure]] = {
    "stock_on_hand": {
        **ITEMS_AND_STORES,
        "known_pairs": counted(_IS_KNOWN, "pairs of store and item that the store had, in use and known"),
        "judged_pairs": counted(_IS_JUDGED, "of known_pairs, those that are out or whose demand is known"),
        **_BANDS,
        "plan_pairs": counted(f"stock_status in ({_PLANNED})", "of judged_pairs, those that need the item"),
        "pct_adequate_of_plan": share("adequate_pairs", "plan_pairs"),
        "unknown_pairs": counted("stock_status = 'unknown'", "pairs of which it is not known"),
        "incomplete_pairs": counted("is_incomplete", "pairs whose figures lack something (`site_tables`)"),
        "value_amount": total("value_amount", "at cost, in the home currency; of what has a price"),
        "pct_of_value": share_of_all("value_amount"),
        "value_missing_units": total("value_missing_units", "units without a price: they are in no value"),
    },
    "stock_out": {
        **ITEMS_AND_STORES,
        "known_pairs": counted(
            "is_out_now or (not is_out_now and usable_units > 0)", "pairs of store and item that had it, and are known"
        ),
        "out_pairs": counted("is_out_now", "of known_pairs, out of stock now"),
        "pct_out": share("out_pairs", "known_pairs"),
        "unknown_pairs": counted("is_out_now is null", "pairs of which it is not known"),
    },
    "stock_out_monthly": {
        **ITEMS,
        "days_out": number("days_out", "days that stores were without an item, together"),
        "days_known": number("days_known", "of so many days"),
        "pct_days_out": share("sum(days_out)", "sum(days_known)"),
        "stores_out": number("stores_out", "pairs of store and item that were out on a day or more"),
        "stores_known": number("stores_known", "of so many pairs"),
        "stores_unknown": number("stores_total - stores_known", "pairs of which it is not known: in no share"),
        "pct_stores_out": share("sum(stores_out)", "sum(stores_known)"),
    },
    "stock_monthly": {
        **ITEMS_AND_STORES,
        "days_out": number("stock_out_days", "days that stores were without an item in use, together", "is_in_use"),
        "days_known": number("known_days", "of so many days", "is_in_use and stock_out_days is not null"),
        "pct_days_out": share("days_out", "days_known"),
        "days_unknown_pairs": counted(
            "is_in_use and stock_out_days is null", "pairs in use, of each month, of which days out are not known"
        ),
        "plan_pairs": counted(
            f"stock_status in ({_PLANNED})", "pairs, of each month, that need the item and are known"
        ),
        "adequate_pairs": counted("stock_status = 'adequate'", "of plan_pairs, stocked according to plan at its end"),
        "pct_adequate_of_plan": share("adequate_pairs", "plan_pairs"),
        "plan_unknown_pairs": counted("stock_status = 'unknown'", "pairs of each month in no share: it is not known"),
        "closing_value": total(
            "closing_value", "what was there at the end of the month; of what is known and has a price"
        ),
        "closing_unknown_pairs": counted("closing_units is null", "pairs of which it is not known what was there"),
        "closing_unpriced_pairs": counted(
            "closing_units <> 0 and (closing_value is null or is_price_missing)",
            "pairs of which it is known, and what is or was there has no price, or some of it: that goes by the rest",
        ),
        "lost_value": total("lost_value", "what was lost, of what is known and has a price"),
        "lost_unknown_pairs": counted("lost_units is null", "pairs of each month of which it is not known"),
        "lost_unpriced_pairs": counted(
            "lost_units > 0 and lost_value is null", "pairs of each month that lost what has no price"
        ),
        "given_out_value": total("given_out_value", "what was given out, likewise; between stores at each of them"),
        "pct_lost_of_given_out": Figure(
            "percent(sum(lost_value) filter ({0}), sum(given_out_value) filter ({0}))".format(
                _LOSS_KNOWN.format("given_out_value")
            ),
            "lost_value in percent of given_out_value, of pairs and months where both are known",
        ),
        "used_value": total("used_value", "of given_out_value, what left the system: a unit counts once"),
        "pct_lost_of_used": Figure(
            "percent(sum(lost_value) filter ({0}), sum(used_value) filter ({0}))".format(
                _LOSS_KNOWN.format("used_value")
            ),
            "lost_value in percent of used_value, of pairs and months where both are known",
        ),
    },
    "stock_by_batch": {
        **ITEMS_AND_STORES,
        "batches": Figure("count(*)", "lines of stock"),
        "value_amount": total("value_amount", "at cost, in the home currency; of what has a price"),
        "expired_value": total("value_amount", "of value_amount, what has expired", "is_expired"),
    },
    "stock_value": {
        "stores": Figure("count(*)", "how many stores that is of"),
        "known_stores": counted("soh_value is not null", "of these, those whose value is known"),
        "stores_value_incomplete": counted(
            "is_incomplete", "stores whose value lacks something, or is not known at all"
        ),
        "soh_value": total("soh_value", "what is on the shelves"),
        "pct_of_value": share_of_all("soh_value"),
        "value_missing_units": total("value_missing_units", "units without a price: they are in no value"),
        "usable_value": total("usable_value", "of soh_value, neither expired nor on hold"),
        "expired_value": total("expired_value", "of soh_value, expired"),
        "pct_expired": share("sum(expired_value)", "sum(soh_value)"),
        "on_hold_value": total("on_hold_value", "of soh_value, on hold"),
        "in_transit_value": total("in_transit_value", "on the way to these stores, not in soh_value"),
    },
    "expiring_stock": {
        **ITEMS_AND_STORES,
        "batches": Figure("count(*)", "lines of stock that expire within twelve months, or have"),
        "value_amount": total("value_amount", "what they are worth, of what has a price"),
        "unpriced_batches": counted("value_amount is null", "of batches, those without a price: in no value"),
        "expired_value": total("value_amount", "of value_amount, what has expired", "band = 'expired'"),
        "at_risk_value": total("at_risk_value", "what will expire before it is used, of what has not yet", _COMING),
        "at_risk_unknown_value": total(
            "value_amount",
            "of value_amount, what may: nobody knows what is used of it",
            f"{_COMING} and {_UNKNOWN_RISK}",
        ),
    },
    "losses": {
        **ITEMS_AND_STORES,
        "lines": number("lines", "lines of adjustments"),
        "lost_value": total("lost_value", "what was lost, of what has a price"),
        "value_missing_units": total("value_missing_units", "units without a price: they are in no value"),
        "pct_of_lost": share_of_all("lost_value"),
        "expired_value": total("expired_value", "of lost_value, batches that had expired by then"),
    },
    "stocktake_monthly": {
        **ITEMS_AND_STORES,
        "lines": number("lines", "lines of stocktakes"),
        "counted_lines": number("counted_lines", "of these, those that say what was counted and what the books had"),
        "exact_lines": number("exact_lines", "of counted_lines, those where both are the same"),
        "pct_exact": share("sum(exact_lines)", "sum(counted_lines)"),
        "book_value": total("book_value", "what the books had, of what has a price"),
        "short_value": total("short_value", "by how much less was there, where less was"),
        "over_value": total("over_value", "by how much more was there, where more was"),
        "unpriced_rows": counted(
            "book_units is not null and book_value is null", "items at stores and months without a price: in no value"
        ),
        "pct_difference": Figure(
            "percent(sum(short_value + over_value), sum(book_value) filter (short_value is not null))",
            "short and over together in percent of book_value, of what has a price",
        ),
    },
    "item_fill_monthly": {
        **ITEMS,
        **FILLED_LINES,
    },
    "reporting_monthly": {
        "heard_sites": counted("is_heard", "sites that were pulled, each month of each"),
        "sites": Figure("count(*)", "of so many that were to be"),
        "pct_heard": share("heard_sites", "sites"),
        "visits": number("visits", "cycles that visited them"),
        "heard_visits": number("heard_visits", "of these, those in which they were pulled"),
    },
    "reporting_weekly": {
        "heard_sites": counted("is_heard", "sites that were pulled, each week of each"),
        "sites": Figure("count(*)", "of so many that were to be"),
        "pct_heard": share("heard_sites", "sites"),
    },
    "store_activity": {
        "stores": Figure("count(*)", "how many stores that is of"),
        "working_stores": counted("activity = 'working'", "of these, where something was finished lately"),
        "idle_stores": counted("activity = 'idle'", "of these, where nothing was"),
        "unknown_stores": counted("activity in ('silent', 'unknown')", "of these, those of which nobody knows"),
        "counted_stores": counted("stocktake_age_days is not null", "of these, those that ever had a stocktake"),
        "stale_documents": number("stale_documents", "documents left open for more than 30 days"),
    },
    **ORDER_FIGURES,
}
"""By report: what its rows add up to. A later figure may name an earlier one."""

ITEM_FIGURES: Mapping[str, Mapping[str, Figure]] = {
    "stock_on_hand": {
        name: total(name, f"{name} of `stock_on_hand`, of the stores where it is known")
        for name in ("soh_units", "usable_units", "expired_units", "on_hold_units", "in_transit_units")
    },
    "stock_monthly": {
        name: total(name, f"{name} of `stock_monthly`, of the stores and months where it is known")
        for name in ("received_units", "returned_units", "dispensed_units", "issued_units", "sent_back_units",
                     "gained_units", "lost_units", "closing_units")
    },
    "item_usage_monthly": {
        name: total(name, f"{name} of `item_usage_monthly`, of the stores and months where it is known")
        for name in ("dispensed_units", "issued_units", "returned_units")
    },
    "item_fill_monthly": {
        "asked_units": total("asked_units", "what these lines asked for"),
        "filled_units": total("filled_units", "what of it was supplied, no line for more than was asked"),
        "pct_units": share("sum(filled_units)", "sum(asked_units)"),
    },
    "expiring_stock": {
        "units": total("units", "what they hold"),
        "at_risk_units": total("at_risk_units", "what will expire before it is used, of what has not yet", _COMING),
    },
    "losses": {"lost_units": total("lost_units", "how much was lost, of what has a pack size")},
    "stocktake_monthly": {
        name: total(name, f"{name} of `stocktake_monthly`, of what has a pack size")
        for name in ("book_units", "short_units", "over_units")
    },
    **ITEM_FIGURES_OF_ORDERS,
}  # fmt: skip
"""What may be added up of one item only: units of different items are no sum."""

ONE_MONTH = frozenset({"closing_value", "closing_unknown_pairs", "closing_unpriced_pairs", "closing_units"})
"""What there was at the end of a month: of two months it is no sum."""
