-- What lines dispense of repeats, and whose: but for those of prescriptions that are not finished.
select line.id as line_id, line.prescription_id, line.repeat_id, prescription.store_id, repeat.patient_id,
    person.owner as home_store
from replica.prescription_line as line
join touched on touched.line_id = line.id
join replica.prescription as prescription on prescription.id = line.prescription_id
join replica.repeat as repeat on repeat.id = line.repeat_id
join ledger.record as person on person.table_name = 'patient' and person.record_id = repeat.patient_id
where prescription.status = 'finalised'
order by all
