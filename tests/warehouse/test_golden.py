"""Every figure of the golden network (see ``golden.py``), worked out by hand; - is NULL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from textwrap import dedent
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sites.schema import SCHEMA
from tests.warehouse import golden
from warehouse.connection import Connection, first, open_warehouse
from warehouse.exports import views


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory, new_warehouse: Callable[[Path], Path]) -> Iterator[Connection]:
    """The golden network; these tests only read it."""
    with open_warehouse(new_warehouse(tmp_path_factory.mktemp("golden") / "working.duckdb"), SCHEMA) as opened:
        golden.fill(opened)
        yield opened


def said(value: Any) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.astimezone(ZoneInfo("Pacific/Auckland")).strftime("%m-%dT%H:%M")
        case date():
            return value.isoformat()
        case Decimal() | float():
            text = f"{value:.6f}".rstrip("0").rstrip(".")
            return "0" if text == "-0" else text
        case _:
            return str(value)


def shown(con: Connection, report: str, columns: str, **filters: str) -> list[list[str]]:
    found = views.read(con, report, **filters).select(columns.split())
    return [[said(value) for value in row] for row in found.iter_rows()]


def by_hand(text: str) -> list[list[str]]:
    """A table of figures; what follows a # is how they were worked out."""
    lines = (line.partition("#")[0].split() for line in dedent(text).splitlines())
    return [line for line in lines if line]


def test_b20_stock_on_hand_in_units_of_what_can_be_used_and_what_cannot(con: Connection) -> None:
    """Two pack sizes, half a pack, an expired batch, a held line and a held location, one line below zero, one line
    without a pack size; a batch that expires tomorrow can be used, one that expires today cannot."""
    columns = "store_code item_code soh_units available_units usable_units expired_units on_hold_units negative_units"
    assert shown(con, "stock_on_hand", columns) == by_hand("""
        A P  376 326 280 40 56  0   # 2.5*100 + 3*10 + 4*10 + 5*10 + 6*1; half a pack of 100 is set aside
        A Q   15  20  20  0  0 -5   # -5 + 20: the books count the negative line, nothing can be taken from it
        A R    0   0   0  0  0  0
        A S    0   0   0  0  0  0
        A T   60  60  60  0  0  0   # 2*10 + 2*20
        B P   61  61  61  0  0  0
        B Q  280 280 280  0  0  0   # 14*20
        B R   40  40   0  0 40  0
        B S    -   -   -  0  0  0   # 3 packs of nobody knows how many
        C P  380 380 380  0  0  0
        C Q    5   5   5  0  0  0
    """)


def test_b20_how_long_it_lasts_and_whether_that_is_enough(con: Connection) -> None:
    """A and C by the defaults, 1 to 3 months; B's own limits are 2 to 4. By what is needed in a month, which
    ``test_demand`` has."""
    columns = "store_code item_code amc_units mos_months stock_status amc_basis"
    assert shown(con, "stock_on_hand", columns) == by_hand("""
        A P 200      1.4   adequate       full_window         # 600 / 3; 280 / 200
        A Q   0      -     no_consumption full_window         # not overstocked, not infinite
        A R   -      0     stocked_out    no_stock_in_window  # what it needs is known of the months before
        A S   0      -     never_stocked  no_movement         # on its list, but it never had any: not a stock-out
        A T 100      0.15  below_min      partial_history     # 60 / 400: out of stock for most of its time
        B P  30.4375 2     adequate       partial_history     # 61 / 30.4375 = 2.004, not below 2
        B Q  10     28     overstocked    full_window
        B R   0      -     stocked_out    full_window         # what is on hold cannot be used
        B S   0      -     unknown        no_movement         # there is some, nobody knows how much
        C P  30     12.66  unknown        full_window         # 380 / 30, rounded down; silent: it may be gone by now
        C Q   0      -     unknown        no_movement
    """)


