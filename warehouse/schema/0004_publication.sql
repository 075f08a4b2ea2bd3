-- The snapshot that was published last, and the replica rows that were written or deleted since (B16).
create table ledger.publication (
    number bigint not null,
    cycle bigint not null,
    published_at timestamptz not null
);

create table ledger.unpublished (
    table_name varchar not null,
    record_id varchar not null
);
