-- Stores that appear in reports (B41): placed, not a transfer instance on central, and not a dispensary whose
-- stock stays at its site.
-- One row is: a store.
-- store_id: id of the store
-- store_code: code of the store
-- store_name: its name
-- site_id: the site where it is active
-- data_as_of_at: when that site was last pulled
select
    store.id as store_id,
    store.code as store_code,
    name.name as store_name,
    active.site_id,
    site.data_as_of_at
from replica.store as store
left join replica.name as name on name.id = store.name_id
join ledger.instance as active on active.store_id = store.id and active.sync_type = 'active'
join ledger.site as site on site.site_id = active.site_id
where store.id not in (select store_id from ledger.withheld)
