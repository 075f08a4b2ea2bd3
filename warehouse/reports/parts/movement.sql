-- What moved stock (B42), a day at a time.
-- One row is: store x item x day on which something moved.
-- By pair.
-- store_id: the store
-- item_id: the item
-- moved_date: the day, where the network is
-- units: came in less went out
-- in_units: came in
-- received_units: of that, from suppliers and other stores
-- dispensed_units: went out to patients
-- issued_units: went out to customers, stores or others
-- outside_units: of that, to customers that are not stores in reports
-- returned_units: came back from customers, stores or others
-- outside_returned_units: of that, from customers that are not stores in reports
select
    store_id,
    item_id,
    moved_date,
    sum(units) as units,
    coalesce(sum(units) filter (units > 0), 0) as in_units,
    coalesce(sum(units) filter (kind = 'received'), 0) as received_units,
    coalesce(-sum(units) filter (kind = 'dispensed'), 0) as dispensed_units,
    coalesce(-sum(units) filter (kind = 'issued'), 0) as issued_units,
    coalesce(-sum(units) filter (kind = 'issued' and is_outside), 0) as outside_units,
    coalesce(sum(units) filter (kind = 'returned'), 0) as returned_units,
    coalesce(sum(units) filter (kind = 'returned' and is_outside), 0) as outside_returned_units
from reports.moved_line
group by store_id, item_id, moved_date
having count(units) > 0
