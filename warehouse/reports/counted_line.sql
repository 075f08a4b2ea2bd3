-- Stock lines as reports count them: in units, at cost, with what keeps them from being used.
-- One row is: a stock line.
-- store_id: the store that has it
-- item_id: the item
-- soh_units: everything on it
-- available_units: less what is set aside for documents under way
-- value_amount: at cost, in the home currency
-- is_expired: past its expiry date (the day itself counts)
-- is_on_hold: on hold, the line or its location
-- expiry_date: as it says; NULL never expires
-- is_empty: no packs on it
select
    line.store_id,
    line.item_id,
    units(line.total_packs, line.pack_size) as soh_units,
    units(line.available_packs, line.pack_size) as available_units,
    value_at_cost(line.total_packs, line.cost_price_per_pack) as value_amount,
    is_expired(line.expiry_date, today()) as is_expired,
    coalesce(line.on_hold, false) or coalesce(location.on_hold, false) as is_on_hold,
    line.expiry_date,
    not coalesce(line.total_packs > 0, false) as is_empty
from replica.stock_line as line
left join replica.location as location on location.id = line.location_id
