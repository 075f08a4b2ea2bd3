-- How much of what was asked for was supplied, item by item: by unit and by line, of the same closed lines as in
-- `order_fill_monthly`. Add up numerators and denominators and divide: never take a mean of percentages, and never add
-- up units of different items.
-- One row is: item x kind x supplier x customer x month in which it was asked for.
-- month: its first day
-- item_code: code of the item; NULL where lines name none
-- item_name: name of the item
-- kind: requisition or purchase_order
-- supplier_code: code of the store that was asked; NULL where it is none
-- supplier_name: who was asked
-- customer_code: code of the store that asked; NULL where it is none
-- customer_name: who asked
-- lines: closed lines that asked for something, and of which it is known what was supplied
-- lines_in_full: of these, those supplied as asked
-- lines_in_part: of these, those of which less came than was asked, and something
-- pct_lines_in_full: lines_in_full in percent of lines; NULL where there are none
-- asked_units: what these lines asked for
-- filled_units: what of it was supplied, no line for more than was asked
-- pct_units: filled_units in percent of asked_units; NULL where there are none
-- lines_unknown: closed lines of which nothing says what was supplied, or without a quantity: in no rate
-- lines_open: lines of which more may come: in no rate
select
    month,
    item_code,
    item_name,
    kind,
    supplier_code,
    supplier_name,
    customer_code,
    customer_name,
    count(*) filter (is_known) as lines,
    count(*) filter (is_full) as lines_in_full,
    count(*) filter (is_in_part) as lines_in_part,
    percent(count(*) filter (is_full), count(*) filter (is_known)) as pct_lines_in_full,
    coalesce(sum(asked_units) filter (is_known), 0) as asked_units,
    coalesce(sum(filled_units) filter (is_known), 0) as filled_units,
    percent(sum(filled_units) filter (is_known), sum(asked_units) filter (is_known)) as pct_units,
    count(*) filter (is_lacking) as lines_unknown,
    count(*) filter (is_open) as lines_open
from reports.judged_line
group by month, item_code, item_name, kind, supplier_code, supplier_name, customer_code, customer_name
order by month, item_code, item_name, kind, supplier_code, supplier_name, customer_code, customer_name
