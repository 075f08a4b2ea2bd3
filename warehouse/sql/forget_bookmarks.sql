-- Places up to which sites were read before $1, but for the last of each day, the last of each site, and the last that
-- each of the backups that end with the cycles $2 knows: nobody goes back to them. Their pulls are kept.
update ledger.bookmark
set bookmark = null
from (
    select b.site_id, b.cycle,
        row_number() over (partition by b.site_id order by b.cycle desc) = 1 as is_last,
        row_number() over (partition by b.site_id, cast(c.started_at as date) order by b.cycle desc) = 1 as is_of_day,
        c.started_at < $1 as is_old
    from ledger.bookmark as b
    join ledger.cycle as c using (cycle)
    where b.bookmark is not null
) as place
where place.site_id = bookmark.site_id and place.cycle = bookmark.cycle
    and place.is_old and not place.is_last and not place.is_of_day
    and (bookmark.site_id, bookmark.cycle) not in (
        select o.site_id, max(o.cycle)
        from ledger.bookmark as o
        join (select unnest($2::bigint[]) as last_cycle) as backup on o.cycle <= backup.last_cycle
        where o.bookmark is not null
        group by o.site_id, backup.last_cycle
    )
