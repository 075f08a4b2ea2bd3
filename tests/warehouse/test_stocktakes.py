"""What stocktakes found against the books, by hand, and against counting random lines one by one."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sites.schema import SCHEMA
from tests.warehouse import golden
from tests.warehouse.test_golden import by_hand, shown
from warehouse.connection import Connection, open_warehouse
from warehouse.exports import views


@pytest.fixture
def con(tmp_path: Path, new_warehouse: Callable[[Path], Path]) -> Iterator[Connection]:
    """The golden network."""
    with open_warehouse(new_warehouse(tmp_path / "working.duckdb"), SCHEMA) as opened:
        golden.fill(opened)
        yield opened


def count(con: Connection, key: str, store: str, at: str, *lines: tuple[Any, ...], status: str = "finalised") -> None:
    """A stocktake of (item, batch, pack size, packs in the books, packs counted)."""
    header = {"id": key, "store_id": store, "status": status, "finalised_at": golden.moment(at)}
    golden.rows(con, "stocktake", [header])
    names = ("item_id", "stock_line_id", "pack_size", "snapshot_packs", "counted_packs")
    made = [dict(zip(names, line, strict=True)) for line in lines]
    for number, line in enumerate(made):
        line |= {"id": f"{key}{number}", "stocktake_id": key}
        line |= {name: line[name] and Decimal(line[name]) for name in names[2:]}
    golden.rows(con, "stocktake_line", made)


def test_w3_lines_that_were_exact_and_what_was_short_and_over(con: Connection) -> None:
    count(con, "k1", "A", "2026-03-31T11:01",  # a minute past midnight there: April
          ("P", "p1", "100", "3", "2.5"), ("P", "p2", "10", "3", "3"), ("P", "p3", "10", "4", "5"),
          ("P", "p4", "10", "5", None), ("T", "t1", "10", "2", "1"))  # fmt: skip
    count(con, "k2", "A", "2026-03-02T00:00", ("P", "p1", "100", "3", "3"))
    count(con, "k3", "B", "2026-04-02T00:00", ("S", "s1", None, "3", "2"), ("R", None, "10", "0", "0"))
    count(con, "k4", "A", "2026-04-03T00:00", ("P", "p1", "100", "3", "1"), status="new")
    columns = (
        "month store_code item_code lines counted_lines exact_lines pct_exact book_units short_units over_units "
        "book_value short_value over_value last_counted_date"
    )
    assert shown(con, "stocktake_monthly", columns) == by_hand("""
        2026-04-01 A P 4 3 1 33.333333 370 50 10 40.5 5   1.5 2026-04-01   # 300*.1 + 30*.15 + 40*.15; 50*.1; 10*.15
        2026-04-01 A T 1 1 0 0          20 10  0  8   4   0   2026-04-01   # no price of its own: 0.40 a unit
        2026-04-01 B R 1 1 1 100         0  0  0  0   0   0   2026-04-02
        2026-04-01 B S 1 1 0 0           -  -  -  -   -   -   2026-04-02   # packs of nobody knows how many
        2026-03-01 A P 1 1 1 100       300  0  0 30   0   0   2026-03-02
    """)


def test_w3_how_old_the_last_stocktake_is_counts_to_the_last_pull(con: Connection) -> None:
    count(con, "k1", "A", "2026-04-01T00:00", ("P", "p1", "100", "3", "3"))
    count(con, "k2", "C", "2026-01-31T00:00", ("P", "p8", "10", "38", "38"))
    count(con, "k3", "A", "2026-05-20T00:00", ("P", "p1", "100", "3", "3"))  # after the last pull: a wrong clock
    assert shown(con, "store_activity", "store_code last_stocktake_date stocktake_age_days") == by_hand("""
        A 2026-04-01 14
        B -          -    # none: nobody knows
        C 2026-01-31 20   # to the 20th of February, when it was last heard
    """)


@pytest.mark.parametrize("seed", [1, 2])
def test_w3_random_lines_are_what_counting_them_one_by_one_gives(con: Connection, seed: int) -> None:
    dice, expected = random.Random(seed), defaultdict[tuple[str, str], list[tuple[int, int]]](list)
    for number in range(40):
        store, item, book = dice.choice("AB"), dice.choice("PQ"), dice.randint(0, 30)
        found = max(0, book + dice.choice([0, 0, 0, -3, 5]))
        count(con, f"k{number}", store, "2026-03-20T00:00", (item, None, "1", str(book), str(found)))
        expected[store, item].append((book, found))
    rows = views.read(con, "stocktake_monthly").to_dicts()
    assert {(row["store_code"], row["item_code"]) for row in rows} == set(expected)
    for row in rows:
        lines = expected[row["store_code"], row["item_code"]]
        assert row["exact_lines"] == sum(book == found for book, found in lines)
        assert row["lines"] == row["counted_lines"] == len(lines)
        assert row["book_units"] == sum(book for book, _ in lines)
        assert row["short_units"] == sum(max(0, book - found) for book, found in lines)
        assert row["over_units"] == sum(max(0, found - book) for book, found in lines)
        assert row["over_value"] - row["short_value"] == pytest.approx(
            sum(found - book for book, found in lines) * row["book_value"] / row["book_units"], rel=Decimal("0.0001")
        )
        assert row["last_counted_date"] == datetime(2026, 3, 20, tzinfo=UTC).date()
