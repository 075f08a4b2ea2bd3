-- What is wrong with the records that reports rest on, so that figures are missing or doubtful.
-- One row is: a record, or a store x item, and what is wrong with it.
-- store_code: code of the store; NULL for an item
-- item_code: code of the item; NULL for a document
-- table_name: table of the record; NULL for a store x item
-- record_id: id of the record; NULL likewise
-- issue: pack_size_missing, packs_missing, item_missing, negative_stock, price_missing, expiry_missing,
--    balance_not_explained, dated_after_the_pull, dated_long_ago, document_pack_size_missing,
--    dispensed_outside_dispensary, patient_not_visible, repeat_away_from_home, repeat_exceeded, item_code_missing,
--    item_code_doubled, number_given_twice, ended_before_it_began, currency_rate_missing
-- explanation: what that does to the figures
-- units: how much it is about; NULL where that cannot be said
-- data_as_of_at: when the store's site was last pulled
with lines as (
    select
        line.id,
        line.store_id,
        line.item_id,
        line.expiry_date,
        counted.soh_units,
        counted.value_missing_units,
        line.total_packs
    from reports.counted_line as counted
    join replica.stock_line as line on line.id = counted.stock_line_id
    where line.total_packs is distinct from 0
),

documents as (
    select 'invoice' as kind, id, store_id from replica.invoice where status = 'finalised'
    union all
    select 'prescription', id, store_id from replica.prescription where status = 'finalised'
    union all
    select 'inventory_adjustment', id, store_id from replica.inventory_adjustment where status = 'finalised'
),

document_lines as (
    select 'invoice' as kind, invoice_id as document_id, item_id
    from replica.invoice_line
    where packs <> 0 and units(packs, pack_size) is null
    union all
    select 'prescription', prescription_id, item_id
    from replica.prescription_line
    where packs <> 0 and units(packs, pack_size) is null
    union all
    select 'inventory_adjustment', inventory_adjustment_id, item_id
    from replica.inventory_adjustment_line
    where packs <> 0 and units(packs, pack_size) is null
),

-- that of a patient whose home store it is is seen there without a row that says so
odd_prescriptions as (
    select
        prescription.id,
        prescription.store_id,
        prescription.number,
        prescription.status,
        store.mode is distinct from 'dispensary' as is_outside,
        prescription.patient_id is not null
        and patient.home_store_id is distinct from prescription.store_id
        and visibility.patient_id is null as is_unseen
    from replica.prescription as prescription
    join replica.store as store on store.id = prescription.store_id
    left join replica.patient as patient on patient.id = prescription.patient_id
    left join (select distinct patient_id, store_id from replica.patient_store_join) as visibility
        on visibility.patient_id = prescription.patient_id and visibility.store_id = prescription.store_id
    where prescription.status in ('confirmed', 'finalised')
),

away_lines as (
    select line_id
    from ledger.repeat_count
    group by line_id, repeat_id
    having sum(times) > 0 or bool_or(times = 0 and not is_at_home)
),

coded as (
    select id, code, count(*) over (partition by code) as items from replica.item
),

numbered as (
    select 'invoice' as table_name, id, store_id, type as kind, number from replica.invoice
    union all
    select 'requisition', id, store_id, type, number from replica.requisition
    union all
    select 'prescription', id, store_id, 'prescription', number from replica.prescription
),

doubled as (
    select table_name, id, store_id, count(*) over (partition by table_name, store_id, kind, number) as documents
    from numbered
    where number > 0
),

