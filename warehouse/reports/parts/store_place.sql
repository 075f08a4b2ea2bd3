-- Where each placed store is counted: where it is active; one on its way from a site to another, where it was until it
-- is active again, as what is known of it came from there (B47).
-- One row is: a store.
-- store_id: id of the store
-- site_id: the site
select store_id, site_id
from ledger.instance
where sync_type = 'active'
union all
select move.store_id, move.from_site as site_id
from ledger.move as move
where move.state in ('cut', 'filling') and move.store_id not in (
    select store_id
    from ledger.instance
    where sync_type = 'active'
)
