-- What stores have, used, sent and edited: every figure follows from the numbers of store and item (see fabricated.py).

insert into ledger.visit select cycle, site_id, now() - to_days(cast(12 - cycle as integer)),
case when site_id = 5 and cycle > 10 then 'failed' when site_id = 3 and cycle > 2 then 'unreachable' else 'ok' end,
case when site_id = 5 and cycle > 10 then 'the file is not a database' end, (site_id * cycle * 7) % 90,
(site_id * cycle * 7) % 90, (site_id + cycle) % 3, 0, (site_id * cycle) % 40, 0.2 + site_id * 0.1, 0.1 * (cycle % 4)
from ledger.site, range(1, 13) as cycles(cycle) where bookmark is not null;

insert into ledger.cycle select cycle, now(), 1, 'x', 0, true from range(1, 13) as cycles(cycle);

insert into replica.master_list (id, code, name) values ('t', 'TRACER', 'Tracer items'), ('v', 'VITAL', 'Vital items');

insert into replica.master_list_line (id, master_list_id, item_id)
select 't' || id, 't', id from replica.item where cast(id as integer) % 3 = 0
union all
select 'v' || id, 'v', id from replica.item where ven_category = 'V';

insert into replica.master_list_store (id, master_list_id, store_id) select 't' || id, 't', id from replica.store;

create temp table pair as
select
    store.id as store_id, item.id as item_id,
    cast(hash(cast(store.id as integer) * 7919 + cast(item.id as integer)) % 1000000007 as bigint) as h,
    10 + h % 290 as rate,
    [0, 0.4, 0.8, 1.5, 2, 2.4, 2.8, 3, 4.5, 14][1 + (h // 1000) % 10] as months,
    [1, 10, 100][1 + h // 7 % 3] as pack_size
from replica.store, replica.item where h % 11 <> 0;

insert into replica.stock_line
    (id, store_id, item_id, batch, expiry_date, pack_size, total_packs, available_packs, cost_price_per_pack, on_hold)
select
    store_id || '-' || item_id || '-' || part, store_id, item_id, 'B' || (h // 13 + part) % 10000,
    case when h % 37 = 0 then null
        else cast(now() as date) + [-20, 20, 70, 150, 320, 500, 700][1 + (h + part) % 7] end,
    pack_size, round(rate * months * if(part = 0, 0.7, 0.3) / pack_size, 2), round(rate * months * 0.5 / pack_size, 2),
    case when h % 41 <> 0 then 0.05 * (1 + h % 40) * pack_size end, h % 53 = 0
from pair, range(2) as parts(part);

create temp table used as
select pair.*, month, last_day(cast(now() - to_months(month) as date)) - 10 as day,
    if(h % 17 = 0, 0, round(rate * (0.8 + (h + month * 31) % 40 / 100) / pack_size, 2)) as packs
from pair, range(14) as months(month) where day < cast(now() as date);

insert into replica.prescription (id, store_id, status, dispensed_at)
select distinct store_id || '-' || month, store_id, 'finalised', day from used where cast(store_id as integer) % 2 = 1;

insert into replica.prescription_line (id, prescription_id, item_id, pack_size, packs)
select 'p' || row_number() over (), store_id || '-' || month, item_id, pack_size, packs
from used where cast(store_id as integer) % 2 = 1 and packs > 0;

insert into replica.invoice (id, store_id, type, status, finalised_at)
select distinct store_id || '-' || month, store_id, 'customer_invoice', 'finalised', cast(day as timestamptz)
from used where cast(store_id as integer) % 2 = 0
union all
select distinct 'in-' || store_id, store_id, 'supplier_invoice', 'finalised', now() - interval 460 days from pair;

insert into replica.invoice_line (id, invoice_id, item_id, pack_size, packs)
select 'c' || row_number() over (), store_id || '-' || month, item_id, pack_size, packs
from used where cast(store_id as integer) % 2 = 0 and packs > 0
union all
select 'in' || row_number() over (), 'in-' || pair.store_id, pair.item_id, pair.pack_size,
    coalesce(sum(used.packs), 0) + (select sum(total_packs) from replica.stock_line as line
        where line.store_id = pair.store_id and line.item_id = pair.item_id)
from pair left join used on used.store_id = pair.store_id and used.item_id = pair.item_id
group by pair.store_id, pair.item_id, pair.pack_size;

insert into ledger.transfer
select 'stock_transfer', 'invoice', 't' || n, '1', cast(2 + n % 4 as varchar), 'invoice',
    case when n % 3 > 0 then 'r' || n end, case when n % 3 = 0 then 'site_not_contacted' end,
    now() - to_days(cast(n * 3 as integer)), false, 1, case when n % 3 > 0 then 'central' end, 1, now(), false, false,
    false, null
from range(1, 13) as numbers(n);

insert into replica.invoice (id, store_id, type, status, number, finalised_at)
select 't' || n, '1', 'customer_invoice', 'finalised', n, now() - to_days(cast(n * 3 as integer))
from range(1, 13) as t(n)
union all
select 'r' || n, cast(2 + n % 4 as varchar), 'supplier_invoice', if(n % 3 = 1, 'new', 'finalised'),
    if(n % 2 = 0, n, -1),
    if(n % 3 = 2, now() - interval 1 day, null)
from range(1, 13) as t(n) where n % 3 > 0;

insert into replica.invoice_line (id, invoice_id, item_id, pack_size, packs, sell_price_per_pack, batch)
select 't' || n, 't' || n, cast(n % (select count(*) from replica.item) as varchar), 10, n, 2.5, 'B' || n % 10
from range(1, 13) as t(n);

-- what is not taken in yet says what was sent
insert into replica.invoice_line (id, invoice_id, item_id, pack_size, packs, cost_price_per_pack, batch)
select 'r' || n, 'r' || n, cast(n % (select count(*) from replica.item) as varchar), 10, n, 2.5, 'B' || n % 10
from range(1, 13) as t(n) where n % 3 = 1;

insert into ledger.quarantine (id, site_id, table_name, record_id, op, verdict, reason, is_snapshot, site_row,
    first_seen_at, last_seen_at, first_cycle, cycle, state)
select n, 2 + n % 3, case when n % 2 = 0 then 'stock_line' else 'item' end, 'record-' || n, 'upsert',
    if(n < 8, 'rejected', 'waiting'), if(n < 8, if(n % 2 = 0, 'not_owner', 'not_primary'), 'parent_missing'),
    false, '{}',
    now() - to_days(cast(n as integer)), now(), 1, 12, if(n % 4 = 3, 'closed', 'open')
from range(1, 12) as t(n);
