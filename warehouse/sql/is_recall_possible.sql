-- A row where there is a half that may be taken back, or was: deleted, asked for, or told of by an edit that waits.
select 1
from ledger.transfer
where is_responding_deleted or is_recall_asked or recalled_id is not null
union all
select 1
from ledger.quarantine
where state = 'open' and reason = 'waits_for_receiver'
limit 1
