-- What the dictionary of a snapshot says of a saved question: as of any report, with units by the names of columns.
insert into snap.reports.dictionary by name
select
    'report' as kind, table_name, column_index as position, column_name, lower(data_type) as type,
    (select max(unit) from snap.reports.dictionary as known where known.column_name = here.column_name) as unit,
    comment as meaning, $meaning as table_meaning, $grain as grain, schema_name,
    'reports.' || table_name as published_as
from duckdb_columns() as here
where database_name = 'snap' and schema_name = 'reports' and table_name = $name
order by column_index
