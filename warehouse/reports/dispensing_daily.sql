-- What each store dispensed to patients, a day at a time, without the patients: usage and consumption rest on it.
-- One row is: store x item x day on which a prescription with the item was finalised.
-- store_code: code of the store
-- item_code: code of the item
-- dispensed_date: the day it was dispensed, where the network is
-- dispensed_units: how much
-- store_id: id of the store
-- item_id: id of the item
select
    store.store_code,
    item.code as item_code,
    local_date(coalesce(prescription.dispensed_at, prescription.created_at)) as dispensed_date,
    sum(units(line.packs, line.pack_size)) as dispensed_units,
    prescription.store_id,
    line.item_id
from replica.prescription as prescription
join replica.prescription_line as line on line.prescription_id = prescription.id
join reports.reporting_store as store on store.store_id = prescription.store_id
join replica.item as item on item.id = line.item_id
where prescription.status = 'finalised'
group by all
order by store_code, item_code, dispensed_date
