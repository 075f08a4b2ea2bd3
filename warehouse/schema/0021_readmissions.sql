-- Up to where each pull read its site's log, and the folder of the pull; none for a pull that read up to the same place
-- as the one before (B50).
create table ledger.bookmark (
    site_id bigint not null,
    cycle bigint not null,
    path varchar not null,
    bookmark varchar not null
);

-- Sites that were let in again: by which decision, from where on (`fork:CYCLE:UUID`, or `whole:UUID`), which tables are
-- taken as the site has them, and by which cycle; null: not yet (B50, O5).
create table ledger.readmission (
    number bigint not null,
    site_id bigint not null,
    what varchar not null,
    taken varchar[] not null,
    cycle bigint
);
