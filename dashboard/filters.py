"""What lists can be filtered by: each filter turns a value from a link into a condition with parameters, or refuses it.

Every count and the list behind it use the same conditions, so they agree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dashboard.conditions import (
    ALL,
    EITHER,
    ITEMS,
    OF_SILENT_STORES,
    ORDER_FILTERS,
    SITES_OF_STORES,
    STORES,
    BadFilter,
    Choice,
    Code,
    Filter,
    Inside,
    Word,
    all_of,
)
from dashboard.languages.text import no_filter
from dashboard.reader import Reading
from sync_rules.words import Band, Outcome, TransferState
from warehouse.connection import quote


def _choices(column: str, *values: str) -> Choice:
    """One choice for each value of a column; values are ours, never a request's."""
    return Choice({value: f"{quote(column)} = '{value}'" for value in values})


SITE = Code("sync_status", ("site_code",))
BANDS = tuple(Band)
ISSUES = (
    "pack_size_missing", "packs_missing", "negative_stock", "price_missing", "expiry_missing",
    "balance_not_explained", "batch_not_explained", "balance_below_zero", "available_not_explained",
    "more_available_than_there", "expired_stock_issued", "dated_after_the_pull", "dated_long_ago", "clock_ahead",
    "clock_behind", "document_pack_size_missing", "dispensed_outside_dispensary", "patient_not_visible",
    "repeat_away_from_home", "repeat_exceeded", "item_missing", "item_code_missing", "item_code_doubled",
    "name_code_doubled", "store_code_doubled", "barcode_code_doubled", "patient_code_doubled", "number_given_twice",
    "ended_before_it_began", "currency_rate_missing",
)  # fmt: skip
ACTIVITIES = ("working", "idle", "silent", "unknown")
STATUSES = ("blocked", "never", "error", "overdue", "late", "unreachable", "ok", "disabled")

_EXPIRY = Choice(
    {
        "expired": "band = 'expired'",
        "0-1": "band = '0-1 months'",
        "1-3": "band = '1-3 months'",
        "3-6": "band = '3-6 months'",
        "6-12": "band = '6-12 months'",
    }
)
_IS_DIFFERENT = "(reason is not null and reason <> 'on_its_way')"
_CHANGES: Mapping[str, Filter] = {
    "site": SITE,
    "state": Choice({"open": "state = 'open'", "ended": "state <> 'open'"}),
    "reason": Word("reason"),
    "table": Word("table_name"),
    **SITES_OF_STORES,
}

FILTERS: Mapping[str, Mapping[str, Filter]] = {
    "stock_on_hand": {
        "band": _choices("stock_status", *BANDS),
        **STORES,
        **ITEMS,
        "expired": Choice({"yes": "expired_units > 0"}),
        "in_transit": Choice({"yes": "in_transit_units > 0"}),
    },
    "stock_by_batch": {
        "shelf": Choice(
            {"usable": "not is_expired and not is_on_hold", "expired": "is_expired", "on_hold": "is_on_hold"}
        ),
        "batch": Inside("batch"),
        **STORES,
        **ITEMS,
    },
    "stock_value": STORES,
    "stock_monthly": {**STORES, **ITEMS},
    "stock_out_monthly": ITEMS,
    "stock_card": {**STORES, "batch": Inside("batch"), **ITEMS},
    "item_usage_monthly": {**STORES, **ITEMS},
    "system_usage_monthly": ITEMS,
    "amc": {**STORES, **ITEMS},
    "expiring_stock": {
        "band": _EXPIRY,
        "within": Choice(
            {
                "3": "band in ('0-1 months', '1-3 months')",
                "6": "band in ('0-1 months', '1-3 months', '3-6 months')",
            }
        ),
        "risk": Choice({"yes": "at_risk_units > 0", "coming": "at_risk_units > 0 and band <> 'expired'"}),
        "batch": Inside("batch"),
        **STORES,
        **ITEMS,
    },
    "stock_out": {
        "out": Choice(
            {
                "now": "is_out_now",
                "unknown": "is_out_now is null",
                "never": "not is_out_now and coalesce(usable_units, 0) <= 0",
                "in_stock": "not is_out_now and usable_units > 0",
                "lately": "not is_out_now and days_out_90d > 0",
                ALL: "true",
            }
        ),
        **STORES,
        **ITEMS,
    },
    "transfers": {
        "state": _choices("state", *TransferState),
        "under_way": Choice(
            {
                "yes": "is_under_way",
                "7": "is_under_way and days_under_way > 7",
                "14": "is_under_way and days_under_way > 14",
                "30": "is_under_way and days_under_way > 30",
            }
        ),
        "in_transit": Choice(
            {
                "yes": "is_in_transit(kind, state, waits) "
                "and to_store_code in (select store_code from reports.stores where is_reporting)"
            }
        ),
        "kind": _choices(
            "kind", "stock_transfer", "stock_return", "requisition", "internal_order", "internal_order_goods"
        ),
        **EITHER,
        "to": Code("stores", ("to_store_code",)),
    },
    "transfer_lines": {
        "differs": Choice(
            {
                "lately": f"{_IS_DIFFERENT} and (is_under_way or ended_at >= as_of_at() - interval 90 days)",
                "yes": _IS_DIFFERENT,
            }
        ),
        "batch": Inside("batch"),
        "reason": _choices("reason", "not_there", "not_sent", "fewer_there", "more_there", "other_value", "on_its_way"),
        **EITHER,
        **ITEMS,
    },
    "sync_status": {
        "status": _choices("status", *STATUSES),
        "silent": OF_SILENT_STORES,
        "site": SITE,
        **SITES_OF_STORES,
    },
    "losses": {"why": Word("reason"), **STORES, **ITEMS},
    "stocktake_monthly": {**STORES, **ITEMS},
    "reporting_monthly": {"site": SITE, **SITES_OF_STORES},
    "reporting_weekly": {"site": SITE, **SITES_OF_STORES},
    "store_activity": {"activity": _choices("activity", *ACTIVITIES), **STORES, "site": SITE},
    "store_tags": STORES,
    "sync_daily": {"site": SITE},
    "site_visits": {"site": SITE, **SITES_OF_STORES, "outcome": _choices("outcome", *Outcome)},
    "rejected_changes": _CHANGES,
    "waiting_changes": _CHANGES,
    "not_taken": _CHANGES,
    "data_quality": {
        "issue": _choices("issue", *ISSUES),
        **STORES,
        **ITEMS,
    },
    "stores": {**STORES, "site": SITE},
    "site_tables": {**STORES, "site": SITE},
    "items": ITEMS,
    "item_lists": ITEMS,
    "dispensing_daily": {**STORES, **ITEMS},
    **ORDER_FILTERS,
}


