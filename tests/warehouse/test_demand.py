"""What a store needs of an item in a month: the best figure that there is, and what it rests on, worked out by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sites.schema import SCHEMA
from tests.warehouse import golden
from tests.warehouse.test_golden import by_hand, shown
from warehouse.connection import Connection, open_warehouse

COLUMNS = "store_code item_code demand_units demand_basis demand_from_date demand_to_date"


@pytest.fixture
def con(tmp_path: Path, new_warehouse: Callable[[Path], Path]) -> Iterator[Connection]:
    with open_warehouse(new_warehouse(tmp_path / "working.duckdb"), SCHEMA) as opened:
        golden.fill(opened)
        yield opened


def forecast(con: Connection, *given: tuple[str, str, str, str | None, date | None]) -> None:
    """Projections of (id, store, item, units, since when)."""
    names = ("id", "store_id", "item_id", "amc_units", "valid_from")
    rows = [dict(zip(names, one, strict=True)) for one in given]
    golden.rows(con, "amc_projection", ({**row, "amc_units": _decimal(row["amc_units"])} for row in rows))


def _decimal(text: Any) -> Decimal | None:
    return None if text is None else Decimal(text)


def test_b20_what_a_store_needs_is_its_consumption_with_stock_on_all_days_or_that_of_months_with_stock(
    con: Connection,
) -> None:
    assert shown(con, "amc", COLUMNS) == by_hand("""
        A P 200       adjusted_amc      2026-01-01 2026-03-31
        A Q   0       adjusted_amc      2026-01-01 2026-03-31
        A R  30.513784 months_with_stock 2025-11-01 2025-12-31  # 50 / 2, and 11 of 60.875 days had none
        A S   0       no_movement       -          -
        A T 400       adjusted_amc      2026-01-01 2026-03-31
        B P  30.4375  adjusted_amc      2026-02-01 2026-03-31
        B Q  10       adjusted_amc      2026-02-01 2026-03-31
        B R   0       adjusted_amc      2026-02-01 2026-03-31
        B S   0       no_movement       -          -
        C P  30       adjusted_amc      2025-11-01 2026-01-31
        C Q   0       no_movement       -          -
    """)


def test_b20_a_forecast_is_the_next_best_figure_and_never_one_that_does_not_hold_yet(con: Connection) -> None:
    forecast(
        con,
        ("old", "A", "S", "7", date(2025, 1, 1)),
        ("now", "A", "S", "12", date(2026, 4, 15)),
        ("next", "A", "S", "99", date(2026, 4, 16)),
        ("always", "C", "Q", "2.5", None),
        ("known", "A", "P", "50", date(2026, 1, 1)),
        ("never", "B", "S", "-3", date(2026, 1, 1)),  # nobody needs less than nothing
        ("empty", "A", "Q", None, date(2026, 1, 1)),
    )
    found = shown(con, "amc", f"{COLUMNS} forecast_units forecast_from_date")
    assert [row for row in found if "".join(row[:2]) in ("AP", "AQ", "AS", "BS", "CQ")] == by_hand("""
        A P 200   adjusted_amc 2026-01-01 2026-03-31 50  2026-01-01
        A Q   0   adjusted_amc 2026-01-01 2026-03-31 -   -
        A S  12   forecast     2026-04-15 -          12  2026-04-15
        B S   0   no_movement  -          -          -   -
        C Q   2.5 forecast     -          -          2.5 -
    """)


def test_b20_bands_and_stock_outs_go_by_what_is_needed(con: Connection) -> None:
    """C is asked again, so that its Q, which never moved, is in a band: 5 for a month of 2.5."""
    forecast(con, ("f", "C", "Q", "2.5", None))
    con.execute("update ledger.site set data_as_of_at = ?", [golden.AS_OF_AT])
    found = shown(con, "stock_on_hand", "store_code item_code mos_months stock_status demand_units demand_basis")
    assert [row for row in found if row[:2] in (["C", "Q"], ["A", "R"])] == by_hand("""
        A R 0 stocked_out 30.513784 months_with_stock
        C Q 2 adequate    2.5       forecast
    """)
    found = shown(con, "stock_out", "store_code item_code amc_units demand_units demand_basis")
    assert ["A", "R", "-", "30.513784", "months_with_stock"] in found


def test_b20_where_days_out_of_stock_are_not_known_plain_consumption_is_needed(con: Connection) -> None:
    """Movements do not explain the 37 packs of C."""
    con.execute("update replica.stock_line set total_packs = 37 where id = 'p8'")
    assert ["C", "P", "30", "amc", "2025-11-01", "2026-01-31"] in shown(con, "amc", COLUMNS)


def test_b20_months_with_stock_are_as_many_as_the_window_has_and_at_most_two_years_back(con: Connection) -> None:
    """R at A: 90 came on 10 May 2025 and 30 went in each of June, July and August, the last of them on the 31st: 31
    days of June, 30 of July; the month of May, in which nothing went, is the fourth and does not count."""
    con.execute("delete from replica.prescription where id = 'd6'")
    con.execute("update replica.invoice set finalised_at = '2025-05-10T00:00Z' where id = 'i6'")
    con.execute("update replica.invoice_line set packs = 9 where id = 'i6l'")
    days = {"x1": "2025-06-10", "x2": "2025-07-10", "x3": "2025-08-31"}
    golden.rows(
        con,
        "prescription",
        (
            {"id": key, "store_id": "A", "status": "finalised", "dispensed_at": golden.moment(f"{day}T00:00")}
            for key, day in days.items()
        ),
    )
    line = {"item_id": "R", "pack_size": Decimal(1), "packs": Decimal(30)}
    golden.rows(con, "prescription_line", ({"id": key, "prescription_id": key, **line} for key in days))
    assert ["A", "R", "30", "months_with_stock", "2025-06-01", "2025-08-31"] in shown(con, "amc", COLUMNS)
    con.execute("update replica.invoice set finalised_at = finalised_at - interval 2 years where id = 'i6'")
    con.execute("update replica.prescription set dispensed_at = dispensed_at - interval 2 years where id like 'x%'")
    assert ["A", "R", "-", "unknown", "-", "-"] in shown(con, "amc", COLUMNS)
