-- How the tables of a site were captured at its last pull, and what was found in those that were not all the time since
-- the pull before (B57).
alter table ledger.site add column capture varchar;

alter table ledger.site add column is_gap_released boolean;

create table ledger.gap (
    cycle bigint not null,
    site_id bigint not null,
    table_name varchar not null,
    made bigint not null,
    changed bigint not null,
    deleted bigint not null,
    put_right bigint not null,
    kept bigint not null,
    is_held boolean not null
);
