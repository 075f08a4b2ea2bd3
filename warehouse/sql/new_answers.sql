-- Answers to sets that are registered and not known to be applied, with the part of the sequence that these bring.
select told.site_id, told.number, told.answer, c.from_seq, c.to_seq
from told
join ledger.change_set as c
    on c.site_id = told.site_id and c.number = told.number and c.content_hash = told.content_hash
where c.state <> 'applied'
order by told.site_id
