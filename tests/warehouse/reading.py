"""All that a client finds in a snapshot, as texts; also a program that an older DuckDB runs: `reading.py SNAPSHOT`."""

from __future__ import annotations

import json
import sys
from typing import Any

import duckdb

MACROS = {
    "as_far_as_known": "as_far_as_known(0, true)",
    "amc": "[amc(90, 3), amc(90, 3, 10), amc(90, 3, 10, 2)]",
    "as_of_at": "as_of_at()",
    "at_most": "[at_most(5, 3), at_most(2, 3), at_most(null, 3)]",
    "days_per_month": "days_per_month()",
    "days_since": "days_since(as_of_at() - interval 3 days, as_of_at())",
    "days_within": "days_within(date '2026-01-01', date '2026-02-10', date '2026-02-01', date '2026-03-01')",
    "ends_before": "ends_before(as_of_at(), as_of_at() - interval 2 hours)",
    "exactly": "exactly(1000000, 0.000001)",
    "expiry_band": "expiry_band(date '2026-03-01', date '2026-01-15')",
    "first_month": "first_month()",
    "given_number": "[given_number(-1), given_number(7)]",
    "in_home_currency": "[in_home_currency(10, 'usd', false, 2.5), in_home_currency(10, null, null, null)]",
    "half_a_millionth": "half_a_millionth()",
    "in_whole_packs": "[in_whole_packs(41, 20), in_whole_packs(0.5, null)]",
    "is_ahead": "is_ahead(as_of_at() + interval 2 hours, as_of_at())",
    "is_current": "is_current(as_of_at() - interval 2 days, interval 7 days)",
    "is_expired": "is_expired(date '2026-01-01', date '2026-01-01')",
    "is_in_transit": "is_in_transit('stock_transfer', 'sent', null)",
    "is_silent": "is_silent(null, interval 1 month)",
    "is_under_way": "is_under_way('sent')",
    "is_usable": "is_usable(false, true)",
    "lasts_less_than": "lasts_less_than(100, 30, 4)",
    "lasts_more_than": "lasts_more_than(100, 30, 3)",
    "local_date": "local_date(timestamptz '2026-01-31 23:30:00+00')",
    "month_end": "month_end(date '2026-02-03')",
    "mos": "mos(100, 30)",
    "needed_for": "needed_for(100, 3.5)",
    "how_long": "how_long(50)",
    "in_months": "in_months(1416.666667, 3)",
    "not_negative": "not_negative(-3)",
    "part_of": "[part_of(60, 40, 50, false), part_of(60, 0, 50, true)]",
    "percent": "[percent(1, 8), percent(1, 0)]",
    "plainly": "[plainly(100), plainly(2.5), plainly(0), plainly(-0.125)]",
    "price_between": "price_between('stock_return', 125, 180)",
    "run_out": "run_out(date '2026-01-31', 100, 30)",
    "stock_out_factor": "stock_out_factor(3, 10, 4)",
    "stock_status": "stock_status(true, false, true, 100, 30, 1, 3)",
    "time_zone": "time_zone()",
    "today": "today()",
    "transfer_state": "transfer_state(false, false, false, 'r', true, 5, null)",
    "units": "units(2.5, 100)",
    "value_at_cost": "value_at_cost(2.5, 10)",
}
"""A call of each macro."""


def everything(path: str) -> dict[str, Any]:
    """Every row of every table by schema and name, what each macro answers, the names of the macros."""
    with duckdb.connect(path, read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        names = con.execute(
            "select schema_name || '.' || table_name from duckdb_tables() "
            "where database_name = current_database() order by 1"
        ).fetchall()
        found = con.execute(
            "select distinct function_name from duckdb_functions() where function_type = 'macro' "
            "and database_name = current_database() and not internal order by 1"
        ).fetchall()
        return {
            "tables": {name: texts(con, name) for (name,) in names},
            "macros": [name for (name,) in found],
            "answers": {
                name: con.execute(f"select cast({call} as varchar)").fetchall() for name, call in MACROS.items()
            },
        }


def texts(con: duckdb.DuckDBPyConnection, table: str) -> list[list[str]]:
    """The rows of a table as texts, in the order they are in."""
    return [list(row) for row in con.execute(f"select cast(columns(*) as varchar) from {table}").fetchall()]


if __name__ == "__main__":
    print(json.dumps({"version": duckdb.__version__, **everything(sys.argv[1])}))  # noqa: T201
