-- How much of what was asked for was supplied: by unit, by line and by order, of what is closed. Add up numerators and
-- denominators and divide: never take a mean of percentages. Units of different items are counted in different things:
-- pct_units is of use where all are counted alike; `item_fill_monthly` has it by item.
-- One row is: kind x supplier x customer x month in which it was asked for.
-- month: its first day
-- kind: requisition or purchase_order
-- supplier_code: code of the store that was asked; NULL where it is none
-- supplier_name: who was asked
-- customer_code: code of the store that asked; NULL where it is none
-- customer_name: who asked
-- orders: orders that are closed, and of every line of which it is known what was supplied
-- orders_in_full: of these, those of which every line was supplied as asked
-- pct_orders_in_full: these in percent; NULL where there are none
-- lines: closed lines that asked for something, and of which it is known what was supplied
-- lines_in_full: of these, those supplied as asked
-- lines_in_part: of these, those of which less came than was asked, and something
-- pct_lines_in_full: lines_in_full in percent of lines; NULL where there are none
-- asked_units: what these lines asked for
-- filled_units: what of it was supplied, no line for more than was asked
-- pct_units: filled_units in percent of asked_units; NULL where there are none
-- lines_unknown: closed lines of which nothing says what was supplied, or without a quantity: in no rate
-- lines_open: lines of which more may come: in no rate
with orders as (
    select
        kind,
        supplier_code,
        supplier_name,
        customer_code,
        customer_name,
        month,
        order_id,
        bool_and(is_known) as is_known,
        bool_and(is_full) as is_full,
        count(*) filter (is_known) as lines,
        count(*) filter (is_full) as lines_in_full,
        count(*) filter (is_in_part) as lines_in_part,
        sum(asked_units) filter (is_known) as asked_units,
        sum(filled_units) filter (is_known) as filled_units,
        count(*) filter (is_lacking) as lines_unknown,
        count(*) filter (is_open) as lines_open
    from reports.judged_line
    group by all
)

select
    month,
    kind,
    supplier_code,
    supplier_name,
    customer_code,
    customer_name,
    count(*) filter (is_known) as orders,
    count(*) filter (is_full) as orders_in_full,
    percent(count(*) filter (is_full), count(*) filter (is_known)) as pct_orders_in_full,
    cast(sum(lines) as bigint) as lines,
    cast(sum(lines_in_full) as bigint) as lines_in_full,
    cast(sum(lines_in_part) as bigint) as lines_in_part,
    percent(sum(lines_in_full), sum(lines)) as pct_lines_in_full,
    coalesce(sum(asked_units), 0) as asked_units,
    coalesce(sum(filled_units), 0) as filled_units,
    percent(sum(filled_units), sum(asked_units)) as pct_units,
    cast(sum(lines_unknown) as bigint) as lines_unknown,
    cast(sum(lines_open) as bigint) as lines_open
from orders
group by month, kind, supplier_code, supplier_name, customer_code, customer_name
order by month, kind, supplier_code, supplier_name, customer_code, customer_name
