"""Publishing at size: written anew and brought up to date, beside the disk copying the same bytes.

`python -m bench.publishing --gigabytes 5` needs four times that on the disk, and says what each way costs, how much the
file grows when it is brought up to date again and again, and from which share of changed rows on it is not worth it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sites.schema import SCHEMA
from warehouse import replicas, snapshot_database, snapshot_files
from warehouse.connection import Connection, open_warehouse, query, transaction
from warehouse.snapshot import Published, publish

NOW = datetime(2026, 1, 1, tzinfo=UTC)
_LINES_A_GIGABYTE = 24_000_000
_STORES, _ITEMS, _LINES_A_DOCUMENT = 50, 300, 10


@dataclass(frozen=True)
class Measured:
    """One publication."""

    what: str
    rows: int
    published: Published
    working_bytes: int


def fill(con: Connection, lines: int) -> None:
    """A network of 50 stores with so many invoice lines over three years, ids scattered as random ones are."""
    documents = lines // _LINES_A_DOCUMENT
    con.execute("insert into ledger.network values ('UTC', 'USD')")
    con.execute("insert into ledger.topology_version values (1, '', '', ?, '', 1)", [NOW])
    con.execute("insert into ledger.cycle values (1, ?, 1, '1', 0, true)", [NOW])
    con.execute(
        "insert into ledger.site (site_id, site_code, change_set_number, consecutive_failures, is_in_topology, is_enabled, "
        "data_as_of_at, overdue_after, late_after) values (1, 'central', 0, 0, true, true, ?, interval 1 month, interval 7 days)",
        [NOW],
    )
    con.execute(f"insert into replica.item (id, code, name) select 'item-' || n, 'I' || n, 'Item ' || n from range({_ITEMS}) as t(n)")
    con.execute(f"insert into replica.name (id, code, name) select 'name-' || n, 'S' || n, 'Store ' || n from range({_STORES}) as t(n)")
    con.execute(
        f"insert into replica.store (id, code, name_id, mode) select 'store-' || n, 'S' || n, 'name-' || n, 'store' from range({_STORES}) as t(n)"
    )
    con.execute("insert into ledger.instance select 1, id, 'active' from replica.store")
    con.execute(
        "insert into replica.stock_line (id, store_id, item_id, pack_size, total_packs, available_packs, cost_price_per_pack) "
        "select s.id || i.id, s.id, i.id, 100, 50, 50, 1.25 from replica.store as s, replica.item as i"
    )
    con.execute(
        "insert into replica.invoice (id, store_id, other_name_id, type, status, number, created_at, finalised_at, comment) "
        f"select md5('d' || n), 'store-' || n % {_STORES}, 'supplier', case n % 2 when 0 then 'supplier_invoice' else 'customer_invoice' end, "
        f"'finalised', n, ?::timestamptz - to_minutes((hash(n) % 1500000)::bigint), ?::timestamptz - to_minutes((hash(n) % 1500000)::bigint), 'monthly order' "
        f"from range({documents}) as t(n)",
        [NOW, NOW],
    )
    con.execute(
        "insert into replica.invoice_line (id, invoice_id, item_id, stock_line_id, batch, expiry_date, pack_size, packs, "
        "cost_price_per_pack, sell_price_per_pack) "
        f"select md5('l' || n), md5('d' || n // {_LINES_A_DOCUMENT}), 'item-' || hash(n) % {_ITEMS}, 'stock-' || hash(n + 1) % 15000, "
        "'B' || n % 997, date '2026-01-01' + (n % 900)::integer, 100, n % 500, (n % 10000) / 100, (n % 12000) / 100 "
        f"from range({lines}) as t(n)"
    )


def change(con: Connection, lines: int, share: float, cycle: int) -> int:
    """A cycle that wrote this share of the lines, spread over the whole table; how many those are."""
    size, changed = 500_000, 0
    step = max(1, round(1 / share))
    offset = cycle % step
    for begin in range(0, lines, size * step):
        numbers = f"select range as n from range({begin + offset}, {min(lines, begin + size * step)}, {step})"
        rows = query(con, f"select r.* replace (r.packs + 1 as packs) from replica.invoice_line as r where r.id in (select md5('l' || n) from ({numbers}))")
        with transaction(con):
            replicas.merge(con, "invoice_line", rows.cast(SCHEMA.frame_schema("invoice_line")), SCHEMA)
        changed += rows.height
    con.execute("insert into ledger.cycle values (?, ?, 1, '1', 0, true)", [cycle, NOW + timedelta(hours=cycle)])
    con.execute("checkpoint")
    return changed


def copy_seconds(file: Path) -> tuple[float, float]:
    """Seconds for the disk to copy a file, and until it is durable."""
    target = file.with_name(".copied")
    began = time.perf_counter()
    snapshot_files.copy(file, target)
    copied = time.perf_counter() - began
    descriptor = os.open(target, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
    durable = time.perf_counter() - began
    target.unlink()
    return copied, durable


def main() -> None:
    """Builds a warehouse, publishes it in each way, and prints what that cost."""
    parser = argparse.ArgumentParser(description="Publishing at size.")
    parser.add_argument("--gigabytes", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--place", type=Path)
    options = parser.parse_args()
    lines = int(options.gigabytes * _LINES_A_GIGABYTE)
    place = Path(tempfile.mkdtemp(prefix="supplysync-bench-", dir=options.place))
    spent: dict[str, float] = {}
    for owner, name in ((snapshot_files, "copy"), (snapshot_files, "announce"), (snapshot_database, "write_full"),
                        (snapshot_database, "write_changes"), (snapshot_database, "_write_reports"), (snapshot_database, "write_parquet"), (snapshot_database, "has_all_rows")):
        def wrap(f, name=name):
            def g(*a, **k):
                t = time.perf_counter()
                try: return f(*a, **k)
                finally: spent[name] = spent.get(name, 0) + time.perf_counter() - t
            return g
        setattr(owner, name, wrap(getattr(owner, name)))
    try:
        with open_warehouse(place / "working.duckdb", SCHEMA) as con:
            t = time.perf_counter()
            fill(con, lines)
            con.execute("checkpoint")
            print("filled", time.perf_counter() - t, (place / "working.duckdb").stat().st_size / 1e9, flush=True)
            cycle = 1
            def pub(what, full=False):
                spent.clear()
                p = publish(con, place / "published", SCHEMA, now=NOW + timedelta(hours=cycle), full=full)
                for s in list((place/"published").glob("0*.duckdb")):
                    pass
                print(what, f"{p.seconds:.2f}s", f"{p.bytes/1e9:.2f}GB", p.why_full, p.changed_rows, {k: round(v, 2) for k, v in spent.items()}, flush=True)
                return p
            p = pub("full")
            print("copy, durable", copy_seconds(p.snapshot.path))
            for share in [0.0001, 0.01, 0.01, 0.1]:
                cycle += 1
                t = time.perf_counter()
                n = change(con, lines, share, cycle)
                print("changed", n, time.perf_counter() - t, (place / "working.duckdb").stat().st_size / 1e9)
                pub(f"share {share}")
            pub("full again", True)
    finally:
        shutil.rmtree(place)


if __name__ == "__main__":
    main()
