"""W1, W3: saved questions on the command line: `check` tells what is wrong, `report` reads what is published."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from central.asker import now
from central.cycle.publish import publish_project
from central.cycle.run import run_cycle
from tests.central.small_network import Network, make_network, stock_line
from tests.pipelines.conftest import Said

Command = Callable[..., Said]


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory, new_warehouse: Callable[[Path], Path]) -> Network:
    """The small network, all SQLite, with a stock line in NTH."""
    folder = tmp_path_factory.mktemp("questions") / "network"
    network = make_network(folder, "sqlite:///north.sqlite", "sqlite:///south.sqlite")
    new_warehouse(network.project.warehouse)
    run_cycle(network.project, now=now())
    network.people_put("north", "stock_line", stock_line(1, "NTH"))
    run_cycle(network.project, now=now())
    publish_project(network.project, now=now())
    return network


@pytest.fixture
def folder(asking: Network) -> Iterator[Path]:
    """The project's folder, with a question."""
    reports = asking.project.questions
    reports.mkdir()
    sql = "-- Held\nselect store_code, sum(soh_units) as units from reports.stock_on_hand group by all order by 1"
    (reports / "held.sql").write_text(sql, encoding="utf-8")
    yield asking.project.folder
    for path in reports.iterdir():
        path.unlink()
    reports.rmdir()


@pytest.mark.long
def test_w3_a_question_is_a_report_once_it_is_published(folder: Path, command: Command, tmp_path: Path) -> None:
    early = command("report", "held", "-C", folder)
    assert early.code == 2
    assert "becomes a report with the next snapshot" in early.err
    assert command("warehouse", "publish", "-C", folder).code == 0
    said = command("report", "held", "--json", "-C", folder)
    [row] = json.loads(said.out)["rows"]
    assert row["store_code"] == "NTH"
    assert "3 of 3 stores current" in said.err
    for suffix in ("csv", "json", "parquet", "xlsx"):
        file = tmp_path / f"held.{suffix}"
        assert command("report", "held", "--store", "NTH", "-o", file, "-C", folder).code == 0
        assert file.stat().st_size
    assert "NTH" in (tmp_path / "held.csv").read_text(encoding="utf-8-sig")
    refused = command("report", "held", "--item", "X", "-C", folder)
    assert "report `held` has no column `item_code` to filter by" in refused.err
    assert "report `held` has no figures to add up" in command("report", "held", "--by", "store", "-C", folder).err
    assert "did you mean `held`?" in command("report", "hled", "-C", folder).err


@pytest.mark.long
def test_check_tells_what_is_wrong_with_a_question_and_a_cycle_goes_on(folder: Path, command: Command) -> None:
    assert "saved question" not in command("check", "-C", folder).out
    (folder / "reports/broken.sql").write_text("-- Broken\nselect nothing from item", encoding="utf-8")
    (folder / "reports/stock_out.sql").write_text("-- Taken\nselect 1 as a", encoding="utf-8")
    (folder / "reports/late.sql").write_text(
        "-- Late\nselect cast(store_code as int) as n from reports.stock_on_hand", encoding="utf-8"
    )
    before = command("check", "--json", "-C", folder)
    assert before.code == 3
    found = {one["problem"].partition("`: ")[0]: one["problem"] for one in json.loads(before.out)["central"]}
    assert {"saved question `broken", "saved question `stock_out"} <= found.keys()
    assert 'Referenced column "nothing" not found' in found["saved question `broken"]
    assert "is a report of supplysync's own" in found["saved question `stock_out"]
    assert "a-cycle-failed" not in command("check", "-C", folder).err
    ran = command("sync", "-C", folder)
    assert ran.code == 0
    published = command("warehouse", "publish", "--full", "-C", folder)
    assert published.code == 0
    assert "saved question `broken` is no report" in published.err
    after = json.loads(command("check", "--json", "-C", folder).out)["central"]
    assert any("when last published, Conversion Error" in one["problem"] for one in after)
    assert "Conversion Error" in command("report", "late", "-C", folder).err
    of_all = command("report", "saved_questions", "--json", "-C", folder)
    errors = {row["question_name"]: row["error"] for row in json.loads(of_all.out)["rows"]}
    assert list(errors) == ["broken", "held", "late", "stock_out"], "as the snapshot has them: no other place does"
    assert errors["held"] is None
    assert 'Referenced column "nothing" not found' in errors["broken"]
    said = command("report", "saved_questions", "--published", "--json", "-C", folder)
    assert (said.out, said.err) == (of_all.out, of_all.err)
    assert command("report", "held", "-C", folder).code == 0
