-- What each store would have to order of each item to come up to its maximum: what it needs for so many months and
-- while the order is under way, less what it has and will use in time, what is on its way, and what it asked for
-- already. Expiry dates of what is on its way are not looked at.
-- One row is: store x item that is expected there, where the store is open and the item in use.
-- store_code: code of the store
-- store_name: name of the store
-- item_code: code of the item
-- item_name: name of the item
-- unit_name: the unit that quantities are counted in
-- stock_status: the band, as in `stock_on_hand`
-- reason: stocked_out, never_stocked, below_min, before_delivery (it will be used up before an order can arrive),
--    to_maximum (there is enough for now); enough (nothing to order); unknown (stock or demand is)
-- demand_units: how much is needed in a month; NULL where nothing says
-- demand_basis: as in `amc`
-- usable_units: neither expired nor on hold; NULL where that is unknown
-- expiring_unused_units: of that, what will expire before it is used at this demand, the first to expire used first;
--    NULL where either is unknown
-- arriving_units: on its way to the store, and in no store's stock
-- on_order_units: asked for and not sent yet, as far as that is known (`order_lines`)
-- max_months: from how many months of stock on the store has too much
-- lead_days: days from asking the supplier that the item came from last, until it came: the median of three deliveries
--    at least of the last twelve months; NULL where nothing says, and then it is not in the target
-- lead_basis: what that is: route (of this supplier to this store), supplier (to all stores); route_steps or
--    supplier_steps (until requisitions are answered, as far as known, and from sending to receiving, as few goods say
--    what they were asked for with); unknown
-- target_units: demand_units for max_months and lead_days, to four decimals; NULL without demand
-- suggested_units: target_units less usable_units that are used in time, arriving_units and on_order_units, rounded up
--    to whole packs; 0 where that is enough; NULL where stock or demand is unknown
-- pack_size: units of the pack that is ordered; NULL where none is known, and whole units are ordered
-- suggested_packs: suggested_units in packs; NULL without a pack_size
-- suggested_value: suggested_units at what a unit costs at the store, else in the network; NULL without a price
-- supplier_name: who the item came from last, but for stores that this one issues to more often than they send it
--    something; NULL where it never came from anybody else
-- run_out_date: when usable_units will be used up, seen from the last pull; NULL where stock or demand is unknown,
--    nothing is there or nothing needed, and after more than ten years
-- run_out_arriving_date: when arriving_units will be as well; NULL likewise
-- is_incomplete: a table that it rests on is not collected or not filled (`site_tables`), finished documents or stock
--    lines of the item wait, or of an order it is unknown what is to come
-- data_as_of_at: when the store's site was last pulled
with pairs as (
    select
        banded.*,
        store.store_code,
        store.store_name,
        store.known_date,
        store.is_silent,
        store.max_months,
        store.data_as_of_at
    from reports.banded_item as banded
    join reports.reporting_store as store on store.store_id = banded.store_id
    where banded.is_in_use
),

-- Of one supplier to one store the days from asking; where nothing says those, of the steps that are known. What three
-- deliveries at least tell.
leads as (
    select
        supplier_name_id,
        customer_store_id,
        arg_max(median_days, (deliveries, step)) filter (step in ('asked_to_received', 'ordered_to_received')) as whole,
        any_value(median_days) filter (step = 'sent_to_received')
        + coalesce(any_value(median_days) filter (step = 'asked_to_answered'), 0) as steps
    from reports.lead_time
    where deliveries >= 3
    group by all
),

-- What comes from a store that this one supplies, such as its own dispensary, came back: nobody orders there.
sources as (
    select
        last.store_id,
        last.item_id,
        arg_max(last.name_id, (last.last_sent_at, last.last_document_id)) as name_id
    from reports.last_supplier as last
    where (last.store_id, last.name_id) not in (select supplier_store_id, name_id from reports.supplying_store)
    group by last.store_id, last.item_id
),

waiting as (
    select distinct store_id, item_id from reports.waiting_row where table_name = 'stock_line'
),

