-- Changes that were written at their site before a switch of procurement reached it, as long as they are not judged for
-- good: the switch does not hold for them.
create table ledger.before_switch (
    site_id bigint not null,
    table_name varchar not null,
    record_id varchar not null
);