def test_b20_value_is_packs_by_the_price_of_a_pack_and_a_missing_price_is_not_zero(con: Connection) -> None:
    columns = "store_code item_code value_amount value_missing_units earliest_expiry_date days_since_sync"
    assert shown(con, "stock_on_hand", columns) == by_hand("""
        A P  46.1  0 2026-04-15  0   # 2.5*10 + 3*1.5 + 4*1.5 + 5*2 + 6*.1
        A Q  30    0 2026-05-20  0   # -5*2 + 20*2
        A R   0    0 -           0   # the empty line expires, but nothing with it
        A S   0    0 -           0
        A T  16   20 2026-05-15  0   # 2*8; 20 units have no price
        B P   6.1  0 2026-04-25  0
        B Q  70    0 -           0   # 14*5
        B R   4    0 -           0
        B S  27    0 -           0   # 3*9: value needs no pack size
        C P  19    0 2028-01-01 53   # 38*.5; 20 February to 14 April
        C Q   5    0 -          53
    """)


def test_w3_value_by_store_and_in_all(con: Connection) -> None:
    columns = "store_code soh_value usable_value expired_value on_hold_value value_missing_units is_current"
    assert shown(con, "stock_value", columns) == by_hand("""
        A  92.1  85.5 6 10.6 20 yes   # usable: 25 + 4.5 of P, 40 of Q, 16 of T
        B 107.1 103.1 0  4    0 yes
        C  24    24   0  0    0 no
    """)
    columns = (
        "total_value usable_value expired_value on_hold_value value_missing_units stores sites_current sites_total"
    )
    assert shown(con, "stock_value_total", columns) == by_hand("223.2 212.6 6 14.6 20 3 2 3")


def test_b20_consumption_over_complete_months_and_days_without_stock(con: Connection) -> None:
    """The window is January to March at A, February and March at B, November to January at C, whose February is not
    known to its end. 30.4375 days are a month."""
    columns = (
        "store_code item_code window_months consumed_units stock_out_days divisor_months amc_units amc_adjusted_units"
    )
    assert shown(con, "amc", columns) == by_hand("""
        A P 3 600  0 3        200      200       # 124 + 100 + 76 dispensed, 100 + 200 issued
        A Q 3   0  0 3          0        0
        A R 3   0 90 3          -        -       # out since 20 December: all 90 days of the window
        A S 3   0  0 3          0        0
        A T 3 100 26 1        100      400       # came on 2 March: a month; out 5 to 30 March: 6.9 times, at most 4
        B P 2  39  0 1.281314  30.4375  30.4375  # came on 21 February: 39 days
        B Q 2  20  0 2         10       10
        B R 2   0  0 2          0        0
        B S 2   0  0 2          0        0
        C P 3  90  0 3         30       30       # not what it dispensed in February
        C Q 3   0  - 3          0        0       # movements do not explain its 5
    """)


def test_b20_usage_by_month_and_what_is_not_known_is_not_zero(con: Connection) -> None:
    """76 were dispensed a minute before midnight on 31 March in Auckland, 24 a minute after it."""
    columns = "store_code month dispensed_units issued_units usage_units stock_out_days is_complete_month is_known"
    assert shown(con, "item_usage_monthly", columns, item="P") == by_hand("""
        A 2025-12-01   0   0   0 0 yes yes   # it came on 10 December
        A 2026-01-01 124   0 124 0 yes yes
        A 2026-02-01 100 100 200 0 yes yes
        A 2026-03-01  76 200 276 0 yes yes   # not the 700 of the invoice that is not finalised, nor the 999
        A 2026-04-01  24   0  24 0 no  yes
        B 2026-02-01   0   0   0 0 yes yes
        B 2026-03-01  39   0  39 0 yes yes
        B 2026-04-01   0   0   0 0 no  yes
        C 2025-10-01   0   0   0 0 yes yes
        C 2025-11-01   0   0   0 0 yes yes
        C 2025-12-01  90   0  90 0 yes yes
        C 2026-01-01   0   0   0 0 yes yes
        C 2026-02-01  30   0  30 0 no  yes   # up to the 20th
        C 2026-03-01   -   -   - - no  no
        C 2026-04-01   -   -   - - no  no
    """)


def test_b20_days_without_stock_by_month(con: Connection) -> None:
    columns = "item_code month stock_out_days"
    found = [row for row in shown(con, "item_usage_monthly", columns, store="A") if row[0] in "RT"]
    assert found == by_hand("""
        R 2025-11-01  0
        R 2025-12-01 11   # the last left on the 20th: the 21st is the first day without
        R 2026-01-01 31
        R 2026-02-01 28
        R 2026-03-01 31
        R 2026-04-01 15   # today included
        T 2026-03-01 26   # 5 to 30 March
        T 2026-04-01  0
    """)


