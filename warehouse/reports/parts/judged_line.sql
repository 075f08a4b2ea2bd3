-- Lines of orders as fill rates take them: of those that asked for something, or for nobody knows how much, which are
-- in a rate, and which of these were supplied as asked.
-- One row is: a line of an order.
-- month: first day of the month in which it was asked for
-- kind: requisition or purchase_order
-- supplier_code: code of the store that was asked; NULL where it is none
-- supplier_name: who was asked
-- customer_code: code of the store that asked; NULL where it is none
-- customer_name: who asked
-- item_code: code of the item; NULL where the line names none
-- item_name: name of the item
-- order_id: id of the document that asked
-- asked_units: how much; NULL without a pack size
-- filled_units: what came of it, no more than was asked; NULL where nothing says, and while it is open
-- is_open: more may come: in no rate
-- is_known: closed, and what was supplied is known: in the rate
-- is_full: is_known, and supplied as asked
-- is_in_part: is_known, and less came than was asked, and something
-- is_lacking: closed, and nothing says what was supplied, or how much was asked: in no rate
with lines as (
    select
        *,
        not is_open and asked_units > 0 and filled_units is not null as is_known
    from reports.order_lines
    where asked_at is not null and is_open is not null and asked_units is distinct from 0
)

select
    cast(date_trunc('month', local_date(asked_at)) as date) as month,
    kind,
    supplier_code,
    supplier_name,
    customer_code,
    customer_name,
    item_code,
    item_name,
    order_id,
    asked_units,
    filled_units,
    is_open,
    is_known,
    is_known and filled_units >= asked_units as is_full,
    is_known and filled_units > 0 and filled_units < asked_units as is_in_part,
    not is_open and (asked_units is null or asked_units > 0 and filled_units is null) as is_lacking
from lines
