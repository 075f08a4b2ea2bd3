-- What is out of stock, since when, and how often that happened lately.
-- One row is: store x item expected there; closed stores and items no longer used are left out.
-- store_code: code of the store
-- item_code: code of the item
-- is_out_now: the store had it, and nothing usable is left; NULL where that is unknown: the site is silent, no line has
--    a pack size, or the store's lines are not collected
-- out_since_date: when it ran out, as far as is known: the balance fell to zero, or the last batch expired and
--    nothing moved since; NULL where that is not known
-- days_out_90d: whole days without stock in the 90 days up to the last pull; NULL where movements do not explain the
--    stock
-- amc_units: average monthly consumption, as in `amc`
-- last_received_date: day something last came from a supplier or another store
-- store_name: name of the store
-- item_name: name of the item
-- usable_units: neither expired nor on hold
-- days_out: days from out_since_date to the last pull; 0 where the last batch has expired since
-- data_as_of_at: when the store's site was last pulled
-- demand_units: how much the store needs in a month, by the best figure that there is, as in `amc`; NULL where nothing
--    says
-- demand_basis: adjusted_amc, amc, months_with_stock, forecast, no_movement or unknown, as in `amc`
-- is_incomplete: a table that these figures rest on is not collected or not filled (`site_tables`), or documents wait
with recent as (
    select
        times.store_id,
        times.item_id,
        sum(days_within(times.from_date, times.to_date, store.known_date - 89, store.known_date)) as days
    from reports.out_of_stock as times
    join reports.reporting_store as store on store.store_id = times.store_id
    group by all
),

found as (
    select
        store.store_code,
        item.code as item_code,
        case
            when not store.is_silent then
                expected.is_stocked and shelf.usable_units <= 0
        end as is_out_now,
        case
            when not coalesce(is_out_now, shelf.usable_units <= 0) then null
            when not shelf.has_stock and shelf.is_known then still.out_date
            when not shelf.has_held_stock and coalesce(expected.last_moved_date <= shelf.last_expiry_date, true)
                then shelf.last_expiry_date
        end as out_since_date,
        case when expected.is_explained then cast(coalesce(recent.days, 0) as bigint) end as days_out_90d,
        amc.amc_units,
        expected.last_received_date,
        store.store_name,
        item.name as item_name,
        shelf.usable_units,
        not shelf.is_known or coalesce(amc.is_incomplete, false) as is_incomplete,
        store.known_date,
        store.data_as_of_at,
        demand.demand_units,
        demand.demand_basis
    from reports.expected_item as expected
    join reports.reporting_store as store on store.store_id = expected.store_id
    join replica.item as item on item.id = expected.item_id
    join reports.shelf as shelf on shelf.store_id = expected.store_id and shelf.item_id = expected.item_id
    left join recent on recent.store_id = expected.store_id and recent.item_id = expected.item_id
    left join reports.out_of_stock as still
        on still.store_id = expected.store_id and still.item_id = expected.item_id and still.is_out_still
    left join reports.consumption as amc on amc.store_id = expected.store_id and amc.item_id = expected.item_id
    left join reports.demand as demand on demand.store_id = expected.store_id and demand.item_id = expected.item_id
    where expected.is_in_use
)

select
    store_code,
    item_code,
    is_out_now,
    out_since_date,
    days_out_90d,
    amc_units,
    last_received_date,
    store_name,
    item_name,
    usable_units,
    not_negative(date_diff('day', out_since_date, known_date)) as days_out,
    data_as_of_at,
    demand_units,
    demand_basis,
    is_incomplete
from found
order by is_out_now desc nulls last, out_since_date nulls last, store_code, item_code
