"""B16: an analyst's older DuckDB reads what is published, also what was brought up to date since."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.warehouse import reading
from tests.warehouse.older_duckdb import older_duckdb
from tests.warehouse.publishing import cycle, fill, line, published, put
from warehouse.connection import Connection
from warehouse.snapshots.current import snapshots


@pytest.mark.parametrize(
    "times",
    [pytest.param(1, id="written anew"), pytest.param(3, id="brought up to date twice", marks=pytest.mark.long)],
)
def test_b16_duckdb_1_2_reads_every_table_and_macro_as_this_version_does(
    times: int, con: Connection, tmp_path: Path
) -> None:
    fill(con)
    published(con, tmp_path)
    for number in range(2, times + 1):
        put(con, "stock_line", line("A", "X", number))
        cycle(con, number)
        assert published(con, tmp_path).why_full == ""
    path = str(snapshots(tmp_path)[0].path)
    said = subprocess.run(
        [sys.executable, reading.__file__, path],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(older_duckdb())},
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    found = json.loads(said.stdout)
    assert found.pop("version") == "1.2.2"
    assert found == json.loads(json.dumps(reading.everything(path)))
    assert found["tables"]["reports.stock_on_hand"]
