-- present (table_name, record_id): those that site $1 did not make, and that none of the stores $2 owns
with entered as (
    select table_name, record_id, first(maker order by seq) as maker
    from ledger.sequence
    semi join present using (table_name, record_id)
    where kind = 'change'
    group by all
)
select p.table_name, p.record_id
from present as p
left join ledger.record as r using (table_name, record_id)
left join entered as e using (table_name, record_id)
where (r.record_id is not null or e.record_id is not null)
    and case when r.record_id is null then e.maker else r.maker end is distinct from $1
    and not coalesce(list_contains($2::varchar[], r.owner), false)
order by all
