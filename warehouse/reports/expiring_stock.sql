-- Stock that has expired or will within twelve months, and how much of it will not be used by then: what expires first
-- is used first, and batches share one consumption.
-- One row is: a stock line with packs on it; expired ones also where they are on hold.
-- store_code: code of the store
-- item_code: code of the item
-- batch: its number
-- expiry_date: until when it can be used
-- band: expired, 0-1 months, 1-3 months, 3-6 months, 6-12 months; no line is in two
-- units: on the line
-- value_amount: at cost, in the home currency; NULL without a price
-- expected_usage_units: of it, used before it expires; NULL where consumption is unknown
-- at_risk_units: of it, not used by then; all of it without consumption, NULL where that is unknown. Of an expired line
--    all of it: value at risk, as pages, `snapshot_history` and sums have it, is of the other bands
-- store_name: name of the store
-- item_name: name of the item
-- unit_name: the unit that quantities are counted in
-- location_code: where it lies
-- days_to_expiry: days from the day of the report; 0 or less is expired
-- at_risk_value: value of at_risk_units
-- data_as_of_at: when the store's site was last pulled
select
    store_code,
    item_code,
    batch,
    expiry_date,
    expiry_band(expiry_date, today()) as band,
    units,
    value_amount,
    case when is_expired then 0 else units - at_risk_units end as expected_usage_units,
    at_risk_units,
    store_name,
    item_name,
    unit_name,
    location_code,
    date_diff('day', today(), expiry_date) as days_to_expiry,
    cast(cast(value_amount as double) * at_risk_units / units as decimal(38, 6)) as at_risk_value,
    data_as_of_at
from reports.expiring_line
where band is not null
order by expiry_date, store_code, item_code, batch, stock_line_id
