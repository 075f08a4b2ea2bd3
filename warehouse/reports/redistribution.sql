-- What stores have more of than their maximum, and others less of than their minimum: who could send how much to whom.
-- First within a region between stores of one supplier (the store that each gets something from most often), then
-- within a region, then between stores of one supplier, then all others. Nothing goes up: no store gets something from
-- one that it supplies, directly or through others, and one that others get most from only from such as have its own
-- supplier; what lacks there is ordered (`suggested_orders`). Nothing is sent for longer than the receiver will take to
-- use it: only what expires after the maximum of months of all stores that are short of the item.
-- One row is: item x store that could send it x store that is short of it.
-- item_code: code of the item
-- item_name: name of the item
-- unit_name: the unit that quantities are counted in
-- from_store_code: code of the store that has more than its maximum
-- from_store_name: its name
-- to_store_code: code of the store that has less than its minimum, or none
-- to_store_name: its name
-- is_same_region: both are in one region
-- units: how much, in whole packs: of a store's surplus to those that need it most, and of what a store needs from
--    those that lose most by expiry, else have most
-- value_amount: that at what a unit costs at the store that has it; NULL without a price
-- surplus_units: what the store has more than its maximum of months, and lasts long enough
-- expiring_units: of all it has, what will expire before it uses it (`suggested_orders`)
-- needed_units: what the other one needs to come up to its maximum, less what is on its way to it; what it asked for is
--    not taken off
-- to_status: stocked_out, below_min or never_stocked
-- from_data_as_of_at: when the site of the one was last pulled
-- to_data_as_of_at: when that of the other was
with recursive
pairs as materialized (
    select
        banded.store_id,
        banded.item_id,
        banded.stock_status,
        banded.usable_units,
        banded.demand_units,
        store.max_months,
        facility.region_id,
        case when item.default_pack_size > 0 then item.default_pack_size else 1 end as pack_size,
        banded.unused_units,
        banded.in_transit_units as arriving_units
    from reports.banded_item as banded
    join reports.reporting_store as store on store.store_id = banded.store_id
    join replica.store as record on record.id = banded.store_id
    join replica.item as item on item.id = banded.item_id
    left join replica.name as facility on facility.id = record.name_id
),

needs as materialized (
    select
        *,
        in_whole_packs(needed_for(demand_units, max_months) - usable_units - arriving_units, pack_size) as needed_units
    from pairs
    where
        stock_status in ('stocked_out', 'below_min', 'never_stocked')
        and demand_units > 0
        and needed_for(demand_units, max_months) > usable_units + arriving_units
),

horizon as (
    select item_id, max(max_months) as months from needs group by item_id
),

lasting as (
    select line.store_id, line.item_id, sum(line.usable_units) as units
    from reports.counted_line as line
    join horizon on horizon.item_id = line.item_id
    where line.expiry_date is null or date_diff('day', today(), line.expiry_date) > horizon.months * days_per_month()
    group by line.store_id, line.item_id
),

surplus as materialized (
    select
        pairs.*,
        pairs.unused_units as expiring_units,
        exactly(
            floor(
                cast(least(lasting.units, pairs.usable_units - pairs.demand_units * pairs.max_months) as double)
                / pairs.pack_size
            ),
            pairs.pack_size
        ) as surplus_units
    from pairs
    join lasting on lasting.store_id = pairs.store_id and lasting.item_id = pairs.item_id
    where
        pairs.stock_status in ('overstocked', 'no_consumption')
        and pairs.usable_units > pairs.demand_units * pairs.max_months
),

supply(store_id, above_store_id) as (
    select store_id, supplier_store_id from reports.supplying_store
    union
    select supply.store_id, further.supplier_store_id
    from supply
    join reports.supplying_store as further on further.store_id = supply.above_store_id
),

places as (
    select
        record.id as store_id,
        facility.region_id,
        main.supplier_store_id,
        record.id in (select supplier_store_id from reports.supplying_store where is_main) as is_supplier
    from replica.store as record
    left join replica.name as facility on facility.id = record.name_id
    left join reports.supplying_store as main on main.store_id = record.id and main.is_main
),

