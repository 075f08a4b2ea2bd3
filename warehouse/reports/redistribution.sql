-- What stores have more of than their maximum, and others less of than their minimum: who could send how much to whom,
-- within a region first. Nothing is sent for longer than the receiver will take to use it: only what expires after the
-- maximum of months of all stores that are short of the item.
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
with pairs as materialized (
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

-- Both sides stand in line, and what overlaps passes from the one to the other: in each region, then all the rest.
near_surplus as (
    select
        *,
        coalesce(
            sum(surplus_units) over (
                partition by item_id, region_id
                order by expiring_units desc, surplus_units desc, store_id
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as begin_units
    from surplus
    where region_id is not null and surplus_units > 0
),

near_needs as (
    select
        *,
        coalesce(
            sum(needed_units) over (
                partition by item_id, region_id
                order by usable_units / demand_units, needed_units desc, store_id
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as begin_units
    from needs
    where region_id is not null
),

near as (
    select
        source.item_id,
        source.store_id as from_store,
        target.store_id as to_store,
        least(source.begin_units + source.surplus_units, target.begin_units + target.needed_units)
        - greatest(source.begin_units, target.begin_units) as units
    from near_surplus as source
    join near_needs as target
        on target.item_id = source.item_id
        and target.region_id = source.region_id
        and target.begin_units < source.begin_units + source.surplus_units
        and source.begin_units < target.begin_units + target.needed_units
),

rest_of_surplus as (
    select surplus.* replace (surplus.surplus_units - coalesce(sent.units, 0) as surplus_units)
    from surplus
    left join (select item_id, from_store, sum(units) as units from near group by all) as sent
        on sent.item_id = surplus.item_id and sent.from_store = surplus.store_id
),

rest_of_needs as (
    select needs.* replace (needs.needed_units - coalesce(got.units, 0) as needed_units)
    from needs
    left join (select item_id, to_store, sum(units) as units from near group by all) as got
        on got.item_id = needs.item_id and got.to_store = needs.store_id
),

far_surplus as (
    select
        *,
        coalesce(
            sum(surplus_units) over (
                partition by item_id
                order by expiring_units desc, surplus_units desc, store_id
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as begin_units
    from rest_of_surplus
    where surplus_units > 0
),

far_needs as (
    select
        *,
        coalesce(
            sum(needed_units) over (
                partition by item_id
                order by usable_units / demand_units, needed_units desc, store_id
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as begin_units
    from rest_of_needs
    where needed_units > 0
),

far as (
    select
        source.item_id,
        source.store_id as from_store,
        target.store_id as to_store,
        least(source.begin_units + source.surplus_units, target.begin_units + target.needed_units)
        - greatest(source.begin_units, target.begin_units) as units
    from far_surplus as source
    join far_needs as target
        on target.item_id = source.item_id
        and target.begin_units < source.begin_units + source.surplus_units
        and source.begin_units < target.begin_units + target.needed_units
),

moved as (
    select *, true as is_same_region from near
    union all
    select *, false from far
)

select
    item.code as item_code,
    item.name as item_name,
    unit.name as unit_name,
    source.store_code as from_store_code,
    source.store_name as from_store_name,
    target.store_code as to_store_code,
    target.store_name as to_store_name,
    moved.is_same_region,
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
