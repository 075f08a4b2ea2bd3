-- How much was still to go out to each site at the end of each day: whether it grows from day to day (M6).
create table ledger.queue_of_day (
    site_id bigint not null,
    day date not null,
    queue_out bigint not null
);
