"""Which sites were heard when, of those that were to be, and whether people work there: by hand, and by counting."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from sites.schema import SCHEMA
from tests.warehouse import golden
from tests.warehouse.test_golden import by_hand, shown
from warehouse.connection import Connection, open_warehouse
from warehouse.exports import views

MAIN, CLINIC, FAR = 1, 2, 3


@pytest.fixture
def con(tmp_path: Path, new_warehouse: Callable[[Path], Path]) -> Iterator[Connection]:
    """The golden network; nothing of it was visited yet."""
    with open_warehouse(new_warehouse(tmp_path / "working.duckdb"), SCHEMA) as opened:
        golden.fill(opened)
        yield opened


def visit(con: Connection, site: int, at: str, outcome: str = "ok", pulled: int = 0) -> None:
    con.execute(
        "insert into ledger.visit values (1, ?, ?, ?, null, ?, 0, 0, 0, 0, 0, 0)",
        [site, golden.moment(at), outcome, pulled],
    )


def test_w3_the_reporting_rate_has_its_numerator_and_its_denominator(con: Connection) -> None:
    """It is 15 April in Auckland. `far` was to be heard from February on, and was not heard since."""
    visit(con, MAIN, "2026-03-10T00:00")
    visit(con, MAIN, "2026-03-10T08:00", "failed")
    visit(con, MAIN, "2026-03-31T11:01")  # a minute past midnight there: April
    visit(con, MAIN, "2026-04-14T20:00")
    visit(con, FAR, "2026-02-19T12:00")  # the 20th there
    for day in ("2026-03-05", "2026-04-05"):
        visit(con, FAR, f"{day}T00:00", "unreachable")
    visit(con, CLINIC, "2026-02-10T00:00")
    con.execute("update ledger.site set is_enabled = false where site_code = 'clinic'")
    columns = (
        "month site_code stores visits heard_visits is_heard heard_days days longest_silence_days is_complete_month"
    )
    assert shown(con, "reporting_monthly", columns) == by_hand("""
        2026-04-01 far    1 1 0 no  0 15 15 no
        2026-04-01 main   1 2 2 yes 2 15 13 no    # the 1st and the 15th
        2026-03-01 far    1 1 0 no  0 31 31 yes
        2026-03-01 main   1 2 1 yes 1 22 21 yes   # from the 10th on
        2026-02-01 clinic 1 1 1 yes 1  1  0 yes   # disabled since
        2026-02-01 far    1 1 1 yes 1  9  8 yes   # from the 20th to the 28th
    """)


def test_w3_the_reporting_rate_by_week(con: Connection) -> None:
    """13 April 2026 is a Monday, and in Auckland the day begins twelve hours before it does in UTC."""
    visit(con, MAIN, "2026-03-29T12:00")
    visit(con, MAIN, "2026-04-12T11:59", "unreachable")
    visit(con, MAIN, "2026-04-12T12:00")
    columns = "week_from_date visits heard_visits is_heard is_complete_week"
    assert shown(con, "reporting_weekly", columns) == by_hand("""
        2026-04-13 1 1 yes no
        2026-04-06 1 0 no  yes
        2026-03-30 1 1 yes yes
    """)


def test_w3_a_store_that_is_pulled_and_where_nothing_is_done_is_idle(con: Connection) -> None:
    """By what people finished up to the last pull, and not by what is dated after it."""
    visit(con, MAIN, "2026-04-01T00:00", pulled=3)
    visit(con, MAIN, "2026-04-10T00:00")
    con.execute("delete from replica.prescription where id = 'd8'")  # B's last, of March
    con.execute("update replica.prescription set dispensed_at = '2026-05-01T00:00Z' where id = 'd10'")
    con.execute("update replica.prescription set created_at = '2026-03-01T00:00Z' where status = 'new'")
    columns = (
        "store_code activity last_done_date idle_days done_30d last_received_date last_issued_date last_dispensed_date "
        "open_documents stale_documents"
    )
    assert shown(con, "store_activity", columns) == by_hand("""
        A working 2026-04-01 14 3 2026-03-31 2026-03-05 2026-04-01 2 1   # d3, d4 and i8; i4 and d5 are open
        B idle    2026-02-21 53 0 2026-02-21 -          2026-02-10 0 0
        C silent  2026-02-10 10 1 2025-10-15 -          2026-02-10 0 0   # to its last pull
    """)
    assert shown(con, "store_activity", "store_code last_change_at") == by_hand("""
        A 04-01T13:00
        B -
        C -
    """)


def test_w4_of_a_store_that_was_never_pulled_nobody_knows(con: Connection) -> None:
    con.execute("update ledger.site set data_as_of_at = null where site_code = 'clinic'")
    columns = "activity last_done_date idle_days done_30d open_documents stale_documents"
    assert shown(con, "store_activity", columns, store="B") == by_hand("unknown - - - - -")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_w3_random_visits_are_what_counting_days_one_by_one_gives(con: Connection, seed: int) -> None:
    dice, today = random.Random(seed), date(2026, 4, 15)
    visits = [
        (site, today - timedelta(days=dice.randrange(150)), dice.choice(["ok", "unreachable"]))
        for site in (MAIN, CLINIC)
        for _ in range(dice.randint(1, 25))
    ]
    for site, day, outcome in visits:
        at = datetime(day.year, day.month, day.day, tzinfo=UTC).strftime("%Y-%m-%dT%H:%M")
        visit(con, site, at, outcome)
    found = {(row["site_code"], row["month"]): row for row in views.read(con, "reporting_monthly").to_dicts()}
    for site, code in ((MAIN, "main"), (CLINIC, "clinic")):
        own = [(day, outcome) for number, day, outcome in visits if number == site]
        day, months = min(day for day, _ in own), dict[date, list[bool]]()
        while day <= today:
            months.setdefault(day.replace(day=1), []).append((day, "ok") in own)
            day += timedelta(days=1)
        for month, heard in months.items():
            row = found.pop((code, month))
            longest = max(map(len, "".join("x" if one else "." for one in heard).split("x")))
            assert (row["heard_days"], row["days"], row["longest_silence_days"], row["is_heard"]) == (
                sum(heard), len(heard), longest, any(heard),
            )  # fmt: skip
    assert found == {}
    weeks = views.read(con, "reporting_weekly").to_dicts()
    for row in weeks:
        site = {"main": MAIN, "clinic": CLINIC}[row["site_code"]]
        inside = [one for one in visits if one[0] == site and 0 <= (one[1] - row["week_from_date"]).days < 7]
        assert (row["visits"], row["heard_visits"]) == (len(inside), sum(one[2] == "ok" for one in inside))
    assert sum(row["visits"] for row in weeks) == len(visits)
