-- The stock card: what came and went, batch by batch, with what was left after each. Prescriptions are one line a day
-- and batch, without the patients.
-- One row is: a line of a document that is finished, by the stock line that it names; of prescriptions a day of one.
-- By pair.
-- store_code: code of the store
-- item_code: code of the item
-- stock_line_id: the stock line that it came to or went from; NULL where the document names none
-- batch: number of its batch; NULL where the line is not there any more
-- moved_date: the day
-- kind: received (from a supplier or another store), returned (by a customer), sent_back (to a supplier), issued,
--    dispensed, gained, lost, made (by a build), used (by a build), moved_in and moved_out (between stock lines)
-- document_table: table of the document; NULL of prescriptions
-- document_id: its id; NULL likewise
-- number: its number; NULL likewise, and while its site has not given it one
-- other_name: the supplier or customer; NULL where there is none
-- reason: why it was gained or lost
-- in_units: came
-- out_units: went
-- batch_units: what was left on the stock line after it, by its documents; NULL where it names none
-- balance_units: what was left of the item at the store; NULL where movements do not explain the stock
-- expiry_date: of the stock line
-- store_name: name of the store
-- item_name: name of the item
-- data_as_of_at: when the store's site was last pulled
with moves as (
    select
        store_id, item_id, stock_line_id, moved_date, kind, table_name, document_id, number, other_name_id, reason_id,
        units
    from reports.moved_line
    where kind <> 'dispensed' and units is not null
    union all
    select store_id, item_id, stock_line_id, moved_date, kind, null, null, null, null, null, sum(units)
    from reports.moved_line
    where kind = 'dispensed'
    group by all
    having count(units) > 0
    union all
    select
        header.store_id,
        line.item_id,
        case side.kind when 'moved_in' then line.to_stock_line_id else line.from_stock_line_id end,
        local_date(coalesce(header.finalised_at, header.created_at)),
        side.kind,
        'replenishment',
        header.id,
        given_number(header.number),
        null,
        null,
        side.sign * units(line.packs, line.pack_size)
    from replica.replenishment as header
    join replica.replenishment_line as line on line.replenishment_id = header.id
    cross join (values ('moved_in', 1), ('moved_out', -1)) as side (kind, sign)
    where header.status = 'finalised' and units(line.packs, line.pack_size) is not null
),

-- Of one day what came first: no balance is below zero for the order in which documents were written.
ordered as (
    select
        *,
        row_number() over (
            partition by store_id, item_id
            order by moved_date, units < 0, kind, table_name, document_id, stock_line_id, abs(units), reason_id
        ) as place
    from moves
    where moved_date is not null
),

balanced as (
    select
        *,
        sum(units) over (partition by store_id, item_id order by place) as balance_units,
        sum(units) over (partition by store_id, item_id, stock_line_id order by place) as batch_units
    from ordered
)

select
    store.store_code,
    item.code as item_code,
    balanced.stock_line_id,
    line.batch,
    balanced.moved_date,
    balanced.kind,
    balanced.table_name as document_table,
    balanced.document_id,
    balanced.number,
    other.name as other_name,
    reason.name as reason,
    greatest(balanced.units, 0) as in_units,
    greatest(-balanced.units, 0) as out_units,
    case when balanced.stock_line_id is not null then balanced.batch_units end as batch_units,
    case when balance.is_explained then balanced.balance_units end as balance_units,
    line.expiry_date,
    store.store_name,
    item.name as item_name,
    store.data_as_of_at
from balanced
join reports.reporting_store as store on store.store_id = balanced.store_id
join replica.item as item on item.id = balanced.item_id
join reports.balance as balance on balance.store_id = balanced.store_id and balance.item_id = balanced.item_id
left join replica.stock_line as line on line.id = balanced.stock_line_id and line.store_id = balanced.store_id
left join replica.name as other on other.id = balanced.other_name_id
left join replica.reason_option as reason on reason.id = balanced.reason_id
order by store.store_code, item.code, item.id, balanced.place
