-- What no site has counted, of what may go out to the sites that are routed now: it went with no set, or with one that
-- such a site did not apply.
select due.repeat_id, person.owner as home_store, due.line_id, due.times
from ledger.repeat_count as due
left join ledger.change_set as sent using (site_id, number)
join replica.repeat as repeat on repeat.id = due.repeat_id
join ledger.record as person on person.table_name = 'patient' and person.record_id = repeat.patient_id
where due.times <> 0
    and sent.state is distinct from 'applied'
    and (
        due.site_id is null or due.site_id in (
            select unnest(?::bigint[])
        )
    )
order by all
