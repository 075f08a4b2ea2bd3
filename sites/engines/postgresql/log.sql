-- The tables of the change log. One row of supplysync_change_log is one change of one record:
-- I, U or D. Numbers become visible out of commit order, hence txid (P2). "log_id" tells one
-- installation of the log from the next.
create table if not exists supplysync_control (
    only_row integer primary key check (only_row = 1),
    log_id text not null
);

insert into supplysync_control values (1, replace(gen_random_uuid()::text, '-', '')) on conflict do nothing;

create table if not exists supplysync_change_log (
    seq bigint generated always as identity primary key,
    table_name text not null,
    record_id text not null,
    op text not null check (op in ('I', 'U', 'D')),
    logged_at timestamptz not null default clock_timestamp(),
    txid xid8 not null default pg_current_xact_id()
);

create index if not exists supplysync_change_log_txid on supplysync_change_log (txid);

create table if not exists supplysync_applied (
    number bigint primary key,
    content_hash text not null,
    applied_at text not null,
    answer text not null
);

-- Runs with its owner's rights, so that people's programs need none on the log; its search path
-- is fixed, so that they cannot put a table of their own in the log's place.
create or replace function supplysync_capture() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as
'begin
    if tg_op = ''INSERT'' then
        insert into {{schema}}.supplysync_change_log (table_name, record_id, op)
        values (tg_table_name, new.id, ''I'');
    elsif tg_op = ''DELETE'' then
        insert into {{schema}}.supplysync_change_log (table_name, record_id, op)
        values (tg_table_name, old.id, ''D'');
    elsif new.id = old.id then
        insert into {{schema}}.supplysync_change_log (table_name, record_id, op)
        values (tg_table_name, new.id, ''U'');
    else
        insert into {{schema}}.supplysync_change_log (table_name, record_id, op)
        values (tg_table_name, old.id, ''D''), (tg_table_name, new.id, ''I'');
    end if;
    return null;
end';

create or replace function supplysync_capture_truncate() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as
'begin
    execute format(
        ''insert into {{schema}}.supplysync_change_log (table_name, record_id, op) ''
        ''select %L, id, %L from %I.%I order by id'', tg_table_name, ''D'', tg_table_schema, tg_table_name);
    return null;
end';
