-- Which of the tables that figures rest on each store fills, and what of them waits (W4). What is not collected, or
-- filled by nobody, makes figures unknown, and what waits is in none of them.
-- One row is: store x table.
-- site_code: the site where the store is active
-- store_code: code of the store
-- store_name: name of the store
-- table_name: the table; lines of documents count with it
-- needed_for: the figures that rest on it
-- is_collected: the site was pulled, and its database has the table
-- is_filled: there are records of the store; NULL where they are not collected
-- rows: records of the store that central has, without lines
-- first_date: the day of the first document; NULL of stock and forecasts, and without any
-- last_date: the day of the last one
-- waiting_rows: changes that wait for what they depend on, lines too
-- waiting_units: what they say; NULL where they say none
-- waiting_value: that at cost; NULL likewise
-- lacking_columns: columns that the site's database has not got
-- data_as_of_at: when the store's site was last pulled
select
    site.site_code,
    store.store_code,
    store.store_name,
    held.table_name,
    case held.table_name
        when 'stock_line' then 'stock on hand, value, expiry'
        when 'invoice' then 'usage, consumption, days out of stock'
        when 'prescription' then 'usage, consumption, days out of stock'
        when 'inventory_adjustment' then 'days out of stock'
        when 'build' then 'days out of stock'
        when 'amc_projection' then 'demand, where consumption is not known'
        else 'transfers'
    end as needed_for,
    held.is_collected,
    case when held.is_collected then held.rows > 0 end as is_filled,
    held.rows,
    held.first_date,
    held.last_date,
    held.waiting_rows,
    held.waiting_units,
    held.waiting_value,
    held.lacking_columns,
    store.data_as_of_at
from reports.store_table as held
join reports.reporting_store as store on store.store_id = held.store_id
join ledger.site as site on site.site_id = store.site_id
order by store.store_code, held.table_name
