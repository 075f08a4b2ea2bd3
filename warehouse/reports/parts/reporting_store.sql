-- Stores that appear in reports (B41): placed, not a transfer instance on central, and not a dispensary whose
-- stock stays at its site. With what reports need to know of each.
-- One row is: a store.
-- store_id: id of the store
-- store_code: code of the store
-- store_name: its name
-- site_id: the site where it is active
-- data_as_of_at: when that site was last pulled
-- known_date: the day of that; what happened afterwards is unknown
-- is_current: pulled within late_after
-- is_silent: not pulled for longer than overdue_after
-- is_disabled: the store is closed
-- amc_months: over how many months its consumption is averaged: the store's preference, if that is 1 to 120, or 3
-- min_months: from how many months of stock on it has enough
-- max_months: from how many months of stock on it has too much
select
    store.id as store_id,
    store.code as store_code,
    name.name as store_name,
    active.site_id,
    site.data_as_of_at,
    local_date(site.data_as_of_at) as known_date,
    is_current(site.data_as_of_at, site.late_after) as is_current,
    is_silent(site.data_as_of_at, site.overdue_after) as is_silent,
    coalesce(store.is_disabled, false) as is_disabled,
    case when preference.amc_months between 1 and 120 then preference.amc_months else 3 end as amc_months,
    coalesce(preference.min_months, 1) as min_months,
    coalesce(preference.max_months, 3) as max_months
from replica.store as store
left join replica.name as name on name.id = store.name_id
left join replica.store_preference as preference on preference.id = store.id
join reports.store_place as active on active.store_id = store.id
join ledger.site as site on site.site_id = active.site_id
where store.id not in (select store_id from ledger.withheld)
