-- Value of the stock of each store, at cost, in the home currency.
-- One row is: a store.
-- store_code: code of the store
-- store_name: name of the store
-- soh_value: everything on the shelf; NULL, as all that is on the shelf, where the store's stock lines are not
--    collected, or it fills none though things move there
-- usable_value: neither expired nor on hold, the line or its location
-- expired_value: past its expiry date (the day itself counts)
-- on_hold_value: on hold, the line or its location
-- in_transit_value: on the way to the store, not in soh_value
-- pct_of_total: soh_value in percent of that of all stores; NULL where all have none
-- is_current: the store's site was pulled within late_after
-- data_as_of_at: when the store's site was last pulled; what happened there since is unknown
-- value_missing_units: units without a price: they are in no value
-- is_incomplete: something is lacking (`site_tables`): its stock lines, or some of them wait
-- waiting_rows: stock lines that wait: in no value
-- waiting_value: what they say, at cost
with on_shelf as (
    select
        store_id,
        sum(value_amount) as soh_value,
        sum(value_amount) filter (is_usable(is_expired, is_on_hold) and value_amount > 0) as usable_value,
        sum(value_amount) filter (is_expired and value_amount > 0) as expired_value,
        sum(value_amount) filter (is_on_hold and value_amount > 0) as on_hold_value,
        sum(value_missing_units) as value_missing_units
    from reports.counted_line
    group by store_id
),

waiting as (
    select store_id, count(*) as rows, sum(value) as value
    from reports.waiting_row
    where table_name = 'stock_line'
    group by all
),

-- A store without a line of which things moved: what it has is not known.
unfilled as (
    select distinct store_id from reports.balance where not is_explained
),

known as (
    select
        store.store_id,
        store.knows_stock and (store.has_stock_lines or unfilled.store_id is null) as is_known
    from reports.known_store as store
    left join unfilled on unfilled.store_id = store.store_id
),

on_the_way as (
    select store_id, sum(in_transit_value) as in_transit_value from reports.in_transit group by store_id
)

select
    store.store_code,
    store.store_name,
    case when known.is_known then coalesce(on_shelf.soh_value, 0) end as soh_value,
    case when known.is_known then coalesce(on_shelf.usable_value, 0) end as usable_value,
    case when known.is_known then coalesce(on_shelf.expired_value, 0) end as expired_value,
    case when known.is_known then coalesce(on_shelf.on_hold_value, 0) end as on_hold_value,
    coalesce(on_the_way.in_transit_value, 0) as in_transit_value,
    case when known.is_known then
        100 * coalesce(on_shelf.soh_value, 0) / nullif(sum(on_shelf.soh_value) over (), 0)
    end as pct_of_total,
    store.is_current,
    store.data_as_of_at,
    coalesce(on_shelf.value_missing_units, 0) as value_missing_units,
    not known.is_known or coalesce(waiting.rows, 0) > 0 as is_incomplete,
    coalesce(waiting.rows, 0) as waiting_rows,
    coalesce(waiting.value, 0) as waiting_value
from reports.reporting_store as store
join known on known.store_id = store.store_id
left join waiting on waiting.store_id = store.store_id
left join on_shelf on on_shelf.store_id = store.store_id
left join on_the_way on on_the_way.store_id = store.store_id
order by store.store_code