def test_b41_usage_of_the_system_counts_a_tablet_once(con: Connection) -> None:
    """The 100 that A issued to B are counted when B dispenses them, the 200 to the hospital when they are issued."""
    columns = "month dispensed_units issued_units usage_units stores_known stores_total is_complete_month"
    assert shown(con, "system_usage_monthly", columns, item="P") == by_hand("""
        2025-10-01   0   0   0 1 1 yes
        2025-11-01   0   0   0 1 1 yes
        2025-12-01  90   0  90 2 2 yes
        2026-01-01 124   0 124 2 2 yes
        2026-02-01 130   0 130 2 3 yes   # A 100, C 30, but C is not known to the end
        2026-03-01 115 200 315 2 3 yes   # A 76, B 39
        2026-04-01  24   0  24 2 3 no
    """)


def test_b20_what_expires_first_is_used_first_and_batches_share_one_consumption(con: Connection) -> None:
    columns = "store_code batch band days_to_expiry units value_amount expected_usage_units at_risk_units at_risk_value"
    found = [
        [line[0], line[1], f"{line[2]} {line[3]}".split()[0], *line[3:]]
        for line in shown(con, "expiring_stock", columns)
    ]
    assert found == by_hand("""
        A P-3 expired  0 40  6    0       40       6
        A P-2 0-1      1 30  4.5  6.570842 23.429158 3.514374   # a day's use of 200 a month
        B P-6 0-1     10 31  3.1 10       21       2.1          # one a day
        A T-1 0-1     30 20  -   20        0       -            # 15 May is a month from now
        B P-7 0-1     30 30  3   20       10       1            # 20 days are left when P-6 has expired
        A Q-2 1-3     35 20 40    0       20      40            # nobody uses it
        A T-2 1-3     90 40 16   40        0       0
    """)


def test_b20_out_of_stock_since_when_and_how_often(con: Connection) -> None:
    columns = "store_code item_code is_out_now out_since_date days_out days_out_90d last_received_date"
    assert shown(con, "stock_out", columns) == by_hand("""
        A R yes 2025-12-20 116 90 2025-11-01
        B R yes -            -  0 2025-12-05   # on hold: since when is not known
        A P no  -            -  0 2025-12-10
        A Q no  -            -  0 2025-11-01
        A S no  -            -  0 -
        A T no  -            - 26 2026-03-31
        B P no  -            -  0 2026-02-21
        B Q no  -            -  0 2026-01-10
        B S -   -            -  0 -            # nobody knows how much there is
        C P -   -            -  0 2025-10-15   # it is silent
        C Q -   -            -  - -
    """)


def test_b20_what_is_wrong_with_records_is_listed(con: Connection) -> None:
    assert shown(con, "data_quality", "store_code item_code record_id issue units") == by_hand("""
        A P p4 expiry_missing          50
        A P p5 expiry_missing           6
        A Q q1 negative_stock          -5
        A T t1 price_missing           20
        B Q q3 expiry_missing         280
        B R r2 expiry_missing          40
        B S s1 pack_size_missing        -
        C Q -  balance_not_explained    5
        C Q q4 expiry_missing           5
    """)


def test_b20_batches(con: Connection) -> None:
    columns = (
        "store_code batch pack_size packs soh_units value_amount days_to_expiry is_expired is_on_hold location_code"
    )
    assert shown(con, "stock_by_batch", columns, item="P") == by_hand("""
        A P-3  10  4    40  6     0 yes no  -
        A P-2  10  3    30  4.5   1 no  no  -
        A P-1 100  2.5 250 25   441 no  no  S1
        A P-4  10  5    50 10     - no  yes -
        A P-5   1  6     6  0.6   - no  yes Q1
        B P-6   1 31    31  3.1  10 no  no  -
        B P-7   1 30    30  3    30 no  no  -
        C P-8  10 38   380 19   626 no  no  -
    """)


