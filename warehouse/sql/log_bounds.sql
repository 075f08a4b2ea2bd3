-- Of each of the sites $1 the place up to which its log may go: the last up to which it was read before $2, and never
-- past what any of the backups that end with the cycles $3 knows of it.
with places as (
    select b.site_id, b.cycle, b.bookmark, c.started_at < $2 as is_old
    from ledger.bookmark as b
    join ledger.cycle as c using (cycle)
    where b.bookmark is not null and b.site_id in (select unnest($1::bigint[]))
), aged as (
    select site_id, max(cycle) as cycle
    from places
    where is_old
    group by site_id
), needed as (
    select site_id, cycle
    from aged
    union all
    select p.site_id, max(p.cycle)
    from places as p
    join (select unnest($3::bigint[]) as last_cycle) as backup on p.cycle <= backup.last_cycle
    group by p.site_id, backup.last_cycle
), oldest as (
    select site_id, min(cycle) as cycle
    from needed
    semi join aged using (site_id)
    group by site_id
)
select p.site_id, p.bookmark
from places as p
semi join oldest using (site_id, cycle)
order by p.site_id
