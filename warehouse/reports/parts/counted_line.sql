-- Stock lines as reports count them: in units, at cost, with what keeps them from being used. Nothing can be taken from
-- a negative line, but the books count it.
-- One row is: a stock line of a store in reports.
-- By pair.
-- stock_line_id: the line
-- store_id: the store that has it
-- item_id: the item
-- soh_units: everything on it; below zero where more was issued than was there; NULL without a pack size
-- available_units: less what is set aside for documents under way; not below zero
-- usable_units: what is neither expired nor on hold; not below zero
-- value_amount: at cost, in the home currency; NULL without a price
-- value_missing_units: units without a price
-- is_expired: past its expiry date (the day itself counts)
-- is_on_hold: on hold, the line or its location
-- expiry_date: as it says; NULL never expires
-- location_code: where it lies
-- is_empty: no packs on it
with lines as (
    select
        line.*,
        location.code as location_code,
        is_expired(line.expiry_date, today()) as is_expired,
        coalesce(line.on_hold, false) or coalesce(location.on_hold, false) as is_on_hold,
        units(line.total_packs, line.pack_size) as soh_units,
        value_at_cost(line.total_packs, line.cost_price_per_pack) as value_amount
    from replica.stock_line as line
    left join replica.location as location on location.id = line.location_id
    where line.store_id in (select store_id from reports.reporting_store)
)

select
    id as stock_line_id,
    store_id,
    item_id,
    soh_units,
    not_negative(units(available_packs, pack_size)) as available_units,
    case when is_usable(is_expired, is_on_hold) then not_negative(soh_units) else 0 end as usable_units,
    value_amount,
    case when value_amount is null then not_negative(soh_units) else 0 end as value_missing_units,
    is_expired,
    is_on_hold,
    expiry_date,
    location_code,
    not coalesce(total_packs > 0, false) as is_empty
from lines
