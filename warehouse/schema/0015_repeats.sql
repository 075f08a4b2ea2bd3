-- Lines of prescriptions that name a repeat of a patient who is at home elsewhere: how often each is to be counted off
-- there (1; -1 where it was taken back; 0 where it came with a first contact), and with which change set it went.
create table ledger.repeat_count (
    line_id varchar not null,
    repeat_id varchar not null,
    times bigint not null,
    cycle bigint not null,
    site_id bigint,
    number bigint
);