sides as (
    select
        'gives' as side,
        item_id,
        store_id,
        surplus_units as units,
        expiring_units as first_by,
        surplus_units > 0 as is_in_line
    from surplus
    union all
    select 'needs', item_id, store_id, needed_units, - usable_units / demand_units, true
    from needs
),

-- Both sides stand in line, and what overlaps passes from the one to the other: in each circle of stores that are near
-- to each other, then what is left in the next wider one.
circles as (
    select 0 as circle, side, item_id, store_id, cast(null as varchar) as to_store_id, units, first_by
    from sides
    where is_in_line
    union all
    select * from (
        with left_over as (
            select
                past.* replace (past.circle + 1 as circle),
                case past.circle
                    when 0 then [place.region_id, place.supplier_store_id, cast(place.is_supplier as varchar)]
                    when 1 then [place.region_id]
                    when 2 then [place.supplier_store_id, cast(place.is_supplier as varchar)]
                    else []
                end as near,
                list_count(near) = len(near)
                and (past.circle in (0, 2) or past.side = 'gives' or not place.is_supplier) as is_in_line
            from circles as past
            join places as place on place.store_id = past.store_id
            where past.side <> 'moves' and past.units > 0 and past.circle < 4
        ),

        lines as (
            select
                *,
                coalesce(
                    sum(units) over (
                        partition by side, item_id, near
                        order by first_by desc, units desc, store_id
                        rows between unbounded preceding and 1 preceding
                    ),
                    0
                ) as begin_units
            from left_over
            where is_in_line
        ),

        passed as (
            select
                source.circle,
                source.item_id,
                source.store_id as from_store_id,
                target.store_id as to_store_id,
                least(source.begin_units + source.units, target.begin_units + target.units)
                - greatest(source.begin_units, target.begin_units) as units
            from lines as source
            join lines as target
                on target.item_id = source.item_id
                and target.near = source.near
                and target.begin_units < source.begin_units + source.units
                and source.begin_units < target.begin_units + target.units
            where
                source.side = 'gives'
                and target.side = 'needs'
                and (source.store_id, target.store_id) not in (select store_id, above_store_id from supply)
        ),

        gone as (
            select 'gives' as side, item_id, from_store_id as store_id, sum(units) as units from passed group by all
            union all
            select 'needs', item_id, to_store_id, sum(units) from passed group by all
        )

        select circle, 'moves', item_id, from_store_id, to_store_id, units, null from passed
        union all
        select
            left_over.circle,
            left_over.side,
            left_over.item_id,
            left_over.store_id,
            null,
            left_over.units - coalesce(gone.units, 0),
            left_over.first_by
        from left_over
        left join gone
            on gone.side = left_over.side and gone.item_id = left_over.item_id and gone.store_id = left_over.store_id
    )
),

moved as (
    select item_id, store_id as from_store, to_store_id as to_store, sum(units) as units
    from circles
    where side = 'moves'
    group by all
)

select
    item.code as item_code,
    item.name as item_name,
    unit.name as unit_name,
    source.store_code as from_store_code,
    source.store_name as from_store_name,
    target.store_code as to_store_code,
    target.store_name as to_store_name,
    coalesce(surplus.region_id = needs.region_id, false) as is_same_region,
    cast(moved.units as decimal(38, 6)) as units,
    cast(cast(moved.units as double) * cost.per_unit as decimal(38, 6)) as value_amount,
    surplus.surplus_units,
    surplus.expiring_units,
    needs.needed_units,
    needs.stock_status as to_status,
    source.data_as_of_at as from_data_as_of_at,
    target.data_as_of_at as to_data_as_of_at
from moved
join surplus on surplus.item_id = moved.item_id and surplus.store_id = moved.from_store
join needs on needs.item_id = moved.item_id and needs.store_id = moved.to_store
join replica.item as item on item.id = moved.item_id
left join replica.unit as unit on unit.id = item.unit_id
join reports.reporting_store as source on source.store_id = moved.from_store
join reports.reporting_store as target on target.store_id = moved.to_store
left join reports.unit_cost as cost on cost.store_id = moved.from_store and cost.item_id = moved.item_id
order by item.code, item.id, source.store_code, target.store_code
