"""Room in the working warehouse that nothing is in any more is given back, and nothing else changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sites.schema import SCHEMA
from warehouse.connection import open_warehouse
from warehouse.retention.compaction import compact, free_bytes
from warehouse.whole_copy import table_hashes

MANY = (
    "insert into ledger.record (table_name, record_id, scopes, seq) "
    "select 'item', md5(n::varchar), ['everywhere'], n from range(500000) as t (n)"
)


@pytest.mark.long
def test_much_free_room_is_given_back(tmp_path: Path, new_warehouse: Callable[[Path], Path]) -> None:
    path = new_warehouse(tmp_path / "working.duckdb")
    with open_warehouse(path, SCHEMA) as con:
        con.execute(MANY)
        con.execute("checkpoint")
        con.execute("delete from ledger.record where seq > 10")
        con.execute("checkpoint")
        free, size = free_bytes(con)
        before = table_hashes(con)
        words = con.execute("select comment from duckdb_tables() where table_name = 'record'").fetchall()
        assert compact(path, SCHEMA, least_free=1000) == 0  # somebody has it open
    assert 2 * free > size
    assert compact(path, SCHEMA) == 0  # not worth it
    given_back = compact(path, SCHEMA, least_free=1000)
    assert given_back > size // 4
    with open_warehouse(path, SCHEMA) as con:
        assert table_hashes(con) == before
        assert con.execute("select comment from duckdb_tables() where table_name = 'record'").fetchall() == words
        con.execute("insert into ledger.counter select last_seq + 1 from ledger.counter")
    assert compact(path, SCHEMA, least_free=1000) == 0
    assert [one.name for one in tmp_path.iterdir() if one.is_file()] == ["working.duckdb"]
