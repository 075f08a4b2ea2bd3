with past as (
    select table_name, record_id, scopes_before
    from ledger.sequence
    where seq > (
        select min(position)
        from positions
    )
), named as (
    select unnest(scopes_before) as scope
    from past
    union
    select unnest(r.scopes)
    from ledger.record as r
    semi join past using (table_name, record_id)
), all_scopes as (
    select s.site_id, s.scope, bool_or(s.from_seq <= p.position
        and coalesce(s.to_seq > p.position, true)) as at_position, bool_or(s.to_seq is null) as now
    from ledger.site_scope as s
    join positions as p on p.site_id = s.site_id
    where s.to_seq is null or s.to_seq > p.position
    group by all
), turned as (
    select distinct scope
    from all_scopes
    where at_position <> now
), near as (
    select table_name, record_id
    from (
        select table_name, record_id, unnest(scopes) as scope
        from ledger.record
    )
    semi join turned using (scope)
), wanted as (
    select scope
    from named
    union
    select scope
    from turned
    union
    select unnest(r.scopes)
    from ledger.record as r
    semi join near using (table_name, record_id)
)
select site_id, scope, at_position, now
from all_scopes
semi join wanted using (scope)
order by all
