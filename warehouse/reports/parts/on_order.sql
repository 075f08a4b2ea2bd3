-- What each store asked for and is still to be sent, for the reports that need it.
-- One row is: store x item of which more may come.
-- store_id: the store that asked
-- item_id: the item
-- units: asked and not sent, or not received where the supplier is no store; as far as that is known
-- unknown_lines: lines of which nothing says whether more comes, or without a pack size
select
    customer_store_id as store_id,
    item_id,
    coalesce(
        sum(not_negative(asked_units - case when supplier_store_id is null then received_units else sent_units end))
            filter (is_open),
        0
    ) as units,
    count(*) filter (
        is_open is null
        or asked_units is null
        or case when supplier_store_id is null then received_units else sent_units end is null
    ) as unknown_lines
from reports.order_line
where coalesce(is_open, true) and customer_store_id is not null and item_id is not null
group by all
