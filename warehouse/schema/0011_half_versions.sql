-- A half that its site is asked to take back because the receiver was corrected, and the half that was taken back.
alter table ledger.transfer add column is_recall_asked boolean default false;

alter table ledger.transfer add column recalled_id varchar;

-- The lines of responding halves that are not taken in, as texts: as they were made, and as they are to be since.
create table ledger.half_version (
    responding_table varchar not null,
    responding_id varchar not null,
    version bigint not null,
    lines varchar [] not null
);

-- Those under way at the upgrade that say what the other half says are as they were made.
insert into ledger.half_version
with headers as (
    select 'invoice' as table_name, id, status, coalesce(on_hold, false) as on_hold from replica.invoice
    union all
    select 'requisition', id, status, false from replica.requisition
    union all
    select 'goods_received', id, status, coalesce(on_hold, false) from replica.goods_received
),

untouched as (
    select t.kind, t.table_name, t.record_id, t.responding_table, t.responding_id
    from ledger.transfer as t
    join headers as h on h.table_name = t.responding_table and h.id = t.responding_id
    where
        h.status = 'new'
        and h.on_hold = (t.kind in ('stock_transfer', 'stock_return'))
        and not t.is_deleted
        and not t.is_responding_deleted
),

lines as (
    select
        'invoice' as table_name,
        invoice_id as document,
        id,
        coalesce(linked_line_id, purchase_order_line_id) as linked,
        item_id,
        batch,
        pack_size,
        packs,
        stock_line_id is null and location_id is null as is_bare,
        cast(
            to_json(
                {
                    'id': id,
                    'invoice_id': invoice_id,
                    'item_id': item_id,
                    'batch': batch,
                    'expiry_date': cast(expiry_date as varchar),
                    'pack_size': cast(pack_size as varchar),
                    'packs': cast(packs as varchar),
                    'cost_price_per_pack': cast(cost_price_per_pack as varchar),
                    'sell_price_per_pack': cast(sell_price_per_pack as varchar),
                    'linked_line_id': linked_line_id,
                    'purchase_order_line_id': purchase_order_line_id
                }
            ) as varchar
        ) as content
    from replica.invoice_line
    union all
    select
        'requisition',
        requisition_id,
        id,
        linked_line_id,
        item_id,
        null,
        null,
        requested_units,
        supplied_units is null,
        cast(
            to_json(
                {
                    'id': id,
                    'requisition_id': requisition_id,
                    'item_id': item_id,
                    'requested_units': cast(requested_units as varchar),
                    'stock_on_hand_units': cast(stock_on_hand_units as varchar),
                    'linked_line_id': linked_line_id
                }
            ) as varchar
        )
    from replica.requisition_line
    union all
    select
        'goods_received',
        goods_received_id,
        id,
        linked_line_id,
        item_id,
        batch,
        pack_size,
        packs,
        true,
        cast(
            to_json(
                {
                    'id': id,
                    'goods_received_id': goods_received_id,
                    'purchase_order_line_id': purchase_order_line_id,
                    'linked_line_id': linked_line_id,
                    'item_id': item_id,
                    'batch': batch,
                    'expiry_date': cast(expiry_date as varchar),
                    'pack_size': cast(pack_size as varchar),
                    'packs': cast(packs as varchar),
                    'cost_price_per_pack': cast(cost_price_per_pack as varchar)
                }
            ) as varchar
        )
    from replica.goods_received_line
    union all
    select 'purchase_order', purchase_order_id, id, null, item_id, null, pack_size, ordered_packs, true, null
    from replica.purchase_order_line
),

compared as (
    select
        u.responding_table,
        u.responding_id,
        coalesce(bool_and(there.id is not null), true) as is_there
    from untouched as u
    left join lines as sent on sent.table_name = u.table_name and sent.document = u.record_id
    left join lines as there
        on there.table_name = u.responding_table
        and there.document = u.responding_id
        and there.linked = sent.id
        and there.item_id is not distinct from sent.item_id
        and there.batch is not distinct from sent.batch
        and there.pack_size is not distinct from sent.pack_size
        and there.packs is not distinct from sent.packs
        and there.is_bare
    where sent.id is not null
    group by all
)

select
    u.responding_table,
    u.responding_id,
    0,
    coalesce(list(there.content order by there.id) filter (there.id is not null), [])
from untouched as u
left join compared as c on c.responding_table = u.responding_table and c.responding_id = u.responding_id
left join lines as there on there.table_name = u.responding_table and there.document = u.responding_id
where coalesce(c.is_there, true)
group by u.responding_table, u.responding_id, u.table_name, u.record_id
having
    count(there.id) = (
        select count(*)
        from lines as s
        where s.table_name = u.table_name and s.document = u.record_id
    )
order by u.responding_table, u.responding_id;