issues as (
    select
        store_id,
        item_id,
        id as record_id,
        'pack_size_missing' as issue,
        'the line has packs but no pack size: its units are unknown and in no sum' as explanation,
        cast(null as decimal(38, 6)) as units
    from lines
    where soh_units is null and total_packs is not null
    union all
    select
        store_id, item_id, id, 'packs_missing',
        'nobody said how many packs are on the line: its units and its value are unknown and in no sum', null
    from lines
    where total_packs is null
    union all
    select
        store_id, item_id, id, 'item_missing',
        'the line names no item that is known: it counts in the value of the store and in no report by item', soh_units
    from lines
    where item_id is null or item_id not in (select id from coded)
    union all
    select
        store_id, item_id, id, 'negative_stock',
        'more was issued than was there: counted as it is in stock on hand, as nothing in what can be used', soh_units
    from lines
    where soh_units < 0
    union all
    select store_id, item_id, id, 'price_missing', 'there is no cost price: its value is in no sum', value_missing_units
    from lines
    where value_missing_units > 0
    union all
    select store_id, item_id, id, 'expiry_missing', 'there is no expiry date: it counts as never expiring', soh_units
    from lines
    where expiry_date is null and soh_units > 0
    union all
    select
        store_id, item_id, null, 'balance_not_explained',
        'stock on hand is not what the movements sum up to: days out of stock are not counted',
        soh_units - moved_units
    from reports.balance
    where not is_explained
    union all
    select
        movement.store_id, movement.item_id, null, 'dated_after_the_pull',
        'documents are dated after the last pull of the site, whose clock may be wrong: they are in no month yet',
        sum(abs(movement.units))
    from reports.movement as movement
    join reports.reporting_store as store on store.store_id = movement.store_id
    where movement.moved_date > store.known_date + 1
    group by all
    union all
    select
        store_id, item_id, null, 'dated_long_ago',
        'documents are dated more than twenty years ago: they are in stock on hand, and in no month', sum(abs(units))
    from reports.movement
    where moved_date < first_month()
    group by all
    union all
    select
        document.store_id, line.item_id, null, 'document_pack_size_missing',
        'finalised lines have packs but no pack size: they are in no usage and explain no stock', null
    from documents as document
    join document_lines as line on line.kind = document.kind and line.document_id = document.id
    group by all
    union all
    select
        prescription.store_id, line.item_id, prescription.id, odd.issue,
        concat(
            'prescription ',
            case when prescription.number > 0 then concat(prescription.number, ' ') end,
            'is ',
            odd.what,
            case prescription.status
                when 'finalised' then ': it happened, and counts as dispensed'
                else ': it is confirmed, and counts as dispensed once it is finalised'
            end
        ),
        sum(units(line.packs, line.pack_size))
    from odd_prescriptions as prescription
    join (
        values
        ('dispensed_outside_dispensary', 'from a store that is no dispensary'),
        ('patient_not_visible', 'for a patient whom the store does not see')
    ) as odd (issue, what)
        on case odd.issue when 'patient_not_visible' then prescription.is_unseen else prescription.is_outside end
    left join replica.prescription_line as line on line.prescription_id = prescription.id
    group by all
    union all
    select
        prescription.store_id, line.item_id, prescription.id, 'repeat_away_from_home',
        'dispensed of a repeat of a patient who is at home elsewhere: it counts as dispensed, and is counted off there',
        sum(units(line.packs, line.pack_size))
    from away_lines as away
    join replica.prescription_line as line on line.id = away.line_id
    join replica.prescription as prescription on prescription.id = line.prescription_id
    group by all
    union all
    select
        coalesce(patient.home_store_id, repeat.store_id), repeat.item_id, repeat.id, 'repeat_exceeded',
        concat('dispensed ', -repeat.remaining, ' times more than the repeat allowed: all of it counts as dispensed'),
        null
    from replica.repeat as repeat
    left join replica.patient as patient on patient.id = repeat.patient_id
    where repeat.remaining < 0
),

found as (
    select
        store.store_code,
        item.code as item_code,
        case
            when issues.issue in ('dispensed_outside_dispensary', 'patient_not_visible', 'repeat_away_from_home')
                then 'prescription'
            when issues.issue = 'repeat_exceeded' then 'repeat'
            when issues.record_id is not null then 'stock_line'
        end as table_name,
        issues.record_id,
        issues.issue,
        issues.explanation,
        issues.units,
        store.data_as_of_at
    from issues
    join reports.reporting_store as store on store.store_id = issues.store_id
    left join replica.item as item on item.id = issues.item_id
    union all
    select
        null,
        code,
        'item',
        id,
        case when code is null then 'item_code_missing' else 'item_code_doubled' end,
        case
            when code is null then 'the item has no code: reports show it, but nobody can ask for it'
            else 'another item has the same code: each is counted by itself, but whoever asks by code gets both'
        end,
        null,
        null
    from coded
    where code is null or items > 1
    union all
    select
        store.store_code, null, doubled.table_name, doubled.id, 'number_given_twice',
        'another document of the store has the same number: each is counted; who asks by number gets both', null,
        store.data_as_of_at
    from doubled
    join reports.reporting_store as store on store.store_id = doubled.store_id
    where doubled.documents > 1
    union all
    select
        store.store_code, null, transfer.responding_table, transfer.responding_id, 'ended_before_it_began',
        concat(
            'the transfer from store ', coalesce(transfer.from_store_code, '(without a code)'), ' ended ',
            date_diff('hour', transfer.ended_at, transfer.begun_at),
            ' hours before it began: the clock of one of the two sites is wrong, and no time under way is given'
        ),
        null,
        store.data_as_of_at
    from reports.begun_transfer as transfer
    join reports.reporting_store as store on store.store_id = transfer.to_store
    where transfer.state = 'done' and ends_before(transfer.begun_at, transfer.ended_at)
    union all
    select
        store.store_code, null, 'purchase_order', purchase_order.id, 'currency_rate_missing',
        'its prices are in a currency that is not the home currency and has no rate: its value is unknown', null,
        store.data_as_of_at
    from replica.purchase_order as purchase_order
    join reports.reporting_store as store on store.store_id = purchase_order.store_id
    left join replica.currency as currency on currency.id = purchase_order.currency_id
    where in_home_currency(1, purchase_order.currency_id, currency.is_home_currency, currency.rate) is null
)

select
    store_code,
    item_code,
    table_name,
    record_id,
    issue,
    explanation,
    units,
    data_as_of_at
from found
order by store_code nulls last, item_code, issue, record_id
