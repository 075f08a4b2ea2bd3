-- Entries that were dealt with by cycles before $1. What an operator discarded still decides about what comes again;
-- the last entry stays, so that no number is given twice.
delete from ledger.quarantine as q
where q.state in ('admitted', 'closed', 'superseded') and q.closed_cycle in (
    select cycle
    from ledger.cycle
    where started_at < $1
) and q.id < (
    select max(id)
    from ledger.quarantine
)
