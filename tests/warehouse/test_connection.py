"""Opening the warehouse: its schema, its lock, its names."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest

from sites.schema import SCHEMA
from sync_rules.schema import Schema
from warehouse.connection import WarehouseBusy, open_warehouse, quote, spilling

NewWarehouse = Callable[[Path], Path]

ROOT = Path(__file__).parents[2]
HOLDER = """
import sys, duckdb
con = duckdb.connect(sys.argv[1]); print("held", flush=True); sys.stdin.readline()
"""


def columns_of(path: Path, schema: Schema, table: str) -> list[tuple[str, str]]:
    with open_warehouse(path, schema) as con:
        return con.execute(
            "select column_name, data_type from duckdb_columns() "
            "where schema_name = 'replica' and table_name = ? order by column_index",
            [table],
        ).fetchall()


def test_w2_there_is_a_replica_of_every_table_under_its_own_name_without_secrets(tmp_path: Path) -> None:
    path = tmp_path / "working.duckdb"
    with open_warehouse(path, SCHEMA) as con:
        found = con.execute(
            "select table_name from duckdb_tables() where schema_name = 'replica' order by 1"
        ).fetchall()
    assert [name for (name,) in found] == sorted(SCHEMA.tables)
    secret = {column.name for column in SCHEMA.tables["user_account"] if column.is_secret}
    assert secret
    assert not secret & {name for name, _ in columns_of(path, SCHEMA, "user_account")}


def test_a_new_column_of_the_site_schema_is_added_to_the_replica(tmp_path: Path, new_warehouse: NewWarehouse) -> None:
    """A warehouse as a version made it that did not know the column yet."""
    path, whole = new_warehouse(tmp_path / "working.duckdb"), SCHEMA.tables["label"]
    with duckdb.connect(str(path)) as con:
        con.execute("drop schema reports cascade")
        con.execute(f"alter table replica.label drop column {whole[-1].name}")
        con.execute("update report_text set text = 'of another version'")
    assert [name for name, _ in columns_of(path, SCHEMA, "label")] == [column.name for column in whole]


def test_another_process_is_waited_for_and_then_named(tmp_path: Path, new_warehouse: NewWarehouse) -> None:
    path = new_warehouse(tmp_path / "working.duckdb")
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(WarehouseBusy, match="open in another process"), open_warehouse(path, SCHEMA, wait_s=0.2):
            pass
        holder.communicate("\n")
    with open_warehouse(path, SCHEMA, wait_s=5):
        pass


@pytest.mark.parametrize("name", ['item"; drop table x', "a b", "", "naïve", "1st"])
def test_s4_only_plain_names_reach_sql(name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        quote(name)


_READING = """
import sys
import duckdb, polars as pl
from warehouse.connection import registered, transaction
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096 // 1_000_000
with duckdb.connect() as con, transaction(con):
    con.execute("create table kept (id varchar)")
    for number in range(9):
        frame = pl.select(pl.int_range(100_000).cast(pl.String).str.pad_end(200, "x").alias("id"))
        with registered(con, batch=frame):
            con.execute("insert into kept select id from batch where id like '7%' limit 1")
            con.execute("insert into kept select id from batch where id like '8%' limit 1")
        del frame
        first = resident() if number == 0 else first
    print(resident() - first, con.execute("select count(*) from kept").fetchall()[0][0])
"""


def test_frames_of_many_rows_are_let_go_before_the_transaction_ends() -> None:
    """Each has 20 MB, and DuckDB would keep all that was registered: slices of a first load, until the last is in."""
    told = subprocess.run([sys.executable, "-c", _READING], capture_output=True, text=True, check=True, cwd=ROOT)
    grown, rows = map(int, told.stdout.split())
    assert (grown < 80, rows) == (True, 18), grown


def test_what_spills_leaves_the_limit_as_it_was(tmp_path: Path, new_warehouse: NewWarehouse) -> None:
    with open_warehouse(new_warehouse(tmp_path / "w.duckdb"), SCHEMA) as con:
        limit = "select current_setting('memory_limit')"
        before = con.execute(limit).fetchall()
        with suppress(ValueError), spilling(con, "300MB"):
            assert con.execute(limit).fetchall() == [("286.1 MiB",)]
            raise ValueError
        assert con.execute(limit).fetchall() == before
