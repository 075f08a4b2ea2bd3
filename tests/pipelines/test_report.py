"""`report` and `warehouse dictionary`: formats, files, filters, and what is said of completeness (W4)."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from openpyxl.reader.excel import load_workbook

from central.asker import now
from central.cycle.publish import publish_project
from central.cycle.run import run_cycle
from central.project import load
from pipelines.cli.speech.export_file import write_out
from pipelines.cli.speech.report_columns import ON_SCREEN
from sites.schema import SCHEMA
from tests.central.small_network import Network, make_network, stock_line
from tests.pipelines.conftest import Said
from warehouse.connection import open_warehouse
from warehouse.exports.write import BYTE_ORDER_MARK
from warehouse.reports.files import report_files

Command = Callable[..., Said]


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory, new_warehouse: Callable[[Path], Path]) -> Network:
    """The small network, all SQLite, with two stock lines in NTH, published. Made once: tests change nothing."""
    folder = tmp_path_factory.mktemp("reports") / "network"
    network = make_network(folder, "sqlite:///north.sqlite", "sqlite:///south.sqlite")
    new_warehouse(network.project.warehouse)
    run_cycle(network.project, now=now())
    network.people_put("north", "stock_line", stock_line(1, "NTH"), stock_line(2, "NTH"))
    run_cycle(network.project, now=now())
    publish_project(network.project, now=now())
    return network


def test_a_byte_order_mark_is_for_files_and_not_for_pipes(stocked: Network, command: Command, tmp_path: Path) -> None:
    """What reads a pipe takes it for part of the first column's name."""
    folder = str(stocked.project.folder)
    file = tmp_path / "stores.csv"
    assert command("report", "stores", "-C", folder, "-o", str(file)).code == 0
    asked = [str(Path(sys.executable).with_name("supplysync")), "report", "stores", "-C", folder, "--format", "csv"]
    piped = subprocess.run(asked, capture_output=True, check=True).stdout
    with (tmp_path / "redirected.csv").open("wb") as out:
        subprocess.run(asked, stdout=out, stderr=subprocess.DEVNULL, check=True)
    assert file.read_bytes() == (tmp_path / "redirected.csv").read_bytes() == BYTE_ORDER_MARK + piped
    assert piped.startswith(b"store_code,")


def column_of(path: Path, column: str) -> list[Any]:
    """A column of an export as texts and numbers alike."""
    if path.suffix == ".csv":
        return [row[column] for row in csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline=""))]
    if path.suffix == ".json":
        return [row[column] for row in json.loads(path.read_text("utf-8"))["rows"]]
    if path.suffix == ".parquet":
        return pl.read_parquet(path)[column].to_list()
    header, *rows = load_workbook(path).worksheets[0].iter_rows(values_only=True)
    return [row[header.index(column)] for row in rows]


def test_w4_a_report_is_written_to_a_file_of_each_format_and_says_how_complete_it_is(
    stocked: Network, command: Command, tmp_path: Path
) -> None:
    for suffix in ("csv", "json", "parquet", "xlsx"):
        file = tmp_path / f"soh.{suffix}"
        said = command("report", "stock_on_hand", "--store", "NTH", "-o", file, "-C", stocked.folder)
        assert (said.code, said.out) == (0, "")
        assert "3 of 3 stores current" in said.err
        assert column_of(file, "item_code") == ["AMOX", "PARA"], suffix
        assert [float(units) for units in column_of(file, "soh_units")] == [1000, 1000], suffix
    assert [path.name for path in tmp_path.glob(".*")] == []
    about = json.loads((tmp_path / "soh.json").read_text("utf-8"))["about"]
    assert about["filters"] == {"store": "NTH"}
    assert about["columns"].keys() == {file.name: file for file in report_files()}["stock_on_hand"].columns.keys()


@pytest.mark.parametrize("format_", ["table", "csv", "json"])
def test_w4_the_line_of_completeness_is_on_stderr(stocked: Network, command: Command, format_: str) -> None:
    said = command("report", "stock_value", "--format", format_, "-C", stocked.folder)
    assert said.err.startswith("as of 20")
    assert "stores current" not in said.out or format_ == "json"


def test_w4_silent_sites_are_named(stocked: Network, command: Command, tmp_path: Path) -> None:
    folder = shutil.copytree(stocked.folder, tmp_path / "silent")
    with open_warehouse(load(folder).warehouse, SCHEMA) as con:
        con.execute("update ledger.site set data_as_of_at = timestamptz '2020-01-01' where site_code = 'south'")
    said = command("report", "stock_value", "--json", "-C", folder)
    assert "2 of 3 stores current; " in said.err
    assert said.err.endswith("; silent: south\n")
    assert said.document["report"] == "stock_value"


def test_w1_a_report_of_the_published_snapshot(stocked: Network, command: Command) -> None:
    said = command("report", "stock_on_hand", "--item", "PARA", "--published", "--format", "json", "-C", stocked.folder)
    assert said.document["about"]["snapshot"] == 1
    assert [row["soh_units"] for row in said.document["rows"]] == ["1000"]
    assert (
        command("report", "snapshot", "--published", "--json", "-C", stocked.folder).document["rows"][0]["number"] == 1
    )
    unknown = command("report", "stock_on_hand", "--store", "ZZ", "--published", "-C", stocked.folder)
    assert "there is no store with the code `ZZ`" in unknown.err


