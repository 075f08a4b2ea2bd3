-- Goods on the way to each store: in no store's stock on hand. Issued is received and in transit, as long as nobody
-- alters quantities on the way.
-- One row is: receiving store x item.
-- store_id: the store that they are on the way to
-- item_id: the item; NULL where a line names none
-- in_transit_units: how much
-- in_transit_value: at what they will cost the receiver
select
    store_id,
    item_id,
    sum(in_transit_units) as in_transit_units,
    sum(in_transit_value) as in_transit_value
from reports.on_the_way
group by all
