"""How much of the time pairs of store and item were out of stock, month by month."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.conditions import STORES
from dashboard.filters import where
from dashboard.reader import Reading

_MONTHS = 13
_KNOWN = "stock_out_days is not null"
_OF_ALL = ("sum(days_out)", "sum(days_known)", "sum(stores_out)", "sum(stores_known)", "sum(stores_total)")
_OF_STORES = (
    "sum(stock_out_days)", f"sum(known_days) filter ({_KNOWN})", "count(*) filter (stock_out_days > 0)",
    f"count(*) filter ({_KNOWN})", "count(*)",
)  # fmt: skip


def months_out(reading: Reading, chosen: Mapping[str, str]) -> list[dict[str, Any]]:
    """The last months, the newest first: month, days_out and days_known, together; days, their share in percent;
    pairs_out on a day or more, pairs_known, pairs, their share; pairs_unknown. Shares are None where nothing is known.

    Of all stores by `stock_out_monthly`, of some by what the ledger says of each of them. Raises BadFilter.
    """
    is_of_all = STORES.keys().isdisjoint(chosen)
    asked = where(reading, "stock_out_monthly" if is_of_all else "stock_monthly", chosen)
    days_out, days_known, out, known, total = _OF_ALL if is_of_all else _OF_STORES
    return reading.rows(
        f"select month, {days_out} as days_out, {days_known} as days_known, percent({days_out}, {days_known}) as days, "
        f"{out} as pairs_out, {known} as pairs_known, percent({out}, {known}) as pairs, "
        f"{total} - {known} as pairs_unknown from reports.{asked.report} "
        f"where {asked.sql} and {'true' if is_of_all else 'is_in_use'} "
        f"group by month order by month desc limit {_MONTHS:d}",
        asked.values,
    )
