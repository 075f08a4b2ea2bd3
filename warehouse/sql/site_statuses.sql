-- what reports.sync_status says, but only this: it is asked in every cycle
with pending as (
    select
        site_id,
        count(*) filter (verdict = 'rejected') as rejected,
        count(*) filter (verdict = 'waiting') as waiting
    from ledger.quarantine
    where state = 'open'
    group by site_id
),

not_taken as (
    select site_id, count(distinct (table_name, record_id)) as records
    from ledger.skipped
    where is_open and why <> 'edited_since_pull'
    group by site_id
)

select
    site.site_id,
    coalesce(site.last_outcome, 'ok') as result,
    coalesce(pending.rejected, 0) as rejected,
    coalesce(pending.waiting, 0) as waiting,
    coalesce(not_taken.records, 0) as not_taken,
    coalesce(site.queue_out, 0) as to_come
from ledger.site as site
left join pending using (site_id)
left join not_taken using (site_id)
where site.is_in_topology
order by site.site_id
