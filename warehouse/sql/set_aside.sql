-- The last entries of records that need no routing: their maker made them, has a scope of them, and nobody else has, or
-- had; nothing else happened to them since. Most of a first load is so. It is told by whole kinds of records, which are
-- few: their maker and scopes.
with past as (
    select seq, kind, table_name, record_id, op, maker, for_site, scopes_before
    from ledger.sequence
    where seq > $1
), own as (
    select e.seq, e.maker, r.scopes, e.table_name, e.record_id
    from past as e
    join ledger.record as r on r.seq = e.seq and r.record_id = e.record_id and r.table_name = e.table_name
    where r.seq > $1 and e.kind = 'change' and e.op = 'upsert' and e.for_site is null and e.maker is not null
        and len(r.scopes) > 0 and (len(e.scopes_before) = 0 or e.scopes_before = r.scopes)
), kinds as (
    select maker, scopes
    from own
    group by all
), subscribed as (
    select k.maker, k.scopes, s.site_id, bool_or(s.from_seq <= p.position
        and coalesce(s.to_seq > p.position, true)) as at_position, bool_or(s.to_seq is null) as now
    from (
        select maker, scopes, unnest(scopes) as scope
        from kinds
    ) as k
    join ledger.site_scope as s using (scope)
    join positions as p on p.site_id = s.site_id
    where s.to_seq is null or s.to_seq > p.position
    group by all
), told as (
    select maker, scopes,
        coalesce(bool_or(site_id <> maker), false) as is_others,
        coalesce(bool_or(site_id = maker and now), false) as is_makers,
        coalesce(bool_or(site_id = maker and at_position), false) as was_makers
    from kinds
    left join subscribed using (maker, scopes)
    group by all
), aside as (
    select e.seq, e.table_name, e.record_id
    from own as e
    join told as t on t.maker = e.maker and t.scopes = e.scopes
    left join positions as p on p.site_id = e.maker
    where not t.is_others and (p.site_id is null or (t.is_makers and (t.was_makers or e.seq > p.position)))
), rest as (
    select table_name, record_id
    from past
    where seq not in (
        select seq
        from aside
    )
)
select seq
from aside
anti join rest using (table_name, record_id)
