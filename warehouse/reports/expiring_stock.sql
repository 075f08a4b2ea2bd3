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
-- at_risk_units: of it, not used by then; all of it without consumption, NULL where that is unknown
-- store_name: name of the store
-- item_name: name of the item
-- unit_name: the unit that quantities are counted in
-- location_code: where it lies
-- days_to_expiry: days from the day of the report; 0 or less is expired
-- at_risk_value: value of at_risk_units
-- data_as_of_at: when the store's site was last pulled
with lines as (
    select
        counted.stock_line_id,
        counted.store_id,
        counted.item_id,
        counted.soh_units as units,
        counted.value_amount,
        counted.expiry_date,
        counted.location_code,
        counted.is_expired,
        line.batch,
        store.store_code,
        store.store_name,
        store.data_as_of_at,
        item.code as item_code,
        item.name as item_name,
        unit.name as unit_name,
        amc.amc_units,
        amc.amc_units / days_per_month() * greatest(0, date_diff('day', today(), counted.expiry_date)) as used_by_then
    from reports.counted_line as counted
    join replica.stock_line as line on line.id = counted.stock_line_id
    join reports.reporting_store as store on store.store_id = counted.store_id
    join replica.item as item on item.id = counted.item_id
    left join replica.unit as unit on unit.id = item.unit_id
    left join reports.consumption as amc on amc.store_id = counted.store_id and amc.item_id = counted.item_id
    where
        counted.expiry_date is not null
        and counted.soh_units > 0
        and (counted.is_expired or not counted.is_on_hold)
),

-- How much demand there is before each batch expires, less all that expires no later: where that is negative, so much
-- was or will be left over.
queued as (
    select
        *,
        used_by_then - sum(cast(units as double)) over (
            partition by store_id, item_id
            order by expiry_date, stock_line_id
            rows between unbounded preceding and current row
        ) as left_for_later
    from lines
),

short as (
    select
        *,
        least(
            0,
            min(left_for_later) over (
                partition by store_id, item_id
                order by expiry_date, stock_line_id
                rows between unbounded preceding and current row
            )
        ) as short_so_far
    from queued
),

risked as (
    select
        *,
        case
            when is_expired then units
            when amc_units is not null then cast(
                lag(short_so_far, 1, 0) over (partition by store_id, item_id order by expiry_date, stock_line_id)
                - short_so_far
                as decimal(38, 6)
            )
        end as at_risk_units
    from short
)

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
from risked
where band is not null
order by expiry_date, store_code, item_code, batch, stock_line_id
