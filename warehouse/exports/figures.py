"""Which figures of reports may be added up, and how: sums, and shares of sums."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A figure of several rows, as SQL over the columns of the report, ``asked`` being all rows that are added up."""

    sql: str
    meaning: str


def _sum(column: str, meaning: str, where: str = "") -> Figure:
    return Figure(f"sum({column}){f' filter ({where})' if where else ''}", meaning)


def _number(column: str, meaning: str, where: str = "") -> Figure:
    return Figure(f"cast({_sum(column, meaning, where).sql} as bigint)", meaning)


def _count(where: str, meaning: str) -> Figure:
    return Figure(f"count(*) filter ({where})", meaning)


def _share(part: str, whole: str) -> Figure:
    return Figure(f"percent({part}, {whole})", f"{part} in percent of {whole}; NULL where there is none")


_JUDGED = ("stocked_out", "below_min", "adequate", "overstocked", "no_consumption")
_IS_JUDGED = f"stock_status in ({', '.join(repr(band) for band in _JUDGED)})"
_WORDS = {
    "stocked_out": "nothing usable left",
    "below_min": "below the store's minimum",
    "adequate": "with enough",
    "overstocked": "with too much",
    "no_consumption": "with stock that nobody needs",
}
_BANDS: dict[str, Figure] = {}
for _band in _JUDGED:
    _BANDS[f"{_band}_pairs"] = _count(f"stock_status = '{_band}'", f"of judged_pairs, {_WORDS[_band]}")
    _BANDS[f"pct_{_band}"] = _share(f"{_band}_pairs", "judged_pairs")

_LOSS_KNOWN = "lost_value is not null and {0} is not null"
_ITEMS_AND_STORES = {
    "stores": Figure("count(distinct store_code)", "how many stores that is of"),
    "items": Figure("count(distinct item_code)", "how many items that is of"),
}

