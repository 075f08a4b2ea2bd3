-- What central tells the people at a site, for their program to show. Times are UTC, values are JSON of texts.
create table if not exists supplysync_notice (
    id text primary key,
    table_name text not null,
    record_id text not null,
    operation text not null,
    verdict text not null,
    reason text not null,
    words text not null,
    site_value text,
    central_value text,
    state text not null,
    noticed_at text not null
);

create table if not exists supplysync_status (
    only_row integer primary key check (only_row = 1),
    last_exchange_at text not null,
    result text not null,
    rejected integer not null,
    waiting integer not null,
    not_taken integer not null,
    to_come integer not null
);

-- Which switch of procurement has reached the site, and how far its log went then: what was written before goes by what
-- was so before.
create table if not exists supplysync_switch (
    name text not null,
    seq bigint not null,
    is_on boolean not null,
    primary key (name, seq)
);
