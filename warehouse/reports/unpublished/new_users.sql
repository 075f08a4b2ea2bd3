-- The users whom people added at sites, as they were added: what is changed of a user later stays at its site.
-- One row is: a record of a user.
-- site_code: the site where the user was added; NULL where it is not known
-- user_code: code of the user
-- user_name: the name then
-- is_active: whether the user could sign in then
-- received_at: when central received the record
-- site_name: name of the site
-- data_as_of_at: when the site was last pulled
select
    site.site_code,
    account.code as user_code,
    account.name as user_name,
    account.is_active,
    cycle.started_at as received_at,
    coalesce(row.name, site.site_code) as site_name,
    site.data_as_of_at
from replica.user_account as account
left join ledger.record as record on record.table_name = 'user_account' and record.record_id = account.id
left join ledger.site as site on site.site_id = record.maker
left join replica.site as row on row.id = cast(site.site_id as varchar)
left join ledger.sequence as entry on entry.seq = record.seq
left join ledger.cycle as cycle on cycle.cycle = entry.cycle
order by cycle.started_at desc nulls last, site.site_code, account.code, account.id
