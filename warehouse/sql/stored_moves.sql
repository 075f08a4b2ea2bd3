select m.move, m.store_id, m.from_site, m.to_site, m.state, m.is_forced, m.is_accepted, m.filled_seq, m.asked_by,
    max(s.entered_at) as since
from ledger.move as m
join ledger.move_step as s using (move)
group by all
order by m.move
