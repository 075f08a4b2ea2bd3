select h.number, h.table_name, h.record_id, h.store_id, r.owner as held_store
from ledger.rehome as h
join ledger.record as r on r.table_name = h.table_name and r.record_id = h.record_id
where h.cycle is null
order by h.number, h.record_id
