-- What is on the shelf of an item at a store that is expected to hold it, for the reports that need it: 0 where
-- there is no line, NULL where lines have no pack size, and where it is not known whether there are lines: the store's
-- are not collected, or it has none at all though more came than went.
-- One row is: store x item that is expected there.
-- store_id: the store
-- item_id: the item
-- soh_units: everything
-- available_units: less what is set aside
-- usable_units: neither expired nor on hold
-- expired_units: past its expiry date
-- on_hold_units: on hold, the line or its location
-- negative_units: sum of the lines below zero
-- value_amount: at cost; NULL where no line has a price
-- value_missing_units: units without a price
-- earliest_expiry_date: of the lines with packs on them
-- has_stock: there is something on a line
-- has_held_stock: there is, on hold
-- last_expiry_date: of the expired lines with something on them, when the last one expired
-- is_known: it is known which lines there are
with known as (
    select
        expected.store_id,
        expected.item_id,
        store.knows_stock and (store.has_stock_lines or expected.is_explained) as is_known
    from reports.expected_item as expected
    join reports.known_store as store on store.store_id = expected.store_id
)

select
    expected.store_id,
    expected.item_id,
    case
        when count(line.stock_line_id) > 0 then sum(line.soh_units)
        when any_value(expected.is_known) then 0
    end as soh_units,
    case
        when count(line.stock_line_id) > 0 then sum(line.available_units)
        when any_value(expected.is_known) then 0
    end as available_units,
    case
        when count(line.stock_line_id) > 0 then sum(line.usable_units)
        when any_value(expected.is_known) then 0
    end as usable_units,
    case
        when any_value(expected.is_known) then coalesce(sum(not_negative(line.soh_units)) filter (line.is_expired), 0)
    end as expired_units,
    case
        when any_value(expected.is_known) then coalesce(sum(not_negative(line.soh_units)) filter (line.is_on_hold), 0)
    end as on_hold_units,
    case
        when any_value(expected.is_known) then coalesce(sum(line.soh_units) filter (line.soh_units < 0), 0)
    end as negative_units,
    sum(line.value_amount) as value_amount,
    coalesce(sum(line.value_missing_units), 0) as value_missing_units,
    min(line.expiry_date) filter (not line.is_empty) as earliest_expiry_date,
    coalesce(bool_or(line.soh_units > 0), false) as has_stock,
    coalesce(bool_or(line.soh_units > 0 and line.is_on_hold), false) as has_held_stock,
    max(line.expiry_date) filter (line.soh_units > 0 and line.is_expired) as last_expiry_date,
    any_value(expected.is_known) as is_known
from known as expected
left join reports.counted_line as line on line.store_id = expected.store_id and line.item_id = expected.item_id
group by expected.store_id, expected.item_id