def test_w4_every_report_can_say_how_complete_it_is(con: Connection) -> None:
    columns = "stores_total stores_current sites_silent_7d sites_silent_1m stores_not_reporting silent_sites"
    columns += " as_of_at oldest_data_as_of_at"
    assert shown(con, "completeness", columns) == by_hand("3 2 1 1 0 far 04-15T09:00 02-20T13:00")


@pytest.mark.parametrize(
    ("call", "value"),
    [
        ("is_expired(date '2026-04-15', date '2026-04-15')", True),
        ("is_expired(date '2026-04-16', date '2026-04-15')", False),
        ("is_expired(null, date '2026-04-15')", False),
        ("units(2.5, 100)", Decimal(250)),
        ("units(0.333333, 3)", Decimal("0.999999")),
        ("units(3, 0)", None),
        ("units(0, null)", Decimal(0)),
        ("value_at_cost(3, 0)", None),
        ("value_at_cost(0, null)", Decimal(0)),
        ("not_negative(-5)", 0),
        ("as_far_as_known(0, false)", 0),
        ("in_months(cast('1416.666667' as decimal(38, 6)), 3)", 4250),
        ("in_months(null, 3)", None),
        ("how_long(1)", "1 hour"),
        ("how_long(47)", "47 hours"),
        ("how_long(49)", "2 days"),
        ("how_long(8529900)", "973 years"),
        ("as_far_as_known(0, true)", None),
        ("as_far_as_known(3, true)", 3),
        ("not_negative(null)", None),
        ("amc(90, 3)", Decimal(30)),
        ("amc(90, 3, 30.4375)", Decimal(45)),  # one month of three without stock
        ("amc(90, 3, 91.3125)", None),  # no day with stock: not a division by zero
        ("amc(90, 3, 90)", Decimal(120)),  # 70 times would not be believed
        ("amc(90, 3, 90, 10)", Decimal(300)),
        ("mos(280, 200)", 1.4),
        ("mos(4425, 4433.333333)", 0.99),  # not the 1 that would be enough
        ("mos(100, 33.333333)", 3.0),  # a third of 100, rounded
        ("mos(200, 66.666667)", 3.0),
        ("mos(99.99, 33.333333)", 2.99),
        ("mos(280, 0)", None),
        ("mos(280, null)", None),
        ("stock_status(true, false, true, 4425, 4433.333333, 1, 3)", "below_min"),
        ("stock_status(true, false, true, 4433.333333, 4433.333333, 1, 3)", "adequate"),
        ("stock_status(true, false, true, 100, 33.333333, 1, 3)", "adequate"),
        ("stock_status(true, false, true, 200, 66.666667, 3, 4)", "adequate"),
        ("stock_status(true, false, true, 100.01, 33.333333, 1, 3)", "overstocked"),
        ("stock_status(true, false, true, 5, 5, null, null)", "adequate"),
        ("expiry_band(date '2026-05-15', date '2026-04-15')", "0-1 months"),
        ("expiry_band(date '2026-05-16', date '2026-04-15')", "1-3 months"),
        ("expiry_band(date '2026-10-15', date '2026-04-15')", "3-6 months"),
        ("expiry_band(date '2027-04-15', date '2026-04-15')", "6-12 months"),
        ("expiry_band(date '2027-04-16', date '2026-04-15')", None),
    ],
)
def test_b20_each_indicator_has_one_definition(con: Connection, call: str, value: object) -> None:
    assert first(con, f"select {call}") == (value,)


@pytest.fixture
def other(tmp_path: Path, new_warehouse: Callable[[Path], Path]) -> Iterator[Connection]:
    """The golden network to alter."""
    with open_warehouse(new_warehouse(tmp_path / "working.duckdb"), SCHEMA) as opened:
        golden.fill(opened)
        yield opened


