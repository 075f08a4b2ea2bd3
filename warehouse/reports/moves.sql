-- Stores on their way from one site to another, and those that went it, the last first.
-- One row is: move.
-- move: number of the move
-- store_code: code of the store; (central data): another site becomes primary
-- store_name: name of the store
-- from_site_code: site that it leaves
-- to_site_code: site that it goes to
-- state: wanted (the old site works on), cut, filling, activating (it is active nowhere meanwhile), done, cancelled
-- since: when it came into that state
-- asked_by: user and host that asked for it
select
    move.move,
    coalesce(store.code, move.store_id) as store_code,
    case
        when move.store_id = '(central data)' then 'Central data'
        else coalesce(name.name, store.code, move.store_id)
    end as store_name,
    origin.site_code as from_site_code,
    target.site_code as to_site_code,
    move.state,
    step.since,
    move.asked_by
from ledger.move as move
join (select move, max(entered_at) as since from ledger.move_step group by move) as step on step.move = move.move
left join replica.store as store on store.id = move.store_id
left join replica.name as name on name.id = store.name_id
left join ledger.site as origin on origin.site_id = move.from_site
left join ledger.site as target on target.site_id = move.to_site
order by move.move desc
