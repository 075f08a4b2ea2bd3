-- What central has of the tables that figures of a store rest on.
-- One row is: store x table.
-- store_id: the store
-- table_name: the table; of documents its lines count with it
-- is_collected: the site of the store was pulled, and has the table with its lines
-- lacking_columns: columns of it that the site has not got
-- rows: records of the store that central has, without lines
-- first_date: the day of the first document; NULL of stock, and without any
-- last_date: the day of the last one
-- waiting_rows: changes of it that wait, lines too
-- waiting_units: what they say
-- waiting_value: that at cost
with held as (
    select 'stock_line' as table_name, store_id, cast(null as timestamptz) as done_at from replica.stock_line
    union all
    select 'invoice', store_id, coalesce(finalised_at, confirmed_at, created_at) from replica.invoice
    union all
    select 'prescription', store_id, coalesce(dispensed_at, created_at) from replica.prescription
    union all
    select 'inventory_adjustment', store_id, coalesce(finalised_at, created_at) from replica.inventory_adjustment
    union all
    select 'build', store_id, coalesce(finalised_at, created_at) from replica.build
    union all
    select 'requisition', store_id, coalesce(finalised_at, created_at) from replica.requisition
    union all
    select 'purchase_order', store_id, coalesce(confirmed_at, created_at) from replica.purchase_order
    union all
    select 'goods_received', store_id, received_at from replica.goods_received
    union all
    select 'amc_projection', store_id, null from replica.amc_projection
),

counted as (
    select
        table_name,
        store_id,
        count(*) as rows,
        local_date(min(done_at)) as first_date,
        local_date(max(done_at)) as last_date
    from held
    group by all
),

waiting as (
    select table_name, store_id, count(*) as rows, sum(units) as units, sum(value) as value
    from reports.waiting_row
    group by all
),

-- As each site's capture was at its last pull: columns that are not there, by table; null is the whole table.
lacking as (
    select
        site.site_id,
        found.key as table_name,
        false as is_refused,
        case when found.type = 'ARRAY' then cast(found.value as varchar[]) end as columns
    from ledger.site as site, json_each(site.capture, '$.lacking') as found
    where json_exists(site.capture, '$.lacking')
    union all
    select site.site_id, found.key, true, null
    from ledger.site as site, json_each(site.capture, '$.refused') as found
    where json_exists(site.capture, '$.refused')
),

lacks as (
    select
        site_id,
        table_name,
        bool_or(is_refused or columns is null) as is_absent,
        array_to_string(list_sort(any_value(columns)), ', ') as columns
    from lacking
    group by all
),

tables as (
    select store.store_id, store.site_id, store.data_as_of_at, names.table_name
    from reports.reporting_store as store
    cross join (
        values
        ('stock_line'), ('invoice'), ('prescription'), ('inventory_adjustment'), ('build'), ('requisition'),
        ('purchase_order'), ('goods_received'), ('amc_projection')
    ) as names (table_name)
)

select
    tables.store_id,
    tables.table_name,
    tables.data_as_of_at is not null
    and not coalesce(own.is_absent, false)
    and not coalesce(lines.is_absent, false) as is_collected,
    nullif(concat_ws(', ', own.columns, lines.columns), '') as lacking_columns,
    coalesce(counted.rows, 0) as rows,
    counted.first_date,
    counted.last_date,
    coalesce(waiting.rows, 0) as waiting_rows,
    waiting.units as waiting_units,
    waiting.value as waiting_value
from tables
left join counted using (store_id, table_name)
left join waiting using (store_id, table_name)
left join lacks as own on own.site_id = tables.site_id and own.table_name = tables.table_name
left join lacks as lines
    on lines.site_id = tables.site_id and lines.table_name = concat(tables.table_name, '_line')