@pytest.mark.long
def test_b20_two_items_of_one_code_are_counted_each_by_itself(other: Connection) -> None:
    """Nothing keeps people from giving a code twice: figures must not multiply, and the list of doubts says it."""
    reports = ("stock_on_hand", "stock_out", "expiring_stock", "amc", "item_usage_monthly", "system_usage_monthly")
    before = {name: views.read(other, name).height for name in reports}
    golden.rows(other, "item", [{"id": "P2", "code": "P", "name": "Pethidine"}, {"id": "none", "name": "No code"}])
    golden.rows(other, "item_store_join", [{"id": "j", "item_id": "P2", "store_id": "A"}])
    added = {name: views.read(other, name).height - before[name] for name in reports}
    assert added == {"stock_on_hand": 1, "stock_out": 1, "expiring_stock": 0, "amc": 1, "item_usage_monthly": 0,
                     "system_usage_monthly": 0}  # fmt: skip
    found = shown(other, "stock_on_hand", "item_name soh_units amc_units stock_status", store="A", item="P")
    assert found == by_hand("Paracetamol 376 200 adequate\nPethidine 0 0 never_stocked")
    at_risk = shown(other, "expiring_stock", "batch at_risk_units", store="A", item="P")
    assert at_risk == by_hand("P-3 40\nP-2 23.429158")
    doubts = shown(other, "data_quality", "table_name record_id issue")
    assert [row for row in doubts if row[0] == "item"] == by_hand("""
        item P  item_code_doubled
        item P2 item_code_doubled
        item none item_code_missing
    """)


def test_b41_usage_of_the_system_is_unknown_where_no_store_is_known(other: Connection) -> None:
    other.execute("delete from replica.prescription where store_id <> 'C'")
    other.execute("delete from replica.invoice where store_id <> 'C'")
    columns = "month usage_units stores_known stores_total"
    assert shown(other, "system_usage_monthly", columns, item="P") == by_hand("""
        2025-10-01  0 1 1
        2025-11-01  0 1 1
        2025-12-01 90 1 1
        2026-01-01  0 1 1
        2026-02-01 30 0 1   # up to the 20th
        2026-03-01  - 0 1
        2026-04-01  - 0 1
    """)


def test_b20_lines_that_are_in_no_report_by_item_are_listed(other: Connection) -> None:
    line = {"store_id": "A", "pack_size": Decimal(10), "total_packs": Decimal(2), "expiry_date": date(2030, 1, 1)}
    priced = {**line, "cost_price_per_pack": Decimal(1)}
    golden.rows(other, "stock_line", [{"id": "x1", **priced}, {"id": "x2", **priced, "item_id": "gone"}])
    golden.rows(other, "stock_line", [{"id": "x3", **priced, "item_id": "P", "total_packs": None}])
    doubts = shown(other, "data_quality", "record_id item_code issue units")
    assert sorted(row for row in doubts if row[0].startswith("x")) == by_hand("""
        x1 - item_missing 20
        x2 - item_missing 20
        x3 P packs_missing -
    """)
    [total, *_] = [row[1] for row in shown(other, "stock_value", "store_code soh_value") if row[0] == "A"]
    assert total == "96.1"  # 92.1, and two lines of 2.00 that no item has


def test_b20_closed_stores_and_items_no_longer_used_are_in_no_rate_and_in_totals(other: Connection) -> None:
    other.execute("update replica.item set is_active = false where id = 'R'")
    other.execute("update replica.store set is_disabled = true where id = 'B'")
    found = shown(other, "stock_on_hand", "store_code item_code soh_units stock_status")
    assert [row for row in found if row[1] == "R" or row[0] == "B"] == by_hand("""
        A R  0 not_in_use
        B P 61 not_in_use
        B Q 280 not_in_use
        B R 40 not_in_use
        B S  - not_in_use
    """)
    assert not [row for row in shown(other, "stock_out", "store_code item_code") if row[1] == "R" or row[0] == "B"]
    assert shown(other, "stock_value_total", "total_value") == [["223.2"]]


def test_b20_since_when_a_store_is_out_is_not_known_where_something_moved_after_the_expiry(other: Connection) -> None:
    """Ten expired on 1 December; a hundred came afterwards and were used up on 10 April: it was not out all along."""
    line = {"store_id": "B", "item_id": "T", "pack_size": Decimal(1), "expiry_date": date(2025, 12, 1)}
    golden.rows(other, "stock_line", [{"id": "old", **line, "total_packs": Decimal(10)}])
    columns = "item_code is_out_now out_since_date days_out"
    assert ["T", "yes", "2025-12-01", "135"] in shown(other, "stock_out", columns, store="B")
    golden.rows(
        other,
        "invoice",
        [{"id": "in", "store_id": "B", "other_name_id": "supplier", "type": "supplier_invoice", "status": "finalised",
          "finalised_at": datetime(2026, 1, 5, tzinfo=ZoneInfo("UTC"))}],
    )  # fmt: skip
    golden.rows(
        other,
        "invoice_line",
        [{"id": "inl", "invoice_id": "in", "item_id": "T", "pack_size": Decimal(1), "packs": Decimal(100)}],
    )
    assert ["T", "yes", "-", "-"] in shown(other, "stock_out", columns, store="B")


