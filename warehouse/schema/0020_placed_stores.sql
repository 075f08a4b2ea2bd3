-- By which code the topology places each store; its record may carry another one by now (T10).
create table ledger.placed_store (
    store_id varchar primary key,
    placed_as varchar not null
);
