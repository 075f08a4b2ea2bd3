-- What was sent and what is there, by item and batch, of transfers of goods of which both halves are there: all of
-- those under way, and of the others what differs.
-- One row is: transfer x item x batch, where at least one of its stores is in reports.
-- kind: stock_transfer, stock_return or internal_order_goods
-- from_store_code: the store that sent it
-- to_store_code: the store that receives it
-- initiating_id: id of the document that began the transfer
-- responding_id: id of the one made for it
-- state: sent, arrived or done, as in `transfers`; also unlinked or dropped while both documents are there
-- item_code: code of the item; NULL where a line names none
-- item_name: name of the item
-- batch: as the lines have it
-- sent_units: as the sender's document says; 0 where that has no such line, NULL where a pack size is missing
-- there_units: as the receiver's says
-- difference_units: there_units less sent_units: less than 0 is missing
-- sent_value: what the sender asks for it, in the home currency; NULL without a price
-- there_value: what the receiver has it down for
-- difference_value: there_value less sent_value
-- reason: how they differ: not_there (no such line there), not_sent (a line there alone), fewer_there, more_there,
--    other_value (the same units at another price), on_its_way (the sender changed it since, and the receiver's
--    document follows at the next visit of its site); NULL where they do not
-- is_under_way: the transfer is: waiting, sent or arrived
-- ended_at: when it was received; NULL where that is to come, or no document says
-- from_number: number of the sender's document
-- to_number: number of the receiver's
-- data_as_of_at: the older of the two sites' data, of those that were pulled
with compared as (
    select
        initiating_id,
        kind,
        item_id,
        batch,
        count(*) filter (is_sent) as sent_lines,
        count(*) filter (not is_sent) as there_lines,
        case when bool_and(units is not null) filter (is_sent) is distinct from false then
            coalesce(sum(units) filter (is_sent), 0)
        end as sent_units,
        case when bool_and(units is not null) filter (not is_sent) is distinct from false then
            coalesce(sum(units) filter (not is_sent), 0)
        end as there_units,
        case when bool_and(value is not null) filter (is_sent) is distinct from false then
            coalesce(sum(value) filter (is_sent), 0)
        end as sent_value,
        case when bool_and(value is not null) filter (not is_sent) is distinct from false then
            coalesce(sum(value) filter (not is_sent), 0)
        end as there_value
    from reports.half_line
    group by all
),

followed as (
    select responding_table, responding_id
    from ledger.half_version
    group by all
    having count(*) > 1
),

lines as (
    select
        transfer.kind,
        transfer.from_store_code,
        transfer.to_store_code,
        transfer.initiating_id,
        transfer.responding_id,
        transfer.state,
        item.code as item_code,
        item.name as item_name,
        compared.batch,
        compared.sent_units,
        compared.there_units,
        compared.there_units - compared.sent_units as difference_units,
        compared.sent_value,
        compared.there_value,
        compared.there_value - compared.sent_value as difference_value,
        case
            when
                compared.sent_units is not distinct from compared.there_units
                and (compared.sent_value is not distinct from compared.there_value or compared.there_units = 0)
                then null
            when followed.responding_id is not null then 'on_its_way'
            when compared.there_lines = 0 then 'not_there'
            when compared.sent_lines = 0 then 'not_sent'
            when compared.there_units < compared.sent_units then 'fewer_there'
            when compared.there_units is distinct from compared.sent_units then 'more_there'
            else 'other_value'
        end as reason,
        is_under_way(transfer.state) as is_under_way,
        transfer.ended_at,
        transfer.from_number,
        transfer.to_number,
        transfer.data_as_of_at
    from reports.begun_transfer as transfer
    join compared on compared.kind = transfer.kind and compared.initiating_id = transfer.initiating_id
    left join replica.item as item on item.id = compared.item_id
    left join followed
        on followed.responding_table = transfer.responding_table
        and followed.responding_id = transfer.responding_id
    where
        transfer.is_initiating_here
        and transfer.is_responding_here
        and (
            transfer.from_store in (select store_id from reports.reporting_store)
            or transfer.to_store in (select store_id from reports.reporting_store)
        )
)

select *
from lines
where is_under_way or reason is not null
order by is_under_way desc, initiating_id, item_code, batch