def test_b41_two_stores_of_one_name_issue_nothing_twice(other: Connection) -> None:
    golden.rows(other, "store", [{"id": "B2", "code": "B2", "name_id": "store-B"}])
    columns = "month issued_units"
    assert ["2026-02-01", "100"] in shown(other, "item_usage_monthly", columns, store="A", item="P")
    assert ["2026-02-01", "0"] in shown(other, "system_usage_monthly", columns, item="P")


def test_prescriptions_from_no_dispensary_and_for_patients_not_visible_there_count_and_are_listed(
    other: Connection,
) -> None:
    before = shown(other, "item_usage_monthly", "store_code item_code month dispensed_units")
    golden.rows(other, "patient", [{"id": one, "home_store_id": home} for one, home in (("at", "A"), ("seen", "B"))])
    golden.rows(other, "patient", [{"id": "far", "home_store_id": "B"}])
    golden.rows(other, "patient_store_join", [{"id": "s", "patient_id": "seen", "store_id": "A"}])
    other.execute("update replica.store set mode = case id when 'B' then 'store' else 'dispensary' end")
    for patient, key in (("at", "d1"), ("seen", "d2"), ("far", "d3")):
        other.execute("update replica.prescription set patient_id = ? where id = ?", [patient, key])
    odd = ("dispensed_outside_dispensary", "patient_not_visible")
    doubts = [row for row in shown(other, "data_quality", "issue store_code item_code units") if row[0] in odd]
    assert doubts == by_hand("""
        patient_not_visible          A P 76
        dispensed_outside_dispensary B P 39
        dispensed_outside_dispensary B Q 10
        dispensed_outside_dispensary B Q 10
    """)
    assert shown(other, "item_usage_monthly", "store_code item_code month dispensed_units") == before


def test_b20_what_is_in_no_month_or_in_no_usage_is_listed(other: Connection) -> None:
    """A site whose clock is wrong, one that began with 1970, lines of documents without a pack size."""
    dates = {"d1": datetime(2036, 1, 1, tzinfo=ZoneInfo("UTC")), "d9": datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC"))}
    for key, at in dates.items():
        other.execute("update replica.prescription set dispensed_at = ? where id = ?", [at, key])
    other.execute("update replica.prescription_line set pack_size = null where id = 'd8l'")
    doubts = shown(other, "data_quality", "store_code item_code issue units")
    assert [row for row in doubts if row[2] not in ("expiry_missing", "price_missing", "negative_stock")] == by_hand("""
        A P dated_after_the_pull         124
        B P balance_not_explained        -39   # 61 are there, and 100 that came are explained
        B P document_pack_size_missing     -
        B Q balance_below_zero           -10   # in 1970 none had come yet
        B Q dated_long_ago                10
        B S pack_size_missing              -
        C Q balance_not_explained          5
    """)
    months = [row[0] for row in shown(other, "item_usage_monthly", "month", store="B", item="Q")]
    assert (months[0], len(months)) == ("2006-04-01", 241)


def test_b41_a_store_that_was_never_heard_of_is_unknown_in_every_month(other: Connection) -> None:
    other.execute("insert into ledger.site (site_id, site_code, change_set_number, consecutive_failures, "
                  "is_in_topology, is_enabled, late_after, overdue_after) values (4, 'new', 0, 0, true, true, "
                  "interval 7 days, interval 1 month)")  # fmt: skip
    other.execute("insert into ledger.instance values (4, 'D', 'active')")
    golden.rows(other, "store", [{"id": "D", "code": "D"}])
    golden.rows(other, "master_list_store", [{"id": "l-D", "master_list_id": "l", "store_id": "D"}])
    found = shown(other, "system_usage_monthly", "month stores_known stores_total", item="P")
    assert found[2:4] == by_hand("2025-12-01 2 3\n2026-01-01 2 3")
