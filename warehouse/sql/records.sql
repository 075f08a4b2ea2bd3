select table_name, record_id, scopes
from ledger.record
where (table_name, record_id) in (
    select table_name, record_id
    from named
) or (table_name, record_id) in (
    select r.table_name, r.record_id
    from (
        select table_name, record_id, unnest(scopes) as scope
        from ledger.record
        where seq not in (
            select seq
            from set_aside
        )
    ) as r
    where r.scope in (
        select unnest(?::varchar[])
    )
)
order by table_name, record_id
