-- The lines of this server, each with the cycle that it began with and the lines that it goes on from (B53).
create table ledger.line (
    line varchar not null,
    ancestors varchar[] not null,
    cycle bigint not null
);

-- The line by which a site was pulled last; null: by a version that knew none.
alter table ledger.site add column line varchar;
