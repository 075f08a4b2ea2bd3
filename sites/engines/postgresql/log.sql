-- The tables of the change log. One row of supplysync_change_log is one change of one record:
-- I, U or D. Numbers become visible out of commit order, hence txid (P2). "log_id" tells one
-- installation of the log from the next.
create table if not exists supplysync_control (
    only_row integer primary key check (only_row = 1),
    log_id text not null
);

insert into supplysync_control (only_row, log_id) values (1, replace(gen_random_uuid()::text, '-', ''))
on conflict do nothing;

alter table supplysync_control add column if not exists generation integer not null default 0;

alter table supplysync_control add column if not exists schema_version integer not null default 0;

-- How each table is captured: its generation is another one whenever its changes may have gone unlogged (B57).
create table if not exists supplysync_captured (
    table_name text primary key,
    generation integer not null,
    definition text not null,
    place text not null
);

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
