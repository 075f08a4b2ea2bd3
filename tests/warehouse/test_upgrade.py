"""Warehouses of versions before are brought along, with what they hold."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import warehouse.structure
from sites.schema import SCHEMA
from sync_rules.table.rules import PARTS
from warehouse.connection import open_warehouse, query

# What the version before kept of each record: the place of its rule in the list of its table, as the list was then.
BEFORE = [
    ("item", 0, "otherwise"),
    ("location", None, None),
    ("purchase_order", 0, "centralised"),
    ("purchase_order", 1, "otherwise"),
    ("purchase_order_line", 0, "centralised"),
    ("tender_line", 1, "otherwise"),
    ("quote", 0, "centralised"),
    ("payment", 0, "centralised"),
    ("payment", 1, "otherwise"),
    ("preference", 0, "of_topology"),
    ("preference", 1, "synced"),
    ("preference", 2, "otherwise"),
]


@pytest.fixture
def version_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A warehouse as it was before parts had names."""
    path, code = tmp_path / "working.duckdb", Path(warehouse.structure.__file__).parent
    shutil.copytree(code / "schema", tmp_path / "code" / "schema")
    for file in (tmp_path / "code" / "schema").glob("*.sql"):
        if file.name >= "0006":
            file.unlink()
    with monkeypatch.context() as before:
        before.setattr("warehouse.structure._SQL", tmp_path / "code")
        for name in ("comment_on", "_create_reports"):  # its words and reports are those of now
            before.setattr(f"warehouse.structure.{name}", lambda *given: None)
        with open_warehouse(path, SCHEMA) as con:
            con.executemany(
                "insert into ledger.record (table_name, record_id, scopes, seq, part) values (?, ?, [], 1, ?)",
                [(table, str(number), part) for number, (table, part, _) in enumerate(BEFORE)],
            )
    return path


@pytest.mark.long
def test_records_keep_their_rule_which_is_called_by_name_now(version_before: Path) -> None:
    with open_warehouse(version_before, SCHEMA) as con:
        found = query(con, "select table_name, part from ledger.record order by record_id::int").rows()
        con.execute("insert into ledger.record (table_name, record_id, scopes, seq) values ('item', 'new', [], 2)")
        assert query(con, "select part from ledger.record where record_id = 'new'").item() is None
    assert found == [(table, name) for table, _, name in BEFORE]
    assert all(part in PARTS[table] for table, part in found if part)
