-- What was forgotten last: by which cycle, when, the cycle up to which landed pulls are not kept any more, and that
-- up to which the sequence and what was decided are not known whole (B5, B55). One row, or none yet.
create table ledger.prune (
    cycle bigint not null,
    pruned_at timestamptz not null,
    pulls_to bigint not null,
    known_after bigint not null
);

-- A pull that is kept, up to whose place no site can go back any more (precision 6): null.
alter table ledger.bookmark alter column bookmark drop not null;
