-- Scopes that a record has besides those of its policy, because it is a half of a transfer or belongs to one.
alter table ledger.record add column shared varchar[] default [];

-- Transfers between stores: what began one, what responds to it, or what it waits for (section 8).
create table ledger.transfer (
    kind varchar not null,
    table_name varchar not null,
    record_id varchar not null,
    from_store varchar not null,
    to_store varchar not null,
    responding_table varchar not null,
    responding_id varchar,
    waits varchar,
    begun_at timestamptz,
    is_snapshot boolean not null,
    first_cycle bigint not null,
    made_by varchar check (made_by in ('central', 'site')),
    made_cycle bigint,
    made_at timestamptz,
    is_deleted boolean not null default false,
    is_responding_deleted boolean not null default false
);

-- What operators decide about a record: which transfer begins though it is old (B30).
alter table ledger.decision add column record_id varchar;
