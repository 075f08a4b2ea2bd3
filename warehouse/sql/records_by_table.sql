-- How many records central knows of each table, and how many ids: as many, where each is known once.
select table_name, count(*) as records, count(distinct record_id) as ids
from ledger.record
group by table_name
