select count(*)
from ledger.gap as g
join ledger.site as s using (site_id)
where s.site_code = ? and g.is_held and not exists (
    select 1
    from ledger.gap as later
    where later.site_id = g.site_id and later.table_name = g.table_name and later.cycle > g.cycle and not later.is_held
)