@dataclass(frozen=True)
class Where:
    """The conditions of some parameters on one report."""

    report: str
    chosen: Mapping[str, str]
    sql: str = "true"
    values: Sequence[object] = field(default=(), repr=False)


def where(reading: Reading, report: str, chosen: Mapping[str, str]) -> Where:
    """All conditions together; of several values of a parameter any one holds.

    Raises BadFilter for a parameter the report lacks, or a value it does not know."""
    known = filters_of(reading, report)
    for name in chosen:
        if name not in known:
            raise BadFilter(no_filter(name, known))
    sql, values = all_of(reading, [(known[name], value) for name, value in chosen.items()])
    return Where(report, dict(chosen), sql, values)


def filters_of(reading: Reading, report: str) -> Mapping[str, Filter]:
    """What a report can be filtered by; a saved question by stores, items and sites, as far as it has their codes."""
    if reading.saved.get(report, "") is not None:  # a file that is no report may have the name of one of ours
        return FILTERS.get(report, {})
    held = reading.columns(report)
    ways = {"store_code": STORES, "item_code": ITEMS, "site_code": {"site": SITE}}
    return {name: one for column, filters in ways.items() if column in held for name, one in filters.items()}


def select(found: Where, columns: str = "*", order: str = "rowid") -> str:
    """The query for the rows of the report that the conditions hold for, in its own order if no other is named.

    Reports are written in their order, but a condition that asks another report would not keep it.
    """
    return f"select {columns} from reports.{quote(found.report)} where {found.sql} order by {order}"


def read(
    reading: Reading, found: Where, columns: str = "*", tail: str = "", order: str = "rowid"
) -> list[dict[str, object]]:
    """Those rows; ``tail`` says which part of them."""
    return reading.rows(f"{select(found, columns, order)} {tail}", list(found.values))


def count(reading: Reading, found: Where) -> int:
    """How many rows that is."""
    sql = f"select count(*) from reports.{quote(found.report)} where {found.sql}"
    [(number,)] = reading.tuples(sql, list(found.values))
    return int(number)


def counts(reading: Reading, name: str, found: Where) -> dict[str, int]:
    """For each choice of a filter: how many of the rows found it would leave."""
    chooser = FILTERS[found.report][name]
    if not isinstance(chooser, Choice):
        raise TypeError(f"`{name}` is not a choice of a few")
    picked = ", ".join(f"count(*) filter ({sql})" for sql in chooser.choices.values())
    [row] = reading.tuples(f"select {picked} from reports.{quote(found.report)} where {found.sql}", list(found.values))
    return dict(zip(chooser.choices, row, strict=True))
