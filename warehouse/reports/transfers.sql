-- Transfers between stores: those under way first, the oldest first; then those that ended, also those that were
-- finished before their sites were first read, where both documents name each other. One that has only one of them in
-- the warehouse is not here: a lead time is of those that are.
-- One row is: a transfer, where at least one of its stores is in reports.
-- kind: stock_transfer, stock_return, requisition, internal_order (the order), internal_order_goods (what was sent
--    for it)
-- from_store_code: the store that began it
-- to_store_code: the store that responds
-- initiating_id: id of the document that began it
-- responding_id: id of the one made for it; NULL while there is none
-- state: waiting (none made yet), sent (made, not numbered by its site yet), arrived (numbered, not finished), done
--    (finalised), unlinked (the initiating document was deleted), dropped (the responding one was), history
--    (finished before its other party was a store: it began nothing)
-- units: of the initiating document's lines: sent, asked for or ordered; NULL where it is not there any more
-- value_amount: what the other store pays, in the home currency: of a return what the goods cost, of an order in
--    another currency at that currency's rate; NULL for requisitions, and without a rate
-- begun_at: as the initiating document says
-- days_under_way: whole days since then, until it was done; NULL where documents do not say, or say that it ended
--    before it began: the clocks of two sites
-- waits: while waiting, for what; `supplysync explain CODE` says it in words
-- from_number: number of the initiating document
-- to_number: number of the responding one; NULL while it has none
-- is_under_way: waiting, sent or arrived
-- data_as_of_at: the older of the two sites' data, of those that were pulled
-- responding_units: units of the responding half's lines; NULL where there is none yet, and for requisitions
-- from_store_name: name of the store that began it
-- to_store_name: name of the store that responds
-- currency_code: code of the currency that the document's prices are in; NULL is the home currency
-- in_transit_units: what the receiver will take in, by its own document where that is there; NULL where nothing is on
--    the way
-- in_transit_value: at what it will cost the receiver
-- is_from_before: it was finished before its sites were first read, and is known by its documents alone
with of_transfers as ( -- an invoice may be the half of two: it is priced as the one that it began
    select table_name, initiating_id as record_id, kind from reports.begun_transfer
    union all
    select responding_table, responding_id, null
    from reports.begun_transfer
    where
        responding_id is not null
        and (responding_table, responding_id) not in (select table_name, initiating_id from reports.begun_transfer)
),

orders as (
    select
        purchase_order.id,
        purchase_order.currency_id,
        currency.code as currency_code,
        currency.is_home_currency,
        currency.rate
    from replica.purchase_order as purchase_order
    left join replica.currency as currency on currency.id = purchase_order.currency_id
),

moving as (
    select initiating_id, sum(in_transit_units) as units, sum(in_transit_value) as value
    from reports.on_the_way
    group by initiating_id
),

sums as (
    select
        'invoice' as table_name,
        line.invoice_id as record_id,
        sum(units(line.packs, line.pack_size)) as units,
        sum(
            value_at_cost(line.packs, price_between(document.kind, line.cost_price_per_pack, line.sell_price_per_pack))
        ) as value_amount
    from replica.invoice_line as line
    join of_transfers as document on document.table_name = 'invoice' and document.record_id = line.invoice_id
    group by line.invoice_id
    union all
    select 'requisition', requisition_id, cast(sum(requested_units) as decimal(38, 6)), null
    from replica.requisition_line
    where requisition_id in (select record_id from of_transfers where table_name = 'requisition')
    group by requisition_id
    union all
    select
        'purchase_order',
        purchase_order_id,
        sum(units(ordered_packs, pack_size)),
        sum(value_at_cost(ordered_packs, price_per_pack))
    from replica.purchase_order_line
    where purchase_order_id in (select record_id from of_transfers where table_name = 'purchase_order')
    group by purchase_order_id
    union all
    select 'goods_received', goods_received_id, sum(units(packs, pack_size)), null
    from replica.goods_received_line
    where goods_received_id in (select record_id from of_transfers where table_name = 'goods_received')
    group by goods_received_id
)

select
    transfer.kind,
    transfer.from_store_code,
    transfer.to_store_code,
    transfer.initiating_id,
    transfer.responding_id,
    transfer.state,
    case when transfer.is_initiating_here then coalesce(sums.units, 0) end as units,
    case
        when transfer.is_initiating_here and transfer.table_name <> 'requisition'
            then
                in_home_currency(
                    coalesce(sums.value_amount, 0), orders.currency_id, orders.is_home_currency, orders.rate
                )
    end as value_amount,
    transfer.begun_at,
    transfer.days_under_way,
    transfer.waits,
    transfer.from_number,
    transfer.to_number,
    is_under_way(transfer.state) as is_under_way,
    transfer.data_as_of_at,
    case
        when transfer.is_responding_here and transfer.table_name <> 'requisition' then coalesce(there.units, 0)
    end as responding_units,
    from_name.name as from_store_name,
    to_name.name as to_store_name,
    case when not coalesce(orders.is_home_currency, false) then orders.currency_code end as currency_code,
    case when is_in_transit(transfer.kind, transfer.state, transfer.waits) then coalesce(moving.units, 0) end
        as in_transit_units,
    case when is_in_transit(transfer.kind, transfer.state, transfer.waits) then coalesce(moving.value, 0) end
        as in_transit_value,
    transfer.is_from_before
from reports.begun_transfer as transfer
left join replica.store as from_store on from_store.id = transfer.from_store
left join replica.name as from_name on from_name.id = from_store.name_id
left join replica.store as to_store on to_store.id = transfer.to_store
left join replica.name as to_name on to_name.id = to_store.name_id
left join orders on transfer.table_name = 'purchase_order' and orders.id = transfer.initiating_id
left join moving on moving.initiating_id = transfer.initiating_id
left join sums on sums.table_name = transfer.table_name and sums.record_id = transfer.initiating_id
left join sums as there
    on there.table_name = transfer.responding_table
    and there.record_id = transfer.responding_id
where
    transfer.from_store in (select store_id from reports.reporting_store)
    or transfer.to_store in (select store_id from reports.reporting_store)
order by is_under_way(transfer.state) desc, transfer.begun_at, transfer.initiating_id
