"""What a report's figures lack at stores, in words, and where more of it is: none where nothing of it rests on that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from warehouse.connection import Connection, query

WAITING = "rows that wait"
_TABLES = frozenset({"stock_line", "invoice", "prescription"})
_OF_NONE = frozenset(
    {"completeness", "dictionary", "item_lists", "items", "moves", "new_users", "not_taken", "patient_codes",
     "rejected_changes", "reporting_monthly", "reporting_weekly", "saved_questions", "site_tables", "site_visits",
     "snapshot", "store_tags", "stores", "sync_daily", "sync_status", "waiting_changes"}
)  # fmt: skip
"""Reports that hold no figure of what stores do, or say of each row what it lacks."""
_OF_STOCK = frozenset({"stock_by_batch", "stock_value", "stock_value_total"})
_OF_OTHER_PAPERS = frozenset(
    {"item_fill_monthly", "lead_times", "losses", "order_fill_monthly", "order_lines", "stocktake_monthly",
     "transfer_lines", "transfers"}
)  # fmt: skip
"""Reports of documents that a store may have none of: none is missing, and some may wait."""
_COUNTED = """
    with chosen as (select * from reports.stores where is_reporting and {condition})
    select what, count(*) as stores
    from (select unnest(string_split(missing_tables, ', ')) as what from chosen)
    group by what
    union all
    select '{waiting}', count(*) from chosen where waiting_rows > 0
    order by what"""


def lacking_words(con: Connection, name: str, condition: str = "true", values: Sequence[Any] = ()) -> str:
    """What figures of report ``name`` lack at the stores that a condition on ``reports.stores`` holds for, and the
    report that says more; empty where they lack nothing (W4)."""
    found = [
        f"{what} ({stores:,} store{'' if stores == 1 else 's'})"
        for what, stores in lacking_at_stores(con, name, condition, values).items()
    ]
    if not found:
        return ""
    return (
        f"what rests on these is unknown or lacks something: {', '.join(found)}; more: `supplysync report site_tables`"
    )


def lacking_at_stores(
    con: Connection, name: str, condition: str = "true", values: Sequence[Any] = ()
) -> Mapping[str, int]:
    """At how many of those stores what figures of a report rest on is lacking, by what it is: a table, or WAITING."""
    if name in _OF_NONE:
        return {}
    rests_on = {"stock_line"} if name in _OF_STOCK else set() if name in _OF_OTHER_PAPERS else _TABLES
    sql = _COUNTED.format(condition=condition, waiting=WAITING)
    counts = {what: stores for what, stores in query(con, sql, values).rows() if stores}
    return {what: stores for what, stores in counts.items() if what in rests_on or what == WAITING}
