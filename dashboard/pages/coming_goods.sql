-- Goods on the way to a store, of one item: by the receiver's document where that is there, else by the sender's, as
-- `in_transit_units` is. Asked with the code of the store and of the item.
-- One row is: transfer
with coming as (
    select
        initiating_id, from_number, from_store_code, from_store_name, state, begun_at, days_under_way,
        case
            when responding_id in (select id from main.invoice union all select id from main.goods_received)
            then responding_id
            else initiating_id
        end as document_id
    from reports.transfers
    where is_in_transit(kind, state, waits) and to_store_code = ?
),

lines as (
    select invoice_id as document_id, item_id, units(packs, pack_size) as units, batch, expiry_date
    from main.invoice_line
    union all
    select goods_received_id, item_id, units(packs, pack_size), batch, expiry_date from main.goods_received_line
)

select
    coming.* exclude (document_id),
    sum(lines.units) as units,
    string_agg(distinct lines.batch, ', ' order by lines.batch) as batches,
    min(lines.expiry_date) as expiry_date
from coming
join lines on lines.document_id = coming.document_id
where lines.item_id in (select id from main.item where code = ?)
group by all
order by begun_at nulls last, initiating_id