def test_a_month_as_a_workbook(stocked: Network, command: Command, tmp_path: Path) -> None:
    file = tmp_path / "month.xlsx"
    said = command("report-pack", "--store", "NTH", "--language", "pt", "-o", file, "-C", stocked.folder)
    assert said.code == 0, said.err
    book = load_workbook(file)
    assert book.sheetnames[:2] == ["Conteúdo", "Stock existente"]
    assert {cell.value for cell in book["Stock existente"]["A"][1:]} == {"NTH"}
    assert [path.name for path in tmp_path.iterdir()] == ["month.xlsx"]
    for words, told in (
        (("--month", "2026-13"), "`2026-13` is no month of this snapshot"),
        (("--region", "Nowhere"), "there is no region `Nowhere`"),
        (("--language", "de"), "`de` is not allowed; allowed are en, fr, es, pt"),
    ):
        refused = command("report-pack", *words, "-o", file, "-C", stocked.folder)
        assert refused.code == 2
        assert told in " ".join(refused.err.split())
    assert command("report-pack", "-o", "/nowhere/month.xlsx", "-C", stocked.folder).code == 2


def test_filters_by_month_and_site(stocked: Network, command: Command) -> None:
    rows = command("report", "sync_status", "--site", "north", "--json", "-C", stocked.folder).document["rows"]
    assert [row["site_code"] for row in rows] == ["north"]
    here = command("report", "stock_on_hand", "--site", "north", "--json", "-C", stocked.folder).document["rows"]
    assert {row["store_code"] for row in here} == {"NTH"}
    found = command("report", "item_usage_monthly", "--month", "2020-01", "--json", "-C", stocked.folder).document
    assert found["rows"] == []


def test_several_stores_are_all_of_them(stocked: Network, command: Command, tmp_path: Path) -> None:
    both = ["--store", "NTH", "--store", "STH"]
    rows = command("report", "stores", *both, "--json", "-C", stocked.folder).document["rows"]
    assert [row["store_code"] for row in rows] == ["NTH", "STH"]
    items = ["--item", "AMOX", "--item", "PARA", "-o", tmp_path / "both.json"]
    command("report", "stock_on_hand", *both, *items, "-C", stocked.folder)
    written = json.loads((tmp_path / "both.json").read_text("utf-8"))
    assert written["about"]["filters"] == {"store": "NTH, STH", "item": "AMOX, PARA"}
    assert {row["item_code"] for row in written["rows"]} == {"AMOX", "PARA"}
    months = ["--month", "2020-01", "--month", "2026-11", "--site", "north", "--site", "south"]
    assert command("report", "item_usage_monthly", *months, "-C", stocked.folder).code == 0


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["stock_value", "--month", "2026-01"], "no column `month` to filter by; filters it has: --store"),
        (["item_usage_monthly", "--month", "2026-13"], "`2026-13` is no month; write it as YYYY-MM"),
        (["sync_status", "--site", "nowhere"], "there is no site with the code `nowhere`"),
        (["stock_value", "-o", "value"], "give --format, or a name that ends with csv, xlsx, parquet, json"),
        (["stock_value", "-o", "/nowhere/value.csv"], "'/nowhere/value.csv': No such file"),
        (["stock_value", "--json", "-o", "value.csv"], "--json is for stdout"),
        (["new_users", "--published"], "names people, and is in no snapshot: leave out --published"),
        (["stock_value", "-o", "/proc/value.csv"], "Could not open file"),
        (["stock_value", "--format", "json", "-o", "value.csv"], "ends with another format than --format json"),
        (["stock_value", "--columns", "soh_value,worth"], "has no column `worth`; it has store_code, store_name"),
        (["stock_value", "--columns", "soh_value", "--format", "csv"], "--columns is for tables on the screen"),
    ],
)
def test_what_a_report_cannot_do_is_said_in_a_line(
    stocked: Network, command: Command, words: list[str], expected: str
) -> None:
    said = command("report", *words, "-C", stocked.folder)
    assert said.code == 2
    assert expected in said.err
    assert "Traceback" not in said.err


def test_a_screen_shows_the_first_rows_and_says_how_many_there_are(stocked: Network, command: Command) -> None:
    """A file has every one."""
    here = ("-C", stocked.folder)
    many = len(json.loads(command("report", "stock_on_hand", "--format", "json", *here).out)["rows"])
    shown = command("report", "stock_on_hand", "--rows", "1", "--columns", "store_code,item_code", *here)
    assert len(shown.out.strip().splitlines()) == 3  # with its title and heading
    assert f"the first 1 of {many} rows; narrow it with --store" in shown.err
    assert "the first" not in command("report", "stock_on_hand", *here).err


