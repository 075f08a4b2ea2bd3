"""A warehouse of some gigabytes, made within DuckDB: no site is asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sites.schema import SCHEMA
from warehouse.connection import Connection, query, transaction
from warehouse.records import replicas

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LINES_A_GIGABYTE = 4_000_000
_STORES, _ITEMS, _LINES_A_DOCUMENT, _BATCH = 50, 300, 10, 500_000
_LEDGER = f"""
insert into ledger.network (time_zone, currency, waits_for_apply) values ('UTC', 'USD', false);
insert into ledger.topology_version (version, content_hash, toml, applied_at, applied_by, cycle)
values (1, '', '', '{NOW}', '', 1);
insert into ledger.site (site_id, site_code, change_set_number, consecutive_failures, is_in_topology, is_enabled,
    data_as_of_at, overdue_after, late_after)
values (1, 'central', 0, 0, true, true, '{NOW}', interval 1 month, interval 7 days);
"""
_LISTS = f"""
insert into replica.item (id, code, name) select 'item-' || n, 'I' || n, 'Item ' || n from range({_ITEMS}) as t(n);
insert into replica.name (id, code, name) select 'name-' || n, 'S' || n, 'Store ' || n from range({_STORES}) as t(n);
insert into replica.store (id, code, name_id, mode)
select 'store-' || n, 'S' || n, 'name-' || n, 'store' from range({_STORES}) as t(n);
insert into ledger.instance select 1, id, 'active' from replica.store;
insert into replica.stock_line (id, store_id, item_id, pack_size, total_packs, available_packs, cost_price_per_pack)
select s.id || i.id, s.id, i.id, 100, 50, 50, 1.25 from replica.store as s, replica.item as i;
"""
_INVOICES = f"""
insert into replica.invoice (id, store_id, other_name_id, type, status, number, created_at, finalised_at, comment)
select
    md5('d' || n), 'store-' || n % {_STORES}, 'supplier',
    case n % 2 when 0 then 'supplier_invoice' else 'customer_invoice' end, 'finalised', n,
    $now::timestamptz - to_minutes(cast(hash(n) % 1500000 as bigint)),
    $now::timestamptz - to_minutes(cast(hash(n) % 1500000 as bigint)), 'monthly order'
from range($documents) as t(n)
"""
_LINES = f"""
insert into replica.invoice_line (id, invoice_id, item_id, stock_line_id, batch, expiry_date, pack_size, packs,
    cost_price_per_pack, sell_price_per_pack)
select
    md5('l' || n), md5('d' || n // {_LINES_A_DOCUMENT}), 'item-' || hash(n) % {_ITEMS},
    'store-' || n // {_LINES_A_DOCUMENT} % {_STORES} || 'item-' || hash(n) % {_ITEMS},
    'B' || n % 997, date '2026-01-01' + cast(n % 900 as integer), 100, n % 500, (n % 10000) / 100, (n % 12000) / 100
from range($lines) as t(n)
"""
_COUNTS = f"""
insert into replica.stocktake_line (id, stocktake_id, stock_line_id, item_id, snapshot_packs, counted_packs, pack_size,
    batch)
select
    cast(uuid() as varchar), cast(uuid() as varchar), 'stock-' || n % 15000, 'item-' || n % {_ITEMS}, n % 500, n % 490,
    100, 'B' || n % 997
from range(2 * $lines) as t(n)
"""


def fill(con: Connection, lines: int) -> None:
    """50 stores with ``lines`` invoice lines over three years, and twice as many lines of stocktakes, which no report
    reads; ids scattered as random ones are. Cycle 1."""
    con.execute(_LEDGER)
    con.execute(_LISTS)
    con.execute(_INVOICES, {"now": NOW, "documents": lines // _LINES_A_DOCUMENT})
    con.execute(_LINES, {"lines": lines})
    con.execute(_COUNTS, {"lines": lines})
    _enter(con, 1)
    con.execute("checkpoint")


def change(con: Connection, lines: int, share: float, cycle: int) -> int:
    """A cycle that wrote this share of the invoice lines, spread over the whole table; how many those are."""
    step, changed = max(1, round(1 / share)), 0
    for begin in range(0, lines, _BATCH * step):
        numbers = f"from range({begin + cycle % step}, {min(lines, begin + _BATCH * step)}, {step}) as t(n)"
        rows = query(
            con,
            "select line.* replace (line.packs + 1 as packs) from replica.invoice_line as line "
            f"where line.id in (select md5('l' || n) {numbers})",
        ).cast(SCHEMA.frame_schema("invoice_line"))
        with transaction(con):
            replicas.put_rows(con, "invoice_line", rows, SCHEMA)
        changed += rows.height
    _enter(con, cycle)
    con.execute("checkpoint")
    return changed


def _enter(con: Connection, cycle: int) -> None:
    con.execute("insert into ledger.cycle values (?, ?, 1, '1', 0, true)", [cycle, NOW + timedelta(hours=cycle)])
