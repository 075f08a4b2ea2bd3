-- What every column of every report and replica means (W2).
-- One row is: a column of a report, or of a replica: a table of the sites with the rows of all of them.
-- kind: report or replica
-- table_name: name of the report or replica
-- position: place of the column, from 1
-- column_name: name of the column
-- type: what DuckDB keeps it as
-- unit: what numbers and times are in; NULL for texts, flags and counts
-- meaning: what it means
-- table_meaning: what the report or replica is
-- grain: what one row of it is
-- schema_name: where it is in the working warehouse
-- published_as: where it is in published snapshots; NULL where it is not in them, since its rows are about single
--    people, or secret, or never leave their sites
-- Parts that reports are made of are not listed: they are in no snapshot, and no promise.
with tables as (
    select 'report' as kind, schema_name, view_name as table_name, comment
    from duckdb_views()
    where
        database_name = current_database()
        and schema_name = 'reports'
        and view_name not in (
            'balance', 'banded_item', 'begun_transfer', 'closed_month', 'consumed_month', 'consumption',
            'counted_line', 'demand', 'document_doubt', 'doubled_number', 'expected_item', 'expiring_line',
            'gone_month', 'half_line', 'in_transit', 'judged_line', 'known_store', 'last_supplier', 'lead_time',
            'line_doubt', 'lost_month', 'moved_doubt', 'moved_line', 'movement', 'on_order', 'on_the_way',
            'order_line', 'out_of_stock', 'pair_month', 'quarantined', 'reporting_store', 'shelf', 'store_place',
            'store_table', 'stray_line', 'supplying_store', 'tracer_item',
            'unit_cost', 'used_month', 'waiting_month', 'waiting_row'
        )
    union all
    select 'replica', schema_name, table_name, comment
    from duckdb_tables()
    where database_name = current_database() and schema_name = 'replica'
),

columns as (
    select
        schema_name,
        table_name,
        column_index,
        column_name,
        data_type,
        comment,
        bool_or(column_name = 'patient_id') over (partition by schema_name, table_name) as is_of_a_patient
    from duckdb_columns()
    where database_name = current_database()
)

select
    tables.kind,
    tables.table_name,
    cast(columns.column_index as bigint) as position,
    columns.column_name,
    lower(columns.data_type) as type,
    case
        when columns.data_type = 'VARCHAR' or columns.data_type = 'BOOLEAN' then null
        when columns.data_type = 'TIMESTAMP WITH TIME ZONE' then 'UTC'
        when regexp_matches(columns.column_name, 'pack_size$') then 'units per pack'
        when regexp_matches(columns.column_name, '_per_pack$') then 'money per pack'
        when regexp_matches(columns.column_name, '(^|_)units($|_)') then 'units'
        when regexp_matches(columns.column_name, '(^|_)packs($|_)') then 'packs'
        when regexp_matches(columns.column_name, '_(amount|value)$') then 'home currency'
        when regexp_matches(columns.column_name, '^pct_|_rate$') then 'percent'
        when regexp_matches(columns.column_name, '_days$|^days_') then 'days'
        when regexp_matches(columns.column_name, '_months$') then 'months'
        when regexp_matches(columns.column_name, '_celsius$') then 'degrees Celsius'
        when regexp_matches(columns.column_name, '_kg$') then 'kilograms'
        when columns.column_name = 'volume' then 'cubic metres'
        when regexp_matches(columns.column_name, '_seconds$') then 'seconds'
    end as unit,
    columns.comment as meaning,
    trim(split_part(tables.comment, 'One row is: ', 1)) as table_meaning,
    case tables.kind when 'report' then split_part(tables.comment, 'One row is: ', 2) else 'a record' end as grain,
    tables.schema_name,
    case
        when tables.kind = 'report' and tables.table_name not in ('new_users', 'patient_codes') then
            concat('reports.', tables.table_name)
        when
            tables.kind = 'replica'
            and not columns.is_of_a_patient
            and not regexp_full_match(
                tables.table_name,
                'patient|patient_\w+|prescription\w*|repeat|insurance_policy|prescriber_store_join|message|'
                || 'store_credential|user_account|drug_registration|his_record|label|log|reference_document|reminder|'
                || 'user_licence|user_permission'
            )
            then concat('main.', tables.table_name)
    end as published_as
from tables
join columns on columns.schema_name = tables.schema_name and columns.table_name = tables.table_name
order by tables.kind desc, tables.table_name, columns.column_index
