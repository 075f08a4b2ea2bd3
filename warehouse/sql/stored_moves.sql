select move, store_id, from_site, to_site, state, is_forced, is_accepted, filled_seq, asked_by
from ledger.move
order by move
