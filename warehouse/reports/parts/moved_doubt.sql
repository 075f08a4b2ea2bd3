-- What is wrong with what documents moved: for `data_quality`.
-- One row is: a document and one of its items, and what is wrong with it.
-- By pair.
-- store_id: the store
-- item_id: the item
-- table_name: table of the record
-- record_id: the record
-- issue: what is wrong, as in `data_quality`
-- explanation: what that does to the figures
-- units: how much it is about; NULL where that cannot be said
-- The day on which the balance of an item at a store first was below zero.
with closing as (
    select
        movement.store_id,
        movement.item_id,
        movement.moved_date,
        sum(movement.units) over (
            partition by movement.store_id, movement.item_id order by movement.moved_date
        ) as units
    from reports.movement as movement
    join reports.balance as balance using (store_id, item_id)
    where balance.is_explained
),

below as (
    select store_id, item_id, min(moved_date) as moved_date, arg_min(units, moved_date) as units
    from closing
    where units < -0.000001
    group by all
),

-- Of the documents of that day the one that took most.
took_below as (
    select below.*, line.table_name, line.document_id
    from below
    join reports.moved_line as line using (store_id, item_id, moved_date)
    where line.units < 0
    qualify row_number() over (
        partition by below.store_id, below.item_id order by line.units, line.table_name, line.document_id
    ) = 1
)

select
    line.store_id,
    line.item_id,
    line.table_name,
    line.document_id as record_id,
    'dated_after_the_pull' as issue,
    'it is dated after the last pull of the site, whose clock may be wrong: it is in no month yet' as explanation,
    cast(sum(abs(line.units)) as decimal(38, 6)) as units
from reports.moved_line as line
join reports.reporting_store as store on store.store_id = line.store_id
where line.moved_date > store.known_date + 1
group by all
union all
select
    store_id, item_id, table_name, document_id, 'dated_long_ago',
    'it is dated more than twenty years ago: it is in stock on hand, and in no month', sum(abs(units))
from reports.moved_line
where moved_date < first_month()
group by all
union all
select
    line.store_id, line.item_id, line.table_name, line.document_id, 'expired_stock_issued',
    'it gave out what had expired by its own date', -sum(line.units)
from reports.moved_line as line
left join replica.stock_line as batch on batch.id = line.stock_line_id and batch.store_id = line.store_id
where
    line.kind in ('issued', 'dispensed', 'used')
    and line.units < 0
    and is_expired(coalesce(line.expiry_date, batch.expiry_date), line.moved_date)
group by all
union all
select
    store_id, item_id, table_name, document_id, 'balance_below_zero',
    concat(
        'on ', moved_date, ' more had gone out than had come in: it is dated too early, what came before it too late, '
        || 'or what came is missing'
    ),
    units
from took_below
