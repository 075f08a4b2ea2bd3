-- What snapshots tell besides rows of replicas, in one number: another one, and there is something to publish. When
-- sites were last heard of is not in it: it is published within the hour.
select bit_xor(part)::varchar
from (
    select bit_xor(hash(
        'site', site_id, site_code, status, is_late, queue_in, queue_out, held_removals, held_changes, rejected,
        waiting, not_taken, oldest_pending_at, consecutive_failures, last_error
    )) as part
    from reports.sync_status
    union all
    select bit_xor(hash('quarantine', id, state, reason)) from ledger.quarantine
    union all
    select bit_xor(hash('transfer', t)) from ledger.transfer as t
    union all
    select bit_xor(hash('move', m)) from ledger.move as m
    union all
    select bit_xor(hash('step', s)) from ledger.move_step as s
    union all
    select bit_xor(hash('skipped', s)) from ledger.skipped as s
    union all
    select bit_xor(hash('withheld', w)) from ledger.withheld as w
    union all
    select bit_xor(hash('instance', i)) from ledger.instance as i
    union all
    select bit_xor(hash('network', n)) from ledger.network as n
    union all
    select hash('sequence', last_seq) from ledger.counter
)
