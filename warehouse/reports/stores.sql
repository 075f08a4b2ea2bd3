-- The stores of the network, also those that are in no other report, and where each is active.
-- One row is: a store that is placed at a site.
-- store_code: code of the store
-- store_name: its name
-- site_code: the site where it is active
-- site_name: name of that site
-- mode: store or dispensary
-- is_reporting: in the other reports; false where its data stays at its site (B41)
-- is_disabled: the store is closed
-- is_current: the site was pulled within late_after
-- is_silent: the site was not pulled for longer than overdue_after
-- data_as_of_at: when the site was last pulled
-- missing_tables: tables that its figures lack, since they are not collected or not filled; NULL where none is, and of
--    a store in no report
-- waiting_rows: rows of its stock, and of its documents that are finished, that wait: in no figure
-- region_name: the region of its facility; NULL where none is said
-- level_name: how people sort its facility (category of names), such as hospital or clinic; NULL where none is said
with waiting as (
    select store_id, count(*) as rows from reports.waiting_row where is_counted group by all
)

select
    store.code as store_code,
    name.name as store_name,
    site.site_code,
    coalesce(row.name, site.site_code) as site_name,
    store.mode,
    store.id in (select store_id from reports.reporting_store) as is_reporting,
    coalesce(store.is_disabled, false) as is_disabled,
    is_current(site.data_as_of_at, site.late_after) as is_current,
    is_silent(site.data_as_of_at, site.overdue_after) as is_silent,
    site.data_as_of_at,
    known.missing as missing_tables,
    coalesce(waiting.rows, 0) as waiting_rows,
    region.name as region_name,
    level.name as level_name
from replica.store as store
join reports.store_place as active on active.store_id = store.id
join ledger.site as site on site.site_id = active.site_id
left join replica.name as name on name.id = store.name_id
left join replica.region as region on region.id = name.region_id
left join replica.name_category as level on level.id = name.name_category_id
left join replica.site as row on row.id = cast(site.site_id as varchar)
left join reports.known_store as known on known.store_id = store.id
left join waiting on waiting.store_id = store.id
order by store.code
