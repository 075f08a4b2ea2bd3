-- Whether people work at a store, not only whether its site answers: what they finished last, seen from the last pull,
-- and what they leave open. A site that is pulled each day and where nothing is done is not one that reports.
-- One row is: a store in reports.
-- site_code: the site where it is active
-- store_code: code of the store
-- store_name: name of the store
-- activity: working (something was finished in the 30 days up to the last pull), idle (nothing was), silent (the site
--    was not pulled for longer than overdue_after: nobody knows), unknown (never pulled)
-- last_done_date: the day of the last document that was finished, up to the last pull; NULL where none was
-- idle_days: days from then to the last pull; NULL likewise
-- done_30d: documents finished in the 30 days up to the last pull
-- last_received_date: the last receipt from a supplier or another store
-- last_issued_date: the last issue to a customer
-- last_dispensed_date: the last prescription
-- last_adjusted_date: the last adjustment of stock
-- last_stocktake_date: the last stocktake
-- stocktake_age_days: days from then to the last pull; NULL where there was none: how old it is nobody knows
-- last_ordered_date: the last request or purchase order
-- open_documents: documents that are begun and not finished
-- stale_documents: of these, begun more than 30 days before the last pull
-- last_change_at: when a pull of the site last brought a change of any kind, by central's clock; supplysync's own edits
--    there count too
-- data_as_of_at: when the site was last pulled
with documents as (
    select
        store_id,
        case type
            when 'supplier_invoice' then 'received'
            when 'customer_invoice' then 'issued'
            else 'returned'
        end as kind,
        status,
        created_at,
        coalesce(finalised_at, confirmed_at, created_at) as done_at
    from replica.invoice
    union all
    select store_id, 'dispensed', status, created_at, coalesce(dispensed_at, created_at) from replica.prescription
    union all
    select store_id, 'adjusted', status, created_at, coalesce(finalised_at, created_at)
    from replica.inventory_adjustment
    union all
    select store_id, 'counted', status, created_at, coalesce(finalised_at, created_at) from replica.stocktake
    union all
    select
        store_id,
        if(type = 'request', 'ordered', 'answered'),
        status,
        created_at,
        coalesce(finalised_at, created_at)
    from replica.requisition
    union all
    select  -- an order that is confirmed waits for its supplier, not for the store
        store_id,
        'ordered',
        if(status = 'confirmed', 'finalised', status),
        created_at,
        coalesce(confirmed_at, created_at)
    from replica.purchase_order
),

dated as (
    select
        documents.store_id,
        documents.kind,
        documents.status = 'finalised' as is_done,
        local_date(documents.created_at) as begun_date,
        local_date(documents.done_at) as done_date,
        store.known_date
    from documents
    join reports.reporting_store as store on store.store_id = documents.store_id
),

-- What is dated after the last pull was written by a wrong clock, and says nothing.
seen as (
    select
        store_id,
        max(done_date) filter (is_done) as last_done,
        count(*) filter (is_done and done_date > known_date - 30) as done_30d,
        max(done_date) filter (is_done and kind = 'received') as last_received,
        max(done_date) filter (is_done and kind = 'issued') as last_issued,
        max(done_date) filter (is_done and kind = 'dispensed') as last_dispensed,
        max(done_date) filter (is_done and kind = 'adjusted') as last_adjusted,
        max(done_date) filter (is_done and kind = 'counted') as last_counted,
        max(done_date) filter (is_done and kind = 'ordered') as last_ordered
    from dated
    where done_date <= known_date
    group by store_id
),

left_open as (
    select
        store_id,
        count(*) as documents,
        count(*) filter (begun_date < known_date - 30) as stale
    from dated
    where not coalesce(is_done, false)
    group by store_id
),

changed as (
    select site_id, max(started_at) as last_change_at from ledger.visit where outcome = 'ok' and pulled > 0 group by all
)

select
    site.site_code,
    store.store_code,
    store.store_name,
    case
        when store.data_as_of_at is null then 'unknown'
        when store.is_silent then 'silent'
        when seen.done_30d > 0 then 'working'
        else 'idle'
    end as activity,
    seen.last_done as last_done_date,
    date_diff('day', seen.last_done, store.known_date) as idle_days,
    case when store.data_as_of_at is not null then coalesce(seen.done_30d, 0) end as done_30d,
    seen.last_received as last_received_date,
    seen.last_issued as last_issued_date,
    seen.last_dispensed as last_dispensed_date,
    seen.last_adjusted as last_adjusted_date,
    seen.last_counted as last_stocktake_date,
    date_diff('day', seen.last_counted, store.known_date) as stocktake_age_days,
    seen.last_ordered as last_ordered_date,
    case when store.data_as_of_at is not null then coalesce(left_open.documents, 0) end as open_documents,
    case when store.data_as_of_at is not null then coalesce(left_open.stale, 0) end as stale_documents,
    changed.last_change_at,
    store.data_as_of_at
from reports.reporting_store as store
join ledger.site as site on site.site_id = store.site_id
left join seen on seen.store_id = store.store_id
left join left_open on left_open.store_id = store.store_id
left join changed on changed.site_id = store.site_id
order by store.store_code
