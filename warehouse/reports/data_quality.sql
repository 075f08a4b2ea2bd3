-- What is wrong with the records that reports rest on, so that figures are missing or doubtful.
-- One row is: a record, or a store x item, and what is wrong with it.
-- store_code: code of the store; NULL for an item, a name, a store or a barcode
-- item_code: code of the item; NULL where it is about no single one
-- table_name: table of the record; NULL for a store x item
-- record_id: id of the record; NULL likewise, and of patients, who are in no snapshot
-- issue: pack_size_missing, packs_missing, item_missing, negative_stock, price_missing, expiry_missing,
--    balance_not_explained, batch_not_explained, balance_below_zero, available_not_explained,
--    more_available_than_there, expired_stock_issued, dated_after_the_pull, dated_long_ago, clock_ahead, clock_behind,
--    ended_before_it_began, document_pack_size_missing, currency_rate_missing, dispensed_outside_dispensary,
--    patient_not_visible, repeat_away_from_home, repeat_exceeded, item_code_missing, item_code_doubled,
--    name_code_doubled, store_code_doubled, barcode_code_doubled, patient_code_doubled, number_given_twice
-- explanation: what that does to the figures
-- units: how much it is about; NULL where that cannot be said
-- data_as_of_at: when the store's site was last pulled
-- A patient whose home store it is is seen there without a row that says so.
with odd_prescriptions as (
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

-- Of records of one kind that have a code, those that share it with another.
same_code as (
    select table_name, id, item_id
    from (
        select 'name' as table_name, id, code, cast(null as varchar) as item_id from replica.name
        union all
        select 'store', id, code, null from replica.store
        union all
        select 'barcode', id, barcode, item_id from replica.barcode
    )
    where code <> ''
    qualify count(*) over (partition by table_name, code) > 1
),

-- Who they are is not said here, for snapshots have no patients (B16): `patient_codes` names them.
same_patients as (
    select home_store_id as store_id, count(*) as patients
    from (
        select home_store_id, code
        from replica.patient
        where code <> ''
        qualify count(*) over (partition by code) > 1
    )
    group by all
),

issues as (
    from reports.line_doubt
    union all
    from reports.moved_doubt
    union all
    from reports.document_doubt
    union all
    select
        prescription.store_id, line.item_id, 'prescription', prescription.id, odd.issue,
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
        prescription.store_id, line.item_id, 'prescription', prescription.id, 'repeat_away_from_home',
        'dispensed of a repeat of a patient who is at home elsewhere: it counts as dispensed, and is counted off there',
        sum(units(line.packs, line.pack_size))
    from away_lines as away
    join replica.prescription_line as line on line.id = away.line_id
    join replica.prescription as prescription on prescription.id = line.prescription_id
    group by all
    union all
    select
        coalesce(patient.home_store_id, repeat.store_id), repeat.item_id, 'repeat', repeat.id, 'repeat_exceeded',
        concat('dispensed ', -repeat.remaining, ' times more than the repeat allowed: all of it counts as dispensed'),
        null
    from replica.repeat as repeat
    left join replica.patient as patient on patient.id = repeat.patient_id
    where repeat.remaining < 0
    union all
    select
        store_id, null, 'patient', null, 'patient_code_doubled',
        concat(
            patients, ' whose home store it is have a code that others have too, and may be one person: '
            || '`supplysync report patient_codes` names them'
        ),
        null
    from same_patients
),

found as (
    select
        store.store_code,
        item.code as item_code,
        issues.table_name,
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
        store.store_code, null, doubled.table_name, doubled.record_id, 'number_given_twice',
        'another document of the store has the same number: each is counted; who asks by number gets both', null,
        store.data_as_of_at
    from reports.doubled_number as doubled
    join reports.reporting_store as store on store.store_id = doubled.store_id
    union all
    select
        null, item.code, same_code.table_name, same_code.id, concat(same_code.table_name, '_code_doubled'),
        case same_code.table_name
            when 'barcode' then 'another record has the same barcode: whoever scans it gets either'
            when 'store' then 'another store has the same code: figures of each are apart, and whoever asks gets both'
            else 'another name has the same code: it may be the same customer or supplier, once too often'
        end,
        null,
        null
    from same_code
    left join replica.item as item on item.id = same_code.item_id
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
order by store_code nulls last, item_code, issue, record_id, table_name, explanation, units
