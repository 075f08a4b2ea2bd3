-- What will be lost by expiry in each of the next twelve months, if nothing is done: what is at risk in
-- `expiring_stock`, by the month in which it expires.
-- One row is: store x item x month in which a batch of it expires that has not yet.
-- month: its first day
-- store_code: code of the store
-- store_name: name of the store
-- item_code: code of the item
-- item_name: name of the item
-- batches: stock lines that expire in the month
-- units: on them
-- value_amount: that at cost, in the home currency; NULL where no line has a price
-- expected_loss_units: of it, not used by then; NULL where consumption is unknown
-- expected_loss_value: that at cost; NULL likewise, and where no line has a price
-- unknown_value: value of what expires of which consumption is unknown: in no loss
-- data_as_of_at: when the store's site was last pulled
select
    cast(date_trunc('month', expiry_date) as date) as month,
    store_code,
    store_name,
    item_code,
    item_name,
    count(*) as batches,
    sum(units) as units,
    sum(value_amount) as value_amount,
    sum(at_risk_units) as expected_loss_units,
    cast(sum(cast(value_amount as double) * at_risk_units / units) as decimal(38, 6)) as expected_loss_value,
    coalesce(sum(value_amount) filter (at_risk_units is null), 0) as unknown_value,
    data_as_of_at
from reports.expiring_line
where not is_expired and expiry_band(expiry_date, today()) is not null
group by
    date_trunc('month', expiry_date), store_id, store_code, store_name, item_id, item_code, item_name, data_as_of_at
order by month, store_code, item_code, item_id
