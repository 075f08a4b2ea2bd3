"""Warehouses without rows: making one takes a second, so that a process makes one, and others of it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from sync_rules.schema import Schema
from warehouse.structure import complete, hash_of_all
from wire.whole_files import write_first

_made: dict[str, bytes] = {}


def put_blank(path: Path, schema: Schema) -> None:
    """A warehouse without rows at ``path``, where no file is; one that another process puts there meanwhile stays.

    Where DuckDB wrote ahead for a file of that name which is gone, it is left to DuckDB, which forgets that. Raises
    FileUnusable where it cannot be written.
    """
    if not path.exists() and not path.with_name(f"{path.name}.wal").exists():
        write_first(path, _blank(schema))


def _blank(schema: Schema) -> bytes:
    key = hash_of_all(schema)
    if key not in _made:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "blank.duckdb"
            with duckdb.connect(str(path)) as con:
                con.execute("set TimeZone = 'UTC'")
                complete(con, schema)
            _made[key] = path.read_bytes()
    return _made[key]