network_cost as (
    select item_id, sum(cast(value_amount as double)) / sum(soh_units) as per_unit
    from reports.counted_line
    where soh_units > 0 and value_amount > 0
    group by item_id
),

timed as (
    select
        pairs.*,
        coalesce(ordered.units, 0) as on_order_units,
        coalesce(ordered.unknown_lines, 0) > 0 as is_order_unknown,
        waiting.store_id is not null as has_waiting_stock,
        sources.name_id as supplier_name_id,
        coalesce(route.whole, wide.whole, route.steps, wide.steps) as lead_days,
        case
            when route.whole is not null then 'route'
            when wide.whole is not null then 'supplier'
            when route.steps is not null then 'route_steps'
            when wide.steps is not null then 'supplier_steps'
            else 'unknown'
        end as lead_basis
    from pairs
    left join reports.on_order as ordered on ordered.store_id = pairs.store_id and ordered.item_id = pairs.item_id
    left join waiting on waiting.store_id = pairs.store_id and waiting.item_id = pairs.item_id
    left join sources on sources.store_id = pairs.store_id and sources.item_id = pairs.item_id
    left join leads as route
        on route.supplier_name_id = sources.name_id and route.customer_store_id = pairs.store_id
    left join leads as wide on wide.supplier_name_id = sources.name_id and wide.customer_store_id is null
),

wanted as (
    select
        *,
        max_months + coalesce(lead_days, 0) / days_per_month() as months,
        usable_units - unused_units as used_units,
        case
            when stock_status <> 'unknown' and demand_units is not null then
                needed_for(demand_units, months) - used_units - in_transit_units - on_order_units
        end as short_units
    from timed
)

select
    wanted.store_code,
    wanted.store_name,
    item.code as item_code,
    item.name as item_name,
    unit.name as unit_name,
    wanted.stock_status,
    case
        when wanted.short_units is null then 'unknown'
        when wanted.short_units <= 0 then 'enough'
        when wanted.stock_status in ('stocked_out', 'never_stocked', 'below_min') then wanted.stock_status
        when
            lasts_less_than(
                wanted.used_units + wanted.in_transit_units, wanted.demand_units, wanted.lead_days / days_per_month()
            )
            then 'before_delivery'
        else 'to_maximum'
    end as reason,
    wanted.demand_units,
    wanted.demand_basis,
    wanted.usable_units,
    wanted.unused_units as expiring_unused_units,
    wanted.in_transit_units as arriving_units,
    wanted.on_order_units,
    cast(wanted.max_months as double) as max_months,
    wanted.lead_days,
    wanted.lead_basis,
    in_months(wanted.demand_units, wanted.months) as target_units,
    in_whole_packs(not_negative(wanted.short_units), item.default_pack_size) as suggested_units,
    case when item.default_pack_size > 0 then item.default_pack_size end as pack_size,
    case when item.default_pack_size > 0 then cast(suggested_units / item.default_pack_size as bigint) end
        as suggested_packs,
    case
        when suggested_units = 0 then 0
        else cast(cast(suggested_units as double) * coalesce(cost.per_unit, network_cost.per_unit) as decimal(38, 6))
    end as suggested_value,
    supplier.name as supplier_name,
    run_out(wanted.known_date, case when not wanted.is_silent then wanted.used_units end, wanted.demand_units)
        as run_out_date,
    run_out(
        wanted.known_date,
        case when not wanted.is_silent then wanted.used_units + wanted.in_transit_units end,
        wanted.demand_units
    ) as run_out_arriving_date,
    wanted.is_incomplete or wanted.is_order_unknown or wanted.has_waiting_stock as is_incomplete,
    wanted.data_as_of_at
from wanted
join replica.item as item on item.id = wanted.item_id
left join replica.unit as unit on unit.id = item.unit_id
left join replica.name as supplier on supplier.id = wanted.supplier_name_id
left join reports.unit_cost as cost on cost.store_id = wanted.store_id and cost.item_id = wanted.item_id
left join network_cost on network_cost.item_id = wanted.item_id
order by wanted.store_code, item.code, item.id
