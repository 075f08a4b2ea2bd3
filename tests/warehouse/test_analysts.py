"""The guide for analysts says what is so: everything it shows is run, on a published snapshot of the golden network."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from pipelines.cli.commands.inspect.report import report
from sites.schema import SCHEMA
from tests.warehouse import bare_client, golden
from tests.warehouse.older_duckdb import older_duckdb
from tests.warehouse.test_reports_transfers import begun
from warehouse.connection import Connection, open_warehouse, query
from warehouse.reports.files import published_reports
from warehouse.snapshots.current import current, open_snapshot
from warehouse.snapshots.publish import publish

PAGE = (Path(__file__).parents[2] / "docs/analysts.md").read_text(encoding="utf-8")
ITEM, BATCH = "AMOX0042", "K76671"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def answers() -> dict[str, list[str]]:
    """The queries below each question."""
    parts = re.split(r"^### (.+)$", PAGE, flags=re.MULTILINE)[1:]
    return {
        question: re.findall(r"^```sql\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        for question, text in zip(parts[::2], parts[1::2], strict=True)
    }


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, new_warehouse: Callable[[Path], Path]) -> Path:
    """A folder with the golden network published, the guide's item and batch in it."""
    folder = tmp_path_factory.mktemp("analysts")
    with open_warehouse(new_warehouse(folder / "working.duckdb"), SCHEMA) as con:
        golden.fill(con)
        con.execute("insert into ledger.cycle values (1, ?, 1, 'rules', 0, true)", [golden.AS_OF_AT])
        con.execute("update replica.item set code = ? where id = 'P'", [ITEM])
        con.execute("update replica.stock_line set batch = ? where id in ('p1', 'p6')", [BATCH])
        con.execute("update replica.invoice_line set batch = ? where invoice_id in ('i2', 'i4')", [BATCH])
        con.execute("update ledger.network set tracer_list = 'EML'")
        asked_for(con)
        con.execute("insert into ledger.visit values (1, 1, ?, 'ok', null, 0, 0, 0, 0, 0, 0, 0)", [golden.AS_OF_AT])
        counted = {"stocktake_id": "k", "item_id": "P", "stock_line_id": "p1", "pack_size": Decimal(100)}
        golden.rows(con, "stocktake", [{"id": "k", "store_id": "A", "status": "finalised",
                                        "finalised_at": golden.AS_OF_AT}])  # fmt: skip
        golden.rows(con, "stocktake_line", [{"id": "k", **counted, "snapshot_packs": Decimal(3),
                                             "counted_packs": Decimal("2.5")}])  # fmt: skip
        con.execute("reset variable as_of_at")
        publish(con, folder / "published", SCHEMA, now=golden.AS_OF_AT)
    return folder


def asked_for(con: Connection) -> None:
    """A asked B for quinine twice: of one nothing came yet, the other is closed."""
    for key, status in (("q1", "new"), ("q2", "finalised")):
        at = golden.AS_OF_AT - timedelta(days=20)
        head = {"item_id": "Q", "requested_units": Decimal(40), "supplied_units": Decimal(30)}
        asked = {"id": key, "store_id": "A", "other_name_id": "store-B", "type": "request", "status": "finalised"}
        answer = {"id": f"{key}-r", "store_id": "B", "other_name_id": "store-A", "type": "response", "status": status}
        golden.rows(con, "requisition", [{**asked, "finalised_at": at}, {**answer, "finalised_at": golden.AS_OF_AT}])
        lines = [{**head, "id": f"{key}l", "requisition_id": key}]
        lines += [{**head, "id": f"{key}rl", "requisition_id": f"{key}-r", "linked_line_id": f"{key}l"}]
        golden.rows(con, "requisition_line", lines)
        begun(con, "requisition", key, "A B", f"{key}-r", begun_at=at)


@pytest.fixture(scope="module")
def snapshot(project: Path) -> Iterator[Connection]:
    with open_snapshot(current(project / "published")) as con:
        yield con


@pytest.fixture(scope="module")
def working(project: Path) -> Iterator[Connection]:
    with open_warehouse(project / "working.duckdb", SCHEMA, read_only=True) as con:
        con.execute("set variable as_of_at = ?::timestamptz", [golden.AS_OF_AT])
        yield con


def answer(con: Connection, question: str, number: int = 0) -> list[dict[str, Any]]:
    return query(con, answers()[question][number].rstrip().removesuffix(";")).to_dicts()


def column(rows: list[dict[str, Any]], name: str) -> list[Any]:
    return [row[name] for row in rows]


def test_there_are_at_least_ten_questions() -> None:
    assert len([question for question in answers() if question.endswith("?")]) >= 10


@pytest.mark.parametrize("sql", blocks("sql"), ids=lambda sql: re.sub(r"\W+", " ", sql)[:60])
def test_every_query_runs_on_a_snapshot(snapshot: Connection, sql: str) -> None:
    found = query(snapshot, sql.rstrip().removesuffix(";"))
    assert found.height or "reports.transfer" in sql or "reports.redistribution" in sql


@pytest.mark.long
@pytest.mark.parametrize(
    "sql", [sql for sql in blocks("sql") if "reports." in sql], ids=lambda sql: re.sub(r"\W+", " ", sql)[:60]
)
def test_every_query_on_reports_gives_the_same_in_both_databases(
    snapshot: Connection, working: Connection, sql: str
) -> None:
    """As the reports that they read are the same: `test_snapshot.py` says that of each of them."""
    sql = sql.rstrip().removesuffix(";")
    assert query(working, sql).rows() == query(snapshot, sql).rows()


