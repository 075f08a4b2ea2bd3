-- How complete the figures of the stores seen are: by these stores, and by the sites where they are.
with sites as (
    select distinct site_code, data_as_of_at from reports.stores
),

named as (
    select
        list_has(string_split(found.silent_sites, ' '), sites.site_code) as is_silent,
        list_has(string_split(found.late_sites, ' '), sites.site_code) as is_late,
        is_silent(sites.data_as_of_at, interval 7 days) as is_silent_7d,
        is_silent(sites.data_as_of_at, interval 1 month) as is_silent_1m,
        sites.*
    from sites, whole.reports.completeness as found
),

lacking as (
    select distinct store_code
    from reports.stores
    where is_reporting and (missing_tables is not null or waiting_rows > 0)
)

select
    (select count(*) from reports.stores where is_reporting) as stores_total,
    (select count(*) from reports.stores where is_reporting and is_current) as stores_current,
    count(*) filter (is_silent_7d) as sites_silent_7d,
    count(*) filter (is_silent_1m) as sites_silent_1m,
    as_of_at() as as_of_at,
    (select count(*) from reports.stores where not is_reporting) as stores_not_reporting,
    coalesce(string_agg(site_code, ' ' order by site_code) filter (is_silent), '') as silent_sites,
    coalesce(string_agg(site_code, ' ' order by site_code) filter (is_late), '') as late_sites,
    min(data_as_of_at) as oldest_data_as_of_at,
    (select count(*) from lacking) as stores_incomplete
from named
