-- Stock by batch: what lies where, until when it can be used.
-- One row is: a stock line with packs on it, or below zero.
-- store_code: code of the store
-- item_code: code of the item
-- batch: its number
-- expiry_date: until when it can be used; NULL never expires
-- days_to_expiry: days from the day of the report; 0 or less is expired
-- location_code: where it lies
-- pack_size: units in one pack
-- packs: packs on the line
-- soh_units: units on the line; NULL where the pack size is missing
-- value_amount: at cost, in the home currency; NULL without a price
-- is_expired: past its expiry date (the day itself counts)
-- is_on_hold: on hold, the line or its location
-- data_as_of_at: when the store's site was last pulled
-- store_name: name of the store
-- item_name: name of the item
-- unit_name: the unit that quantities are counted in
-- available_units: less what is set aside for documents under way
-- supplier_name: from whom it came
select
    store.store_code,
    item.code as item_code,
    line.batch,
    line.expiry_date,
    date_diff('day', today(), line.expiry_date) as days_to_expiry,
    counted.location_code,
    line.pack_size,
    line.total_packs as packs,
    counted.soh_units,
    counted.value_amount,
    counted.is_expired,
    counted.is_on_hold,
    store.data_as_of_at,
    store.store_name,
    item.name as item_name,
    unit.name as unit_name,
    counted.available_units,
    supplier.name as supplier_name
from reports.counted_line as counted
join replica.stock_line as line on line.id = counted.stock_line_id
join reports.reporting_store as store on store.store_id = counted.store_id
join replica.item as item on item.id = counted.item_id
left join replica.unit as unit on unit.id = item.unit_id
left join replica.name as supplier on supplier.id = line.supplier_name_id
where line.total_packs <> 0
order by store.store_code, item.code, line.expiry_date nulls last, line.batch, line.id
