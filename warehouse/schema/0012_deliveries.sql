-- The files of deliveries that the ledger has taken: what is kept beside them is not known yet.
create table ledger.delivery (
    cycle bigint not null,
    part bigint not null,
    delivered_at timestamptz not null
);