def test_a_screen_shows_the_columns_that_fit_and_says_that_there_are_more(stocked: Network, command: Command) -> None:
    shown = command("report", "stock_on_hand", "-C", stocked.folder)
    assert "min_months" not in shown.out
    assert "13 of 31 columns; --columns all shows every one" in shown.err
    assert "min_months" in command("report", "stock_on_hand", "--columns", "all", "-C", stocked.folder).out
    asked = command("report", "stock_on_hand", "--columns", "item_code, min_months", "-C", stocked.folder)
    assert asked.out.split()[:3] == ["stock_on_hand", "item_code", "min_months"]
    known = {file.name: file.columns for file in report_files()}
    assert all(known[name].keys() >= set(columns.split()) for name, columns in ON_SCREEN.items())


def test_w4_what_is_incomplete_is_marked_on_a_screen() -> None:
    marked = {file.name for file in report_files() if "is_incomplete" in file.columns} & ON_SCREEN.keys()
    assert {name for name in marked if "is_incomplete" not in ON_SCREEN[name].split()} == set()
    assert {"stock_on_hand", "suggested_orders"} <= marked


def test_bytes_do_not_go_to_a_terminal(
    stocked: Network, command: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor does what would steer it (S2); a file or a pipe gets each byte."""
    monkeypatch.setattr("pipelines.cli.speech.export_file.is_terminal", lambda: True)
    for binary in ("xlsx", "parquet"):
        said = command("report", "stock_value", "--format", binary, "-C", stocked.folder)
        assert (said.code, said.out) == (2, "")
        assert f"`{binary}` is not for a terminal" in said.err
    assert command("report", "stock_value", "--format", "csv", "-C", stocked.folder).code == 0
    write_out("a\x1b[2J,\x9bb\n".encode(), None)
    assert capsys.readouterr().out == "a\\x1b[2J,\\x9bb\n"
    monkeypatch.undo()
    write_out("a\x1b[2J,\x9bb\n".encode(), None)
    assert capsys.readouterr().out == "a\x1b[2J,\x9bb\n"


def test_a_file_that_was_there_stays_whole_when_writing_fails(
    stocked: Network, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "value.csv"
    file.write_text("before")

    def full(path: Path, content: bytes) -> int:
        path.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    said = command("report", "stock_value", "-o", file, "-C", stocked.folder)
    assert said.code == 2
    assert "No space left on device" in said.err
    assert file.read_text() == "before"
    assert list(tmp_path.glob(".value*")) == []


def test_a_warehouse_that_is_no_database_is_said_in_a_line(stocked: Network, command: Command, tmp_path: Path) -> None:
    shutil.copyfile(stocked.folder / "topology.toml", tmp_path / "topology.toml")
    warehouse = load(tmp_path).warehouse
    warehouse.parent.mkdir(parents=True)
    warehouse.write_bytes(b"this is not a database, and never was one" * 1000)
    for words in (["report", "stock_value"], ["warehouse", "dictionary"]):
        said = command(*words, "-C", tmp_path)
        assert said.code == 3
        assert "error:" in said.err
        assert "Traceback" not in said.err


def test_two_columns_of_one_name_are_refused_in_a_line(stocked: Network, command: Command) -> None:
    said = command("warehouse", "sql", "select 1 as a, 2 as a", "-C", stocked.folder)
    assert said.code == 2
    assert "two columns of the query have one name" in said.err


def test_w2_the_dictionary_on_the_command_line(stocked: Network, command: Command) -> None:
    rows = command("warehouse", "dictionary", "--json", "-C", stocked.folder).document["dictionary"]
    published = command("warehouse", "dictionary", "--published", "--json", "-C", stocked.folder).document["dictionary"]
    assert rows == published
    shown = command("warehouse", "dictionary", "--table", "stock_line", "-C", stocked.folder).out
    assert "packs on the shelf, also those set aside" in shown
    assert "reports." not in shown
    assert command("warehouse", "dictionary", "--table", "nothing", "-C", stocked.folder).code == 2
    assert command("warehouse", "dictionary", "--markdown", "-C", stocked.folder).out.startswith("# Data dictionary\n")


def test_w3_sums_by_a_way_are_a_report_of_their_own(stocked: Network, command: Command, tmp_path: Path) -> None:
    """With what each column means, in every format; a wrong way or value ends with 2 and says which there are."""
    folder = ("-C", stocked.folder)
    said = command("report", "stock_on_hand", "--by", "store", "--by", "category", "--json", *folder)
    [row] = [row for row in json.loads(said.out)["rows"] if row["store_code"] == "NTH"]
    assert (row["items"], row["judged_pairs"], row["unknown_pairs"]) == (2, 0, 2)  # no invoice ever came
    file = tmp_path / "sums.json"
    assert command("report", "stock_on_hand", "--by", "store", "-o", file, *folder).code == 0
    about = json.loads(file.read_text("utf-8"))["about"]
    assert about["filters"] == {"added up by": "store"}
    assert about["columns"]["known_pairs"].startswith("pairs of store and item")
    refused = command("report", "stock_on_hand", "--region", "Nowhere", *folder)
    assert (refused.code, "there is no region `Nowhere`; there is `none is said`" in refused.err) == (2, True)
    refused = command("report", "sync_status", "--by", "region", *folder)
    assert (refused.code, "has no figures to add up" in refused.err) == (2, True)