def bare(tmp_path: Path, *modules: str) -> Path:
    """A folder with these modules of this Python's packages and nothing else."""
    packages = Path(sysconfig.get_path("purelib"))
    for module in modules:
        for path in [packages / module, *packages.glob(f"{module}.*.so"), *packages.glob(f"{module}-*.dist-info")]:
            if path.exists():
                (tmp_path / path.name).symlink_to(path)
    return tmp_path


@pytest.mark.parametrize("version", ["1.2.2", duckdb.__version__])
def test_every_query_of_the_guide_and_every_report_runs_where_duckdb_is_all_there_is(
    project: Path, snapshot: Connection, tmp_path: Path, version: str
) -> None:
    """By `fetchall()`, the first thing that people try; DuckDB 1.x needs pytz for a moment, as the guide says."""
    is_old = version == "1.2.2"
    packages = older_duckdb() if is_old else bare(tmp_path, "duckdb", "_duckdb")
    queries = [*blocks("sql"), *(f"from reports.{file.name}" for file in published_reports())]
    said = subprocess.run(
        [sys.executable, "-S", bare_client.__file__, str(current(project / "published").path)],
        input=json.dumps(queries), capture_output=True, text=True, check=False,
        env={"PYTHONPATH": str(packages), "PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    found = json.loads(said.stdout)
    assert (found["version"], found["failed"]) == (version, {})
    assert found["rows"] == [len(snapshot.sql(query).fetchall()) for query in queries]
    assert "pip install duckdb pytz\n" in blocks("sh")


def test_w3_stock_of_an_item_at_each_store(snapshot: Connection) -> None:
    rows = answer(snapshot, "How much of an item is there at each store?")
    assert column(rows, "store_code") == ["A", "B", "C"]
    assert column(rows, "soh_units") == [Decimal(376), Decimal(61), Decimal(380)]
    assert rows[2]["stock_status"] == "unknown"


def test_w3_stock_of_all_items_at_a_store(snapshot: Connection) -> None:
    assert len(answer(snapshot, "What does a store have of everything?")) == 5


def test_w3_value_of_each_store_and_of_all(snapshot: Connection) -> None:
    question = "What is the stock worth, at each store and in all?"
    [total] = answer(snapshot, question, 1)
    assert total["total_value"] == sum(column(answer(snapshot, question), "soh_value"))
    assert (total["sites_current"], total["sites_total"]) == (2, 3)


def test_w3_usage_by_month_is_empty_where_nobody_knows(snapshot: Connection) -> None:
    rows = answer(snapshot, "How much of an item did each store use in each month?")
    used = {row["store_code"]: row for row in rows}
    assert used["B"]["2026-03"] == Decimal(39)
    assert used["A"]["2026-01"] == Decimal(124)
    assert used["A"]["2026-03"] == Decimal(276)
    assert (used["C"]["2026-02"], used["C"]["2026-03"]) == (Decimal(30), None)


def test_w3_who_has_a_recalled_batch_and_who_was_sent_it(snapshot: Connection) -> None:
    question = "A batch is recalled: who has it, and who was sent it?"
    held = answer(snapshot, question)
    assert [(row["store_code"], row["soh_units"]) for row in held] == [("A", Decimal(250)), ("B", Decimal(31))]
    sent = answer(snapshot, question, 1)
    assert [(row["store_code"], row["issued_to"], row["units"]) for row in sent] == [("A", "Clinic", Decimal(100))]


def test_w3_who_is_silent(snapshot: Connection) -> None:
    assert column(answer(snapshot, "Who is silent?"), "site_code") == ["far"]


def test_w3_what_the_system_consumes_counts_a_tablet_once(snapshot: Connection) -> None:
    rows = answer(snapshot, "How much of each item does the whole system consume?")
    used = {(row["item_code"], f"{row['month']:%Y-%m}"): row["usage_units"] for row in rows}
    assert used[ITEM, "2026-03"] == Decimal(76 + 39 + 200)
    assert used[ITEM, "2026-02"] == Decimal(100 + 30)


def test_w2_the_macros_are_in_the_file(snapshot: Connection) -> None:
    [row] = query(snapshot, blocks("sql")[-1].rstrip().removesuffix(";")).to_dicts()
    assert row == {"units": Decimal(1200), "months_of_stock": 3.0, "band": "0-1 months"}


def test_the_python_of_the_guide_runs(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    said: dict[str, Any] = {}
    for block in blocks("python"):
        exec(block, said)
    assert len(said["value"]) == 3
    assert isinstance(said["stock"], pl.DataFrame)
    assert said["usage"].height > 20


def test_the_commands_of_the_guide_have_these_options() -> None:
    lines = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("supplysync report ")]
    assert lines
    for line in lines:
        assert report.make_context("report", shlex.split(line)[2:]).params["published"]


def test_w1_whoever_connects_as_the_guide_says_reads_only(project: Path) -> None:
    with duckdb.connect(str(project / "published/current.duckdb"), read_only=True) as con:
        with pytest.raises(duckdb.InvalidInputException, match="read-only"):
            con.execute("delete from item")
        assert con.execute("select count(*) from reports.stock_value").fetchall() == [(3,)]
