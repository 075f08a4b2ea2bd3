-- What a store consumed of an item in a month in which it moved, for the reports that need it.
-- One row is: store x item x month in which something moved.
-- By pair.
-- store_id: the store
-- item_id: the item
-- month: its first day
-- dispensed_units: to patients
-- issued_units: to customers, stores or others
-- returned_units: came back from customers, stores or others
-- outside_units: of issued_units, to customers that are not stores in reports
-- outside_returned_units: of returned_units, from customers that are not stores in reports
-- consumed_units: dispensed and issued less returned, not below zero
select
    store_id,
    item_id,
    cast(date_trunc('month', moved_date) as date) as month,
    sum(dispensed_units) as dispensed_units,
    sum(issued_units) as issued_units,
    sum(returned_units) as returned_units,
    sum(outside_units) as outside_units,
    sum(outside_returned_units) as outside_returned_units,
    not_negative(sum(dispensed_units + issued_units - returned_units)) as consumed_units
from reports.movement
group by all
