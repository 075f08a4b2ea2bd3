insert into snap.reports.snapshot_history
with
pairs as (
    select
        count(*) filter (is_out_now or (not is_out_now and usable_units > 0)) as known,
        count(*) filter (is_out_now) as out_now,
        count(*) filter (is_out_now is null) as unknown
    from snap.reports.stock_out
),

bands as (
    select
        count(*) filter (stock_status = 'below_min') as below_min,
        count(*) filter (stock_status = 'adequate') as adequate,
        count(*) filter (stock_status = 'overstocked') as overstocked,
        count(*) filter (stock_status = 'no_consumption') as no_consumption
    from snap.reports.stock_on_hand
),

shelves as (
    select
        sum(soh_value) as soh_value,
        sum(usable_value) as usable_value,
        sum(expired_value) as expired_value
    from snap.reports.stock_value
),

risk as (
    select coalesce(sum(at_risk_value), 0) as value from snap.reports.expiring_stock where band <> 'expired'
),

sites as (
    select
        count(*) filter (is_enabled) as total,
        count(*) filter (is_enabled and is_silent(data_as_of_at, overdue_after)) as silent
    from ledger.site
    where is_in_topology
),

changes as (
    select sum(rejected) as rejected, sum(waiting) as waiting from snap.reports.sync_status
)

select
    snapshot.number,
    snapshot.cycle,
    snapshot.as_of_at,
    snapshot.as_of_date,
    complete.stores_total,
    complete.stores_current,
    complete.stores_incomplete,
    sites.total,
    sites.silent,
    shelves.soh_value,
    shelves.usable_value,
    shelves.expired_value,
    risk.value,
    total.in_transit_value,
    pairs.known,
    pairs.out_now,
    pairs.unknown,
    bands.below_min,
    bands.adequate,
    bands.overstocked,
    bands.no_consumption,
    (select count(*) from snap.reports.transfers where is_under_way),
    coalesce(changes.rejected, 0),
    coalesce(changes.waiting, 0),
    (select count(*) from snap.reports.data_quality)
from
    snap.reports.snapshot as snapshot, snap.reports.completeness as complete, snap.reports.stock_value_total as total,
    pairs, bands, shelves, risk, sites, changes
