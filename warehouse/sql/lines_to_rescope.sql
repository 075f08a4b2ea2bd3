select r.table_name, r.record_id, h.owner, h.about, h.part
from ledger.record as r
join headers as h on h.table_name = r.table_name and h.document = r.document
where (r.owner, r.about, r.part) is distinct from (h.owner, h.about, h.part)