FIGURES: Mapping[str, Mapping[str, Figure]] = {
    "stock_on_hand": {
        **_ITEMS_AND_STORES,
        "judged_pairs": _count(_IS_JUDGED, "pairs of store and item that the store had, in use and known"),
        **_BANDS,
        "unknown_pairs": _count("stock_status = 'unknown'", "pairs of which it is not known"),
        "value_amount": _sum("value_amount", "at cost, in the home currency; of what has a price"),
        "pct_of_value": Figure(
            "percent(sum(value_amount), (select sum(value_amount) from asked))",
            "value_amount in percent of that of all rows asked for",
        ),
    },
    "stock_out": {
        **_ITEMS_AND_STORES,
        "known_pairs": _count(
            "is_out_now or (not is_out_now and usable_units > 0)", "pairs of store and item that had it, and are known"
        ),
        "out_pairs": _count("is_out_now", "of known_pairs, out of stock now"),
        "pct_out": _share("out_pairs", "known_pairs"),
        "unknown_pairs": _count("is_out_now is null", "pairs of which it is not known"),
    },
    "stock_out_monthly": {
        "items": Figure("count(distinct item_code)", "how many items that is of"),
        "days_out": _number("days_out", "days that stores were without an item, together"),
        "days_known": _number("days_known", "of so many days"),
        "pct_days_out": _share("sum(days_out)", "sum(days_known)"),
        "stores_out": _number("stores_out", "pairs of store and item that were out on a day or more"),
        "stores_known": _number("stores_known", "of so many pairs"),
        "pct_stores_out": _share("sum(stores_out)", "sum(stores_known)"),
    },
    "stock_monthly": {
        **_ITEMS_AND_STORES,
        "days_out": _number("stock_out_days", "days that stores were without an item, together"),
        "days_known": _number("known_days", "of so many days", "stock_out_days is not null"),
        "pct_days_out": _share("days_out", "days_known"),
        "closing_value": _sum(
            "closing_value", "what was there at the end of the month; of what is known and has a price"
        ),
        "lost_value": _sum("lost_value", "what was lost, of what is known and has a price"),
        "given_out_value": _sum("given_out_value", "what was given out, likewise; between stores at each of them"),
        "pct_lost_of_given_out": Figure(
            "percent(sum(lost_value) filter ({0}), sum(given_out_value) filter ({0}))".format(
                _LOSS_KNOWN.format("given_out_value")
            ),
            "lost_value in percent of given_out_value, of pairs and months where both are known",
        ),
        "used_value": _sum("used_value", "of given_out_value, what left the system: a unit counts once"),
        "pct_lost_of_used": Figure(
            "percent(sum(lost_value) filter ({0}), sum(used_value) filter ({0}))".format(
                _LOSS_KNOWN.format("used_value")
            ),
            "lost_value in percent of used_value, of pairs and months where both are known",
        ),
    },
    "stock_by_batch": {
        **_ITEMS_AND_STORES,
        "batches": Figure("count(*)", "lines of stock"),
        "value_amount": _sum("value_amount", "at cost, in the home currency; of what has a price"),
        "expired_value": _sum("value_amount", "of value_amount, what has expired", "is_expired"),
    },
    "stock_value": {
        "stores": Figure("count(*)", "how many stores that is of"),
        "known_stores": _count("soh_value is not null", "of these, those whose value is known"),
        "soh_value": _sum("soh_value", "what is on the shelves"),
        "pct_of_value": Figure(
            "percent(sum(soh_value), (select sum(soh_value) from asked))",
            "soh_value in percent of that of all rows asked for",
        ),
        "usable_value": _sum("usable_value", "of soh_value, neither expired nor on hold"),
        "expired_value": _sum("expired_value", "of soh_value, expired"),
        "pct_expired": _share("sum(expired_value)", "sum(soh_value)"),
        "on_hold_value": _sum("on_hold_value", "of soh_value, on hold"),
        "in_transit_value": _sum("in_transit_value", "on the way to these stores, not in soh_value"),
    },
    "expiring_stock": {
        **_ITEMS_AND_STORES,
        "batches": Figure("count(*)", "lines of stock that expire within twelve months, or have"),
        "value_amount": _sum("value_amount", "what they are worth"),
        "expired_value": _sum("value_amount", "of value_amount, what has expired", "band = 'expired'"),
        "at_risk_value": _sum("at_risk_value", "what will not be used in time, what has expired too"),
    },
    "losses": {
        **_ITEMS_AND_STORES,
        "lines": _number("lines", "lines of adjustments"),
        "lost_value": _sum("lost_value", "what was lost, of what has a price"),
        "pct_of_lost": Figure(
            "percent(sum(lost_value), (select sum(lost_value) from asked))",
            "lost_value in percent of that of all rows asked for",
        ),
        "expired_value": _sum("expired_value", "of lost_value, batches that had expired by then"),
    },
    "stocktake_monthly": {
        **_ITEMS_AND_STORES,
        "lines": _number("lines", "lines of stocktakes"),
        "counted_lines": _number("counted_lines", "of these, those that say what was counted and what the books had"),
        "exact_lines": _number("exact_lines", "of counted_lines, those where both are the same"),
        "pct_exact": _share("sum(exact_lines)", "sum(counted_lines)"),
        "book_value": _sum("book_value", "what the books had, of what has a price"),
        "short_value": _sum("short_value", "by how much less was there, where less was"),
        "over_value": _sum("over_value", "by how much more was there, where more was"),
        "pct_difference": Figure(
            "percent(sum(short_value + over_value), sum(book_value) filter (short_value is not null))",
            "short and over together in percent of book_value, of what has a price",
        ),
    },
    "item_fill_monthly": {
        "items": Figure("count(distinct item_code)", "how many items that is of"),
        "lines": _number("lines", "closed lines that asked for something, and of which it is known what was supplied"),
        "lines_in_full": _number("lines_in_full", "of lines, those supplied as asked"),
        "pct_lines_in_full": _share("sum(lines_in_full)", "sum(lines)"),
        "lines_in_part": _number("lines_in_part", "of lines, those of which something came, and less than was asked"),
        "lines_unknown": _number("lines_unknown", "closed lines in no rate: nothing says what was supplied or asked"),
        "lines_open": _number("lines_open", "lines of which more may come: in no rate"),
    },
    "reporting_monthly": {
        "heard_sites": _count("is_heard", "sites that were pulled, each month of each"),
        "sites": Figure("count(*)", "of so many that were to be"),
        "pct_heard": _share("heard_sites", "sites"),
        "visits": _number("visits", "cycles that visited them"),
        "heard_visits": _number("heard_visits", "of these, those in which they were pulled"),
    },
    "reporting_weekly": {
        "heard_sites": _count("is_heard", "sites that were pulled, each week of each"),
        "sites": Figure("count(*)", "of so many that were to be"),
        "pct_heard": _share("heard_sites", "sites"),
    },
    "store_activity": {
        "stores": Figure("count(*)", "how many stores that is of"),
        "working_stores": _count("activity = 'working'", "of these, where something was finished lately"),
        "idle_stores": _count("activity = 'idle'", "of these, where nothing was"),
        "unknown_stores": _count("activity in ('silent', 'unknown')", "of these, those of which nobody knows"),
        "counted_stores": _count("stocktake_age_days is not null", "of these, those that ever had a stocktake"),
        "stale_documents": _number("stale_documents", "documents left open for more than 30 days"),
    },
}
"""By report: what its rows add up to. A later figure may name an earlier one."""

ITEM_FIGURES: Mapping[str, Mapping[str, Figure]] = {
    "stock_on_hand": {
        name: _sum(name, f"{name} of `stock_on_hand`, of the stores where it is known")
        for name in ("soh_units", "usable_units", "expired_units", "on_hold_units", "in_transit_units")
    },
    "stock_monthly": {
        name: _sum(name, f"{name} of `stock_monthly`, of the stores and months where it is known")
        for name in ("received_units", "returned_units", "dispensed_units", "issued_units", "sent_back_units",
                     "gained_units", "lost_units", "closing_units")
    },
    "item_usage_monthly": {
        name: _sum(name, f"{name} of `item_usage_monthly`, of the stores and months where it is known")
        for name in ("dispensed_units", "issued_units", "returned_units")
    },
    "item_fill_monthly": {
        "asked_units": _sum("asked_units", "what these lines asked for"),
        "filled_units": _sum("filled_units", "what of it was supplied, no line for more than was asked"),
        "pct_units": _share("sum(filled_units)", "sum(asked_units)"),
    },
    "expiring_stock": {
        "units": _sum("units", "what they hold"),
        "at_risk_units": _sum("at_risk_units", "what will not be used in time"),
    },
    "losses": {"lost_units": _sum("lost_units", "how much was lost, of what has a pack size")},
    "stocktake_monthly": {
        name: _sum(name, f"{name} of `stocktake_monthly`, of what has a pack size")
        for name in ("book_units", "short_units", "over_units")
    },
}  # fmt: skip
"""What may be added up of one item only: units of different items are no sum."""

ONE_MONTH = frozenset({"closing_value", "closing_units"})
"""What there was at the end of a month: of two months it is no sum."""
