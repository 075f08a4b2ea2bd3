with about as (
    select *
    from ledger.sequence
    where table_name = $1 and record_id = $2
), own as (
    select maker as site_id, max(seq) as seq, arg_max(op, seq) as op
    from about
    where kind = 'change' and maker is not null
    group by 1
), names as (
    select seq, unnest(scopes_before) as scope
    from about
    union all
    select null, unnest(scopes)
    from ledger.record
    where table_name = $1 and record_id = $2
)
select site_id
from own
where op = 'upsert' and not exists (
    select 1
    from about
    where for_site = own.site_id
) and not exists (
    select 1
    from names
    join ledger.site_scope as s using (scope)
    where s.site_id = own.site_id and coalesce(names.seq >= own.seq, true)
        and coalesce(s.to_seq > own.seq, true)
)
