-- What lines of finished documents say that wait, by month: in no usage.
-- One row is: store x item x month.
-- store_id: the store
-- item_id: the item
-- month: its first day
-- units: how much; NULL where no line says
-- is_dispensing: some may say what patients got
-- is_issuing: some may say what customers got
select
    store_id,
    item_id,
    cast(date_trunc('month', moved_date) as date) as month,
    sum(units) as units,
    bool_or(is_dispensing) as is_dispensing,
    bool_or(is_issuing) as is_issuing
from reports.waiting_row
where table_name <> 'stock_line' and item_id is not null and moved_date is not null
group by all
