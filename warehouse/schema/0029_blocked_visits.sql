-- A site that was not tried, since central and primary were never pulled, was entered as one that nothing was heard of.
alter table ledger.visit rename to visit_before;

create table ledger.visit (
    cycle bigint not null,
    site_id bigint not null,
    started_at timestamptz not null,
    outcome varchar not null check (outcome in ('ok', 'unreachable', 'failed', 'blocked')),
    error varchar,
    pulled bigint not null,
    admitted bigint not null,
    rejected bigint not null,
    waiting bigint not null,
    sent bigint not null,
    pull_seconds double not null,
    deliver_seconds double not null
);

insert into ledger.visit select * from ledger.visit_before;

drop table ledger.visit_before;
