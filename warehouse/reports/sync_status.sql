-- The sync report: how each site does, the longest silence first.
-- One row is: a site.
-- site_id: number of the site
-- site_code: code of the site
-- site_name: name of the site
-- status: disabled, blocked (not tried: central or primary was never pulled), never (pulled), error (the last try
--    failed, or is in the future), overdue (silent for longer than overdue_after), late, unreachable (the last try got
--    no answer, and it is neither late nor overdue yet), ok
-- last_contact_at: when the site last answered, well or not
-- last_success_at: when a cycle with it last went through
-- days_since_contact: whole days since last_contact_at; NULL where that is in the future
-- is_overdue: silent for longer than overdue_after, one calendar month if nothing else is set
-- queue_in: changes waiting at the site, as of queue_in_as_of_at; NULL where it was not reached
-- queue_out: records central still has for the site; NULL where it never made contact
-- rejected: rejected changes that nobody has dealt with
-- waiting: changes that wait for what they depend on
-- oldest_pending_at: when the oldest of those was first seen
-- consecutive_failures: tries since the last one that went through
-- last_error: what went wrong last, if anything is wrong
-- data_as_of_at: when the site was last pulled
-- queue_in_as_of_at: when queue_in was counted
-- store_codes: codes of the stores active there
-- held_removals: rows that the site's next change set would remove; it waits for `supplysync release`
-- held_changes: changed and deleted records, found by reading tables whole after a gap in capture, that are too many to
--    be believed; they wait for `supplysync release`
-- is_late: silent for longer than late_after, seven days if nothing else is set
-- not_taken: rows that it was sent and has not got so, as report not_taken lists them
with pending as (
    select
        site_id,
        count(*) filter (verdict = 'rejected') as rejected,
        count(*) filter (verdict = 'waiting') as waiting,
        min(first_seen_at) as oldest_pending_at
    from ledger.quarantine
    where state = 'open'
    group by site_id
),

held_changes as (
    select gap.site_id, sum(gap.changed + gap.deleted)::bigint as records
    from ledger.gap as gap
    where gap.is_held and gap.cycle = (
        select max(later.cycle)
        from ledger.gap as later
        where later.site_id = gap.site_id and later.table_name = gap.table_name
    )
    group by gap.site_id
),

not_taken as (
    select skip.site_id, count(distinct (skip.table_name, skip.record_id)) as records
    from ledger.skipped as skip
    where skip.is_open and skip.why <> 'edited_since_pull'
    group by skip.site_id
),

stores as (
    select
        active.site_id,
        string_agg(store.code, ' ' order by store.code) as store_codes
    from reports.store_place as active
    join replica.store as store on store.id = active.store_id
    group by active.site_id
),

sites as (
    select
        site.*,
        coalesce(last_contact_at < as_of_at() - overdue_after, false) as is_overdue,
        coalesce(last_contact_at < as_of_at() - late_after, false) as is_late
    from ledger.site as site
)

select
    site.site_id,
    site.site_code,
    coalesce(row.name, site.site_code) as site_name,
    case
        when not site.is_enabled then 'disabled'
        when site.last_outcome = 'blocked' and not site.is_overdue then 'blocked'
        when site.bookmark is null and site.last_outcome is distinct from 'failed' then 'never'
        when site.last_outcome = 'failed' or is_ahead(site.last_contact_at, as_of_at()) then 'error'
        when site.is_overdue then 'overdue'
        when site.is_late then 'late'
        when site.last_outcome = 'unreachable' then 'unreachable'
        else 'ok'
    end as status,
    site.last_contact_at,
    site.last_success_at,
    days_since(site.last_contact_at, as_of_at()) as days_since_contact,
    site.is_overdue,
    site.queue_in,
    site.queue_out,
    coalesce(pending.rejected, 0) as rejected,
    coalesce(pending.waiting, 0) as waiting,
    pending.oldest_pending_at,
    site.consecutive_failures,
    coalesce(
        site.last_error,
        case
            when is_ahead(site.last_contact_at, as_of_at()) then
                'its last contact is in the future: the clock of central was wrong then, or is now'
        end
    ) as last_error,
    site.data_as_of_at,
    site.queue_in_as_of_at,
    stores.store_codes,
    held.deletes as held_removals,
    held_changes.records as held_changes,
    site.is_late,
    coalesce(not_taken.records, 0) as not_taken
from sites as site
left join replica.site as row on row.id = cast(site.site_id as varchar)
left join pending on pending.site_id = site.site_id
left join ledger.change_set as held on held.site_id = site.site_id and held.state = 'held'
left join held_changes on held_changes.site_id = site.site_id
left join not_taken on not_taken.site_id = site.site_id
left join stores on stores.site_id = site.site_id
where site.is_in_topology
order by site.last_contact_at nulls first, site.site_code
