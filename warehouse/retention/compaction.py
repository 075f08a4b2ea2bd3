"""Giving back the room in the working warehouse that nothing is in any more."""

from __future__ import annotations

from pathlib import Path

from sync_rules.schema import Schema
from warehouse.connection import Connection, first, is_open, open_warehouse
from warehouse.keeper import let_go
from wire.file_errors import naming
from wire.whole_files import flush

LEAST_FREE = 64 << 20
"""Below so many bytes it is not worth it: DuckDB writes into free room first."""


def free_bytes(con: Connection) -> tuple[int, int]:
    """How many bytes of the file are free, and how large it is."""
    row = first(con, "select free_blocks * block_size, total_blocks * block_size from pragma_database_size()")
    return (int(row[0]), int(row[1])) if row else (0, 0)


def compact(warehouse: Path, schema: Schema, *, least_free: int = LEAST_FREE) -> int:
    """Writes the warehouse anew where more than half of its file is free, at least ``least_free`` bytes; returns how
    many bytes that gave back, 0 where it was left as it is.

    The file is whole at any moment: the new one takes the old one's name while nobody else can open it. A process that
    has it open for something else leaves it alone. Raises FileUnusable, WarehouseBusy.
    """
    let_go(warehouse)
    if is_open(warehouse):
        return 0
    draft = warehouse.with_name(".compact.duckdb")
    with open_warehouse(warehouse, schema) as con:
        free, size = free_bytes(con)
        if free < least_free or 2 * free < size:
            return 0
        con.execute("checkpoint")
        before = warehouse.stat().st_size
        _write(con, draft)
        with naming(warehouse):
            flush(draft)
            draft.replace(warehouse)
            flush(warehouse.parent)
    return before - warehouse.stat().st_size


def _write(con: Connection, draft: Path) -> None:
    """All tables into another file; whoever opens that makes reports and comments anew, as of another version's."""
    with naming(draft):
        draft.unlink(missing_ok=True)
        draft.with_name(f"{draft.name}.wal").unlink(missing_ok=True)
    own = first(con, "select current_database()")
    con.execute(f"attach '{draft}' as compacted")
    try:
        con.execute(f"copy from database {own[0] if own else 'working'} to compacted")
        con.execute("delete from compacted.report_text")
        con.execute("checkpoint compacted")
    finally:
        con.execute("detach compacted")
