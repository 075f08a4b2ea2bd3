-- What reason codes mean, for reports: written anew whenever this version's words differ.
create table ledger.reason (
    code varchar not null,
    rule varchar not null,
    explanation varchar not null
);
