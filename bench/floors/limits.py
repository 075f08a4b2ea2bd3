"""The machine's limit for each stage: the engine doing the same work with nothing around it."""

from __future__ import annotations

from pathlib import Path

import duckdb

from bench.floors.clock import timed
from sites.capture import triggers
from sites.engines.connection import open_site

_COLUMNS = (
    "id", "invoice_id", "item_id", "stock_line_id", "batch", "expiry_date", "pack_size", "packs",
    "cost_price_per_pack", "sell_price_per_pack",
)  # fmt: skip


def scan_sqlite(url: str, folder: Path) -> float:
    """Seconds for SQLite to read every column of every line."""
    touched = ", ".join(f"sum(length({column}))" for column in _COLUMNS)
    with open_site(url, folder) as db:
        return timed(lambda: db.execute(f"select count(*), {touched} from invoice_line"))[1]


def copy_postgresql(url: str, folder: Path) -> float:
    """Seconds for PostgreSQL to write every line out, in its own binary form, to nowhere."""
    with open_site(url, folder) as db:
        return timed(lambda: db.execute("copy invoice_line to '/dev/null' (format binary)"))[1]


def append_duckdb(parquet: list[Path], folder: Path) -> float:
    """Seconds for DuckDB to append the same Parquet rows to a table without any index."""
    with duckdb.connect(str(folder / "append.duckdb")) as con:
        files = [str(path) for path in parquet]
        con.execute("create table lines as select * from read_parquet($1) limit 0", [files])
        return timed(lambda: con.execute("insert into lines select * from read_parquet($1)", [files]))[1]


def copy_duckdb(warehouse: Path, folder: Path) -> float:
    """Seconds for DuckDB to write the replica's lines to one unsorted Parquet file."""
    target = folder / "unsorted.parquet"
    with duckdb.connect(str(warehouse), read_only=True) as con:
        return timed(
            lambda: con.execute(f"copy replica.invoice_line to '{target}' (format parquet, compression zstd)")
        )[1]


def upsert_in_place(url: str, folder: Path, store: str) -> float:
    """Seconds for the site's engine to upsert ``store``'s lines, which are in it already; nothing captured."""
    sets = ", ".join(f"{column} = excluded.{column}" for column in _COLUMNS[1:])
    with open_site(url, folder) as db:
        triggers.remove(db)
        db.execute(f"create table given as select * from invoice_line where id like '{store}-%'")
        db.execute(f"delete from invoice_line where id like '{store}-%'")
        upsert = (
            f"insert into invoice_line ({', '.join(_COLUMNS)}) select {', '.join(_COLUMNS)} from given where true "
            f"order by id on conflict (id) do update set {sets}"
        )
        seconds = timed(lambda: db.execute(upsert))[1]
        db.execute("drop table given")
    return seconds
