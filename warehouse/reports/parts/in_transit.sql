-- Goods that one store issued and the other has not taken into its stock yet, as the sender's lines say. They are in
-- no store's stock on hand: issued is received and in transit, as long as nobody alters quantities on the way.
-- One row is: receiving store x item.
-- store_id: the store that they are on the way to
-- item_id: the item; NULL where a line names none
-- in_transit_units: how much
-- in_transit_value: at what they will cost the receiver: the sender's price, of a return the sender's cost
select
    transfer.to_store as store_id,
    line.item_id,
    sum(units(line.packs, line.pack_size)) as in_transit_units,
    sum(
        value_at_cost(line.packs, price_between(transfer.kind, line.cost_price_per_pack, line.sell_price_per_pack))
    ) as in_transit_value
from reports.begun_transfer as transfer
join replica.invoice_line as line on line.invoice_id = transfer.initiating_id
where transfer.table_name = 'invoice' and is_in_transit(transfer.kind, transfer.state, transfer.waits)
group by all
