-- Goods that one store issued and the other has not taken into its stock yet: what the receiver will take in, which is
-- what its half says where that is there, else what the sender's says. They are in no store's stock on hand.
-- One row is: transfer x item
-- initiating_id: id of the document that began the transfer
-- store_id: the store that they are on the way to
-- item_id: the item; NULL where a line names none
-- in_transit_units: how much
-- in_transit_value: at what they will cost the receiver
select
    transfer.initiating_id,
    transfer.to_store as store_id,
    line.item_id,
    sum(line.units) as in_transit_units,
    sum(line.value) as in_transit_value
from reports.begun_transfer as transfer
join reports.half_line as line
    on line.kind = transfer.kind
    and line.initiating_id = transfer.initiating_id
    and line.is_sent = not transfer.is_responding_here
where is_in_transit(transfer.kind, transfer.state, transfer.waits)
group by all
