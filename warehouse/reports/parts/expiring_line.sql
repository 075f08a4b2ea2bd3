-- Stock lines that have an expiry date, and how much of each will not be used by then, for the reports that need it:
-- what expires first is used first, and batches share one consumption.
-- One row is: a stock line with packs on it and an expiry date; expired ones also where they are on hold.
-- stock_line_id: the line
-- store_id: the store that has it
-- item_id: the item
-- units: on the line
-- value_amount: at cost, in the home currency; NULL without a price
-- expiry_date: until when it can be used
-- location_code: where it lies
-- is_expired: past its expiry date (the day itself counts)
-- batch: its number
-- store_code: code of the store
-- store_name: its name
-- data_as_of_at: when the store's site was last pulled
-- item_code: code of the item
-- item_name: name of the item
-- unit_name: the unit that quantities are counted in
-- amc_units: average monthly consumption; NULL where that is unknown
-- used_by_then: what will be used of the item until it expires; NULL likewise
-- left_for_later: that, less all that expires no later: less than 0 is too much
-- short_so_far: the least of that so far, 0 at most
-- at_risk_units: of the line, not used by then; all of it without consumption, NULL where that is unknown
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
)

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
