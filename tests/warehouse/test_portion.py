"""A part of a snapshot has the figures of its stores, and nothing of any other."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from bench.networks.large_network import published_network
from warehouse.connection import query, read_only
from warehouse.reports.files import published_reports
from warehouse.snapshots.current import PublishedEarlier, current, told_of_version
from warehouse.snapshots.portion import (
    OF_ALL,
    OF_SITES,
    OF_STORES,
    OF_TWO,
    PAPERS,
    RECKONED,
    REPORTS_OF_SOME,
    write_portion,
)

OF_THE_NETWORK = {"completeness", "sync_status", "sync_daily", "site_visits", "reporting_monthly", "reporting_weekly",
                  "dictionary"}  # fmt: skip
_ASKED = """
insert into replica.requisition (id, store_id, other_name_id, type, status, number, created_at)
select 'q' || n, n - 1, 'name' || n, 'response', 'finalised', n, now() - interval 20 days from range(2, 5) as t(n);
insert into replica.requisition_line (id, requisition_id, item_id, requested_units, supplied_units)
select 'q' || n, 'q' || n, '1', 100, 60 from range(2, 5) as t(n);
"""
"""S02 asked S01, S03 asked S02, S04 asked S03."""

_COLUMNS = {file.name: set(file.columns) for file in published_reports()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, new_warehouse: Callable[[Path], Path]) -> Path:
    """The file of a snapshot of six stores."""
    folder = tmp_path_factory.mktemp("network")
    new_warehouse(folder / "working.duckdb")
    with published_network(folder, items=8) as con:
        con.execute(_ASKED)
    return current(folder / "published").path


def stores_of(whole: Path) -> list[str]:
    with read_only(whole) as con:
        return list(query(con, "select store_code from reports.stores order by all")["store_code"])


def test_precision_37_a_report_of_some_stores_says_of_which_and_of_no_other() -> None:
    """Whoever adds a column of a second store to one of these has to take the report off the list."""
    others = {"from_store_code", "to_store_code", "customer_code", "supplier_code", "store_codes", "site_code"}
    for name in OF_STORES:
        assert "store_code" in _COLUMNS[name]
        assert not (_COLUMNS[name] & others) - {"site_code"}, name
    for name in OF_SITES:
        assert "site_code" in _COLUMNS[name]
        assert not _COLUMNS[name] & {"store_code", *others} - {"site_code", "store_codes"}, name
    for name in OF_ALL:
        assert not _COLUMNS[name] & {"store_code", *others}, name
    for name, parties in OF_TWO.items():
        assert _COLUMNS[name] & {"store_code", *others} == {*parties}, name
    assert _COLUMNS.keys() >= REPORTS_OF_SOME


def test_precision_37_what_is_in_no_list_is_in_no_file(whole, tmp_path):
    """Also no replica whole: of the documents of its transfers some columns, of items their names."""
    write_portion(whole, tmp_path / "part.duckdb", stores=["S02"], regions=[])
    with read_only(tmp_path / "part.duckdb") as con:
        found = con.execute("select table_schema, table_name from information_schema.tables").fetchall()
        columns = con.execute(
            "select table_name, list(column_name order by ordinal_position) from information_schema.columns "
            "where table_schema = 'main' group by all"
        ).fetchall()
    wanted = [*(("reports", name) for name in REPORTS_OF_SOME), *(("main", name) for name in PAPERS)]
    assert sorted(found) == sorted(wanted)
    assert {name: tuple(held) for name, held in columns} == PAPERS


def test_precision_37_no_value_of_any_table_names_another_store(whole, tmp_path):
    seen, *others = stores_of(whole)
    write_portion(whole, tmp_path / "part.duckdb", stores=[seen], regions=[])
    with read_only(tmp_path / "part.duckdb") as con:
        for name in sorted(REPORTS_OF_SOME - OF_TWO.keys()):
            values = {str(one) for row in con.execute(f"from reports.{name}").fetchall() for one in row}
            assert not values & set(others), name
        assert query(con, "select store_code from reports.stock_value")["store_code"].to_list() == [seen]


def test_precision_37_of_two_stores_it_has_the_documents_of_which_one_is_seen(whole, tmp_path):
    """S02 gets goods of S01, asks it, and is asked by S03: nothing that passes between others is there."""
    write_portion(whole, tmp_path / "part.duckdb", stores=["S02"], regions=[])
    with read_only(whole) as con, read_only(tmp_path / "part.duckdb") as part:
        for name, parties in OF_TWO.items():
            is_mine = " or ".join(f"{column} = 'S02'" for column in parties)
            wanted = query(con, f"from reports.{name} where {is_mine} order by rowid")
            found = query(part, f"from reports.{name} order by rowid")
            assert found.equals(wanted), name
            assert wanted.height < con.execute(f"select count(*) from reports.{name}").fetchall()[0][0], name
            assert wanted.height or name == "transfer_lines", name
        asked = "select customer_code, supplier_code from reports.order_lines order by all"
        assert part.execute(asked).fetchall() == [("S02", "S01"), ("S03", "S02")]
        lines = "select distinct invoice_id from invoice_line order by all"
        assert part.execute(lines).fetchall() == [(one,) for one in ("r4", "t12", "t4", "t8")]


def test_precision_37_of_all_stores_it_is_what_the_network_says(whole, tmp_path):
    """So that what is worked out anew is the same figure, by the same definition."""
    write_portion(whole, tmp_path / "part.duckdb", stores=stores_of(whole), regions=[])
    with read_only(whole) as con, read_only(tmp_path / "part.duckdb") as part:
        for name in sorted(REPORTS_OF_SOME - OF_THE_NETWORK):
            wanted, found = (query(one, f"from reports.{name} order by rowid") for one in (con, part))
            assert found.schema == wanted.schema
            assert found.equals(wanted), name
        said = query(con, "select * exclude (sites_silent_7d, sites_silent_1m, silent_sites) from reports.completeness")
        assert query(part, f"select {', '.join(said.columns)} from reports.completeness").equals(said)


def test_precision_37_sums_are_of_the_stores_seen(whole, tmp_path):
    two = stores_of(whole)[1:3]
    write_portion(whole, tmp_path / "part.duckdb", stores=two, regions=[])
    with read_only(whole) as con, read_only(tmp_path / "part.duckdb") as part:
        value = "select sum(soh_value) from reports.stock_value where store_code in (select unnest(?))"
        [wanted] = con.execute(value, [two]).fetchall()
        assert part.execute("select total_value from reports.stock_value_total").fetchall() == [wanted]
        assert part.execute("select round(sum(pct_of_total)) from reports.stock_value").fetchall() == [(100,)]
        assert part.execute("select stores_total from reports.completeness").fetchall() == [(2,)]
        days = "select sum(stock_out_days) from reports.stock_monthly where store_code in (select unnest(?))"
        [(out,)] = con.execute(days, [two]).fetchall()
        assert part.execute("select sum(days_out) from reports.stock_out_monthly").fetchall() == [(out or 0,)]


def test_precision_37_a_region_is_its_stores_and_what_is_none_adds_nothing(whole, tmp_path):
    with read_only(whole) as con:
        [(region, store)] = con.execute(
            "select region_name, min(store_code) from reports.stores group by all having count(*) = 1 "
            "order by all limit 1"
        ).fetchall()
    write_portion(whole, tmp_path / "part.duckdb", stores=["nowhere"], regions=[region, "Atlantis"])
    with read_only(tmp_path / "part.duckdb") as part:
        assert part.execute("select store_code from reports.stores").fetchall() == [(store,)]


def test_precision_37_a_site_is_seen_only_with_all_its_stores(whole, tmp_path):
    """Its queue, its visits and its errors are of all of them."""
    with read_only(whole) as con:
        by_site = dict(con.execute("select site_code, list(store_code) from reports.stores group by all").fetchall())
    for site, stores in by_site.items():
        path = tmp_path / f"{site}.duckdb"
        write_portion(whole, path, stores=stores[:1], regions=[])
        with read_only(path) as part:
            seen = [code for (code,) in part.execute("select site_code from reports.sync_status").fetchall()]
        assert seen == ([site] if len(stores) == 1 else [])


def test_w1_of_a_snapshot_that_lacks_what_is_needed_there_is_no_part_and_it_is_said_why(whole, tmp_path):
    """An earlier version published it. What is wrong with a query is told as ever."""
    shutil.copy(whole, tmp_path / "earlier.duckdb")
    with duckdb.connect(str(tmp_path / "earlier.duckdb")) as con:
        con.execute("alter table reports.stock_monthly drop column stock_status")
    with pytest.raises(PublishedEarlier, match="supplysync warehouse publish"):
        write_portion(tmp_path / "earlier.duckdb", tmp_path / "part.duckdb", stores=["S02"], regions=[])
    with read_only(whole) as con, pytest.raises(duckdb.BinderException), told_of_version(con):
        con.execute("select nonsense from reports.stores")


def test_nothing_is_worked_out_that_is_filtered_as_well() -> None:
    assert not set(RECKONED) & (OF_ALL | OF_STORES | OF_SITES)
