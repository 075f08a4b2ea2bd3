-- Patients and prescribers whom an operator gave another home store (O8), and by which cycle; null: not yet.
create table ledger.rehome (
    number bigint not null,
    table_name varchar not null,
    record_id varchar not null,
    store_id varchar not null,
    cycle bigint
);
