-- The tables of the change log. One row of supplysync_change_log is one change of one record:
-- I, U or D, in the order in which they were made. "applying" is 1 only inside a delivery's
-- transaction. "log_id" tells one installation of the log from the next.
create table if not exists supplysync_control (
    only_row integer primary key check (only_row = 1),
    applying integer not null check (applying in (0, 1)),
    log_id text not null
);

insert into supplysync_control (only_row, applying, log_id) values (1, 0, lower(hex(randomblob(16))))
on conflict do nothing;

-- How each table is captured: its generation is another one whenever its changes may have gone unlogged (B57).
create table if not exists supplysync_captured (
    table_name text primary key,
    generation integer not null,
    definition text not null,
    place text not null
);

create table if not exists supplysync_change_log (
    seq integer primary key autoincrement,
    table_name text not null,
    record_id text not null,
    op text not null check (op in ('I', 'U', 'D')),
    logged_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);

create table if not exists supplysync_applied (
    number integer primary key,
    content_hash text not null,
    applied_at text not null,
    answer text not null
);
