-- How much of an item a store needs in a month, by the best figure that there is: what months of stock, bands and
-- orders go by.
-- One row is: store x item that is expected there or moved there.
-- store_id: the store
-- item_id: the item
-- demand_units: how much it needs in a month; NULL where nothing says
-- demand_basis: adjusted_amc, amc (days out of stock are not known), months_with_stock (it was out of stock all the
--    time since), forecast, no_movement (nothing ever moved, and nobody forecast anything: 0), unknown
-- demand_from_date: first day that demand_units rests on; of a forecast, since when it holds
-- demand_to_date: last day that it rests on; NULL for a forecast
-- forecast_units: what people of the store forecast for a month (`amc_projection`): of those that hold by now, the one
--    that does since last; NULL without one
-- forecast_from_date: since when it holds; NULL without one, and where it does not say
with forecast as (
    select store_id, item_id, amc_units as units, valid_from
    from replica.amc_projection
    where amc_units >= 0 and coalesce(valid_from <= today(), true)
    qualify row_number() over (partition by store_id, item_id order by valid_from desc nulls last, id desc) = 1
),

-- The months before the window of those that had nothing in all of it, at most two years back.
months as (
    select
        consumption.store_id,
        consumption.item_id,
        consumption.window_months,
        known.knows_dispensing and known.knows_invoices as has_tables,
        balance.first_moved_date,
        cast(unnest(
            generate_series(
                greatest(date_trunc('month', balance.first_moved_date), consumption.window_from - interval 24 months),
                consumption.window_from - interval 1 month,
                interval 1 month
            )
        ) as date) as month
    from reports.consumption as consumption
    join reports.balance as balance using (store_id, item_id)
    join reports.known_store as known on known.store_id = consumption.store_id
    where consumption.amc_basis = 'no_stock_in_window'
),

without_stock as (
    select
        months.store_id,
        months.item_id,
        months.month,
        sum(days_within(times.from_date, times.to_date, months.month, month_end(months.month))) as days
    from months
    join reports.out_of_stock as times on times.store_id = months.store_id and times.item_id = months.item_id
    group by all
),

with_stock as (
    select
        months.*,
        coalesce(consumed.consumed_units, 0) as consumed_units,
        coalesce(without_stock.days, 0) as days_out,
        not months.has_tables or coalesce(waiting.is_dispensing or waiting.is_issuing, false) as lacks_use,
        greatest(0, date_diff('day', months.month, months.first_moved_date)) as days_before
    from months
    left join without_stock using (store_id, item_id, month)
    left join reports.consumed_month as consumed using (store_id, item_id, month)
    left join reports.waiting_month as waiting using (store_id, item_id, month)
    where
        coalesce(consumed.consumed_units, 0) > 0
        or coalesce(without_stock.days, 0)
        < days_within(months.first_moved_date, month_end(months.month), months.month, month_end(months.month))
    qualify row_number() over (partition by store_id, item_id order by month desc) <= window_months
),

last_stocked as (
    select
        store_id,
        item_id,
        greatest(min(month), any_value(first_moved_date)) as from_date,
        month_end(max(month)) as to_date,
        greatest(1, count(*) - sum(days_before) / days_per_month()) as divisor_months,
        sum(consumed_units) as consumed,
        case
            when consumed > 0 or not bool_or(lacks_use) then
                coalesce(amc(consumed, divisor_months, sum(days_out)), amc(consumed, divisor_months))
        end as units
    from with_stock
    group by store_id, item_id
),

based as (
    select
        consumption.*,
        last_stocked.units as stocked_units,
        last_stocked.from_date,
        last_stocked.to_date,
        forecast.units as forecast_units,
        forecast.valid_from as forecast_from_date,
        case
            when consumption.amc_basis in ('full_window', 'partial_history') then
                case when consumption.amc_adjusted_units is null then 'amc' else 'adjusted_amc' end
            when last_stocked.units is not null then 'months_with_stock'
            when forecast.units is not null then 'forecast'
            when consumption.amc_basis = 'no_movement' then 'no_movement'
            else 'unknown'
        end as demand_basis
    from reports.consumption as consumption
    left join last_stocked
        on last_stocked.store_id = consumption.store_id and last_stocked.item_id = consumption.item_id
    left join forecast on forecast.store_id = consumption.store_id and forecast.item_id = consumption.item_id
)

select
    store_id,
    item_id,
    case demand_basis
        when 'adjusted_amc' then amc_adjusted_units
        when 'amc' then amc_units
        when 'months_with_stock' then stocked_units
        when 'forecast' then forecast_units
        when 'no_movement' then 0
    end as demand_units,
    demand_basis,
    case demand_basis
        when 'months_with_stock' then from_date
        when 'forecast' then forecast_from_date
        when 'adjusted_amc' then window_from
        when 'amc' then window_from
    end as demand_from_date,
    case demand_basis
        when 'months_with_stock' then to_date
        when 'adjusted_amc' then window_to
        when 'amc' then window_to
    end as demand_to_date,
    forecast_units,
    forecast_from_date
from based
