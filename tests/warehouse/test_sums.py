"""Reports by region, level, VEN, list, programme: figures are added up, shares are of sums (W3, W4)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from sites.schema import SCHEMA
from tests.warehouse import golden
from tests.warehouse.test_golden import by_hand, said, shown
from warehouse.connection import Connection, open_warehouse
from warehouse.exports import views
from warehouse.exports.figures import FIGURES, ITEM_FIGURES, ONE_MONTH
from warehouse.exports.groups import GROUPS, NONE_SAID, OVERLAPPING
from warehouse.exports.order_figures import NO_SUMS
from warehouse.exports.sums import add_up, column_of, key_of, summed, ways_of
from warehouse.exports.views import UnknownFilter
from warehouse.reports.files import report_files


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory, new_warehouse: Callable[[Path], Path]) -> Iterator[Connection]:
    """The golden network: A and B in the north, C in no region; A a depot; P, R, T vital, Q essential, S unsaid."""
    with open_warehouse(new_warehouse(tmp_path_factory.mktemp("sums") / "working.duckdb"), SCHEMA) as opened:
        golden.fill(opened)
        golden.rows(opened, "region", [{"id": "n", "name": "North"}])
        golden.rows(opened, "name_category", [{"id": "d", "name": "Depot"}, {"id": "c", "name": "Clinic"}])
        opened.execute("update replica.name set region_id = 'n' where id in ('store-A', 'store-B')")
        opened.execute("update replica.name set name_category_id = if(id = 'store-A', 'd', 'c') where id like 'store%'")
        golden.rows(opened, "name_tag", [{"id": "i", "name": "Island"}, {"id": "h", "name": "HIV"}])
        joined = [("store-B", "i"), ("store-C", "i"), ("store-C", "h")]
        golden.rows(opened, "name_tag_join",
                    ({"id": name + tag, "name_id": name, "name_tag_id": tag} for name, tag in joined))  # fmt: skip
        opened.execute("update replica.item set ven_category = if(id = 'Q', 'E', 'V') where id <> 'S'")
        golden.rows(opened, "program", [{"id": "m", "code": "MAL", "name": "Malaria"}])
        golden.rows(opened, "master_list", [{"id": "m", "code": "AM", "name": "Antimalarials", "program_id": "m"}])
        golden.rows(opened, "master_list_line", ({"id": f"m{i}", "master_list_id": "m", "item_id": i} for i in "PQ"))
        yield opened


def added(con: Connection, report: str, ways: str, columns: str, **asked: Any) -> list[list[str]]:
    rows = add_up(con, report, ways.split(), **asked).rows.select([*columns.split()])
    return [[said(value) for value in row] for row in rows.iter_rows()]


def test_w3_where_stores_are_and_what_their_facilities_are(con: Connection) -> None:
    assert shown(con, "stores", "store_code region_name level_name") == by_hand("""
        A North Depot
        B North Clinic
        C -     Clinic
    """)
    assert shown(con, "store_tags", "store_code tag_name") == by_hand("""
        B Island
        C HIV
        C Island
    """)
    assert shown(con, "item_lists", "list_code item_code programme_code programme_name") == by_hand("""
        AM P MAL Malaria
        AM Q MAL Malaria
        EML P - -
        EML S - -
    """)


def test_w3_bands_and_values_by_region_are_sums_and_shares_of_sums(con: Connection) -> None:
    """C is silent: its pairs are unknown, and its value counts as it was."""
    columns = "region_name stores items judged_pairs stocked_out_pairs pct_stocked_out unknown_pairs value_amount"
    assert added(con, "stock_on_hand", "region", columns) == by_hand("""
        North 2 5 7 2 28.571429 1 199.2   # of A P Q R T, B P Q R; R is out at both; B S has no pack size
        -     1 2 0 0 -         2  24
    """)


def test_w3_w4_the_rate_of_stock_outs_is_one_whatever_report_has_it(con: Connection) -> None:
    """A store that has some is not out of it, whether or not anybody knows how long that lasts."""
    assert added(con, "stock_on_hand", "region", "region_name judged_pairs pct_stocked_out") == by_hand("""
        North 7 28.571429
        -     0 -
    """)
    con.execute("begin")
    con.execute("update replica.store set mode = 'store' where id = 'B'")
    con.execute("delete from replica.prescription where store_id = 'B'")
    con.execute("delete from replica.invoice where store_id = 'B'")
    columns = "region_name known_pairs stocked_out_pairs pct_stocked_out judged_pairs unknown_pairs"
    found = added(con, "stock_on_hand", "region", columns)
    out = added(con, "stock_out", "region", "region_name known_pairs out_pairs pct_out")
    con.execute("rollback")
    assert [row[:4] for row in found] == out
    assert found[0][1:] == ["7", "2", "28.571429", "5", "3"]  # of B, P and Q are there, and nobody knows what it uses


def test_w3_units_are_added_up_of_one_item_only(con: Connection) -> None:
    assert "usable_units" not in add_up(con, "stock_on_hand", ["region"]).rows.columns
    assert added(con, "stock_on_hand", "level", "level_name usable_units", item="P") == by_hand("""
        Clinic 441   # 61 and 380
        Depot  280
    """)
    assert added(con, "stock_on_hand", "region item", "region_name item_code usable_units")[0] == ["North", "P", "341"]
    with pytest.raises(UnknownFilter, match="units of different items are no sum"):
        add_up(con, "item_usage_monthly", ["region"])


def test_w3_the_rate_of_stock_outs_of_several_items_is_days_by_days(con: Connection) -> None:
    """31 of 62 days, none of 62 and 24 of 30: their mean would be 43.3."""
    columns = "ven_category days_out days_known pct_days_out"
    found = added(con, "stock_out_monthly", "ven", columns, month="2026-03")
    by_item = {row[0]: row[1:] for row in added(con, "stock_out_monthly", "item", "item_code days_out days_known",
                                                month="2026-03")}  # fmt: skip
    vital = [sum(int(by_item[item][place]) for item in "PRT") for place in (0, 1)]
    assert found[1] == ["V", *map(str, vital), said(100 * vital[0] / vital[1])]
    assert vital[0] > 31


def test_w3_what_was_there_at_two_times_is_no_sum(con: Connection) -> None:
    assert "closing_value" not in add_up(con, "stock_monthly", ["region"]).rows.columns
    columns = "region_name closing_units closing_value"
    assert added(con, "stock_monthly", "region", columns, item="P", month="2026-03") == by_hand("""
        North 461 55.142553   # 400 and 61; 49.042553 and 6.1
        -       -  -          # C was not heard since February
    """)


def test_w3_an_item_on_two_lists_counts_in_both_and_one_on_none_is_a_row_of_its_own(con: Connection) -> None:
    """P is on both lists. The whole is that of all rows, not of the sums."""
    found = added(con, "stock_on_hand", "list", "list_code value_amount pct_of_value", store="A")
    whole = sum(row["value_amount"] or 0 for row in views.read(con, "stock_on_hand", store="A").to_dicts())
    assert found == [
        ["AM", "76.1", said(100 * 76.1 / float(whole))],
        ["EML", "46.1", said(100 * 46.1 / float(whole))],
        ["-", said(whole - Decimal("76.1")), said(100 - 100 * 76.1 / float(whole))],
    ]


@pytest.mark.parametrize(
    ("asked", "stores"),
    [
        ({"region": "North"}, "AB"),
        ({"level": "Clinic"}, "BC"),
        ({"tag": ("Island", "HIV")}, "BC"),
        ({"region": "North", "tag": "Island"}, "B"),
        ({"region": NONE_SAID}, "C"),
        ({"region": (NONE_SAID, "North")}, "ABC"),
        ({"tag": NONE_SAID, "region": "North"}, "A"),
    ],
)
def test_w3_reports_are_filtered_by_what_stores_are(con: Connection, asked: Any, stores: str) -> None:
    assert {row[0] for row in shown(con, "stock_on_hand", "store_code", **asked)} == set(stores)
    sites = {"A": "main", "B": "clinic", "C": "far"}
    assert {row[0] for row in shown(con, "sync_status", "site_code", **asked)} == {sites[one] for one in stores}


@pytest.mark.parametrize(
    ("asked", "items"), [({"ven": "V"}, "PRT"), ({"list": ("EML", "AM")}, "PQS"), ({"programme": "MAL"}, "PQ"),
     ({"ven": NONE_SAID}, "S"), ({"ven": ("E", NONE_SAID)}, "QS"), ({"programme": NONE_SAID, "ven": "V"}, "RT")],
)  # fmt: skip
def test_w3_reports_are_filtered_by_what_items_are(con: Connection, asked: Any, items: str) -> None:
    assert {row[0] for row in shown(con, "stock_on_hand", "item_code", **asked)} == set(items)


@pytest.mark.parametrize("way", sorted(GROUPS.keys() - OVERLAPPING))
def test_w3_what_is_said_and_what_is_not_are_the_whole(con: Connection, way: str) -> None:
    """Each part that is asked for is that of the sums; together they are all rows."""
    found = {row[0]: row[1] for row in added(con, "stock_on_hand", way, f"{column_of(way)} value_amount")}
    parts = {
        value: [row["value_amount"] for row in views.read(con, "stock_on_hand", **{way: value}).to_dicts()]
        for value in (NONE_SAID if value == "-" else value for value in found)
    }
    assert sum(len(part) for part in parts.values()) == views.read(con, "stock_on_hand").height
    assert {value: said(sum(one or 0 for one in part)) for value, part in parts.items()} == {
        NONE_SAID if value == "-" else value: total for value, total in found.items()
    }


def test_a_value_that_nothing_has_is_refused_with_those_there_are(con: Connection) -> None:
    with pytest.raises(UnknownFilter, match="there is no region `Norht`; there is `North`"):
        views.read(con, "stock_on_hand", region="Norht")
    with pytest.raises(UnknownFilter, match="`item_code` to filter by; `item_fill_monthly` has it; filters it has"):
        views.read(con, "order_fill_monthly", ven="V")
    with pytest.raises(UnknownFilter, match="has no column `item_code` to filter by"):
        views.read(con, "stock_value", ven="V")
    with pytest.raises(UnknownFilter, match="cannot be added up by `ven`; it can by region, level, tag, store"):
        add_up(con, "stock_value", ["ven"])
    with pytest.raises(UnknownFilter, match="`data_quality` has no figures to add up"):
        add_up(con, "data_quality", ["region"])


def test_a_sum_that_makes_no_sense_is_refused_with_why_and_where_there_is_one(con: Connection) -> None:
    for report, why in NO_SUMS.items():
        ways = ways_of(report)
        assert "region" not in ways
        with pytest.raises(UnknownFilter, match=re.escape(why)):
            add_up(con, report, ["region"])


def test_w3_what_to_order_is_added_up_by_region(con: Connection) -> None:
    """The north is A and B; of C nobody knows what to order. To plan: 2 of 6; one of the 7 needs nothing."""
    rows = views.read(con, "suggested_orders").to_dicts()
    north = [row for row in rows if row["store_code"] in "AB"]
    worth = sum(row["suggested_value"] or 0 for row in north)
    found = added(con, "suggested_orders", "region", "region_name stores pairs to_order_pairs unknown_pairs "
                                                     "suggested_value")  # fmt: skip
    assert found[0] == ["North", "2", str(len(north)), str(sum((row["suggested_units"] or 0) > 0 for row in north)),
                        str(sum(row["suggested_units"] is None for row in north)), said(worth)]  # fmt: skip
    assert (found[1][0], found[1][4]) == ("-", found[1][2])
    assert added(
        con, "stock_on_hand", "region", "region_name adequate_pairs plan_pairs pct_adequate_of_plan"
    ) == by_hand(
        """
        North 2 6 33.333333
        -     0 0 -
        """
    )


def test_w3_shares_of_several_rows_are_of_sums_and_of_who_asked(con: Connection) -> None:
    """3 of 4 lines in full in one month and 0 of 1 in the next are 60 %, not 37.5; what has no store has no region."""
    table = {"lines": [4, 1, 2], "lines_in_full": [3, 0, 1], "customer_code": ["A", "B", None],
             "supplier_code": ["C", None, "A"], "kind": ["requisition", "purchase_order", "requisition"]}  # fmt: skip
    con.register("some_orders", pl.DataFrame(table).to_arrow())
    chosen = {name: FIGURES["order_fill_monthly"][name] for name in ("lines", "lines_in_full", "pct_lines_in_full")}
    found = con.execute(summed("order_fill_monthly", ["region"], chosen, "true", "some_orders")).fetchall()
    assert found == [("North", 5, 3, 60), (None, 2, 1, 50)]
    found = con.execute(summed("order_fill_monthly", ["kind"], chosen, "true", "some_orders")).fetchall()
    assert found == [("purchase_order", 1, 0, 0), ("requisition", 6, 4, pytest.approx(66.666667))]


ADDITIVE = {name: [column for column, figure in figures.items()
                   if column not in ONE_MONTH and figure.sql in (f"sum({column})", f"cast(sum({column}) as bigint)")]
            for name, figures in FIGURES.items()}  # fmt: skip


WIDE = {"stock_on_hand", "stock_out", "stock_monthly", "suggested_orders", "expiry_ahead_monthly"}
"""Of these there are many figures and ways."""


@pytest.mark.parametrize(
    "report", [pytest.param(one, marks=[pytest.mark.long] * (one in WIDE)) for one in sorted(FIGURES)]
)
def test_w3_sums_are_what_adding_up_the_rows_gives(con: Connection, report: str) -> None:
    """Of each way: what Polars adds up of the report's rows, joined with how stores and items are sorted."""
    rows, columns = views.read(con, report), ADDITIVE[report]
    for way in (way for way in ways_of(report) if way in GROUPS):
        key = key_of(report, way)
        if key == "site_code" or rows.is_empty():
            continue
        pairs = con.sql(GROUPS[way].pairs).pl().rename({"code": key, "value": GROUPS[way].column})
        expected = (
            rows.join(pairs, on=key, how="left")
            .group_by(GROUPS[way].column)
            .agg(pl.when(pl.col(column).count() > 0).then(pl.col(column).sum()).alias(column) for column in columns)
        )
        found = add_up(con, report, [way]).rows.select(GROUPS[way].column, *columns)
        assert as_texts(found) == as_texts(expected), way


def as_texts(frame: pl.DataFrame) -> set[tuple[str, ...]]:
    return {tuple(said(value) for value in row) for row in frame.iter_rows()}


def test_each_figure_says_what_it_means_and_is_of_a_report_that_there_is(con: Connection) -> None:
    names = {file.name for file in report_files()}
    assert {*FIGURES, *ITEM_FIGURES} <= names
    for name in {*FIGURES, *ITEM_FIGURES}:
        made = add_up(con, name, ["item"] if "item" in ways_of(name) else ["region"])
        assert list(made.columns) == made.rows.columns
        assert all(made.columns.values())
