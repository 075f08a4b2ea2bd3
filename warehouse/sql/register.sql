insert into ledger.change_set
select site_id, number, ?, from_seq, to_seq, content_hash, path, upserts, deletes, case when site_id in (
    select unnest(?::bigint[])
) then 'held' else 'pending' end, null, null
from made
order by site_id
