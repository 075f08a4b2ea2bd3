-- What there was of an item at a store at the end of each month, for the reports that need it.
-- One row is: store x item x month, as in `used_month`.
-- By pair.
-- store_id: the store
-- item_id: the item
-- month: its first day
-- moved_units: came in less went out in the month
-- closing_units: at its end, or at the last pull; NULL in months after that, and where movements do not explain the
--    stock
with flows as (
    select store_id, item_id, cast(date_trunc('month', moved_date) as date) as month, sum(units) as units
    from reports.movement
    group by all
),

-- What moved before the first month that is shown.
earlier as (
    select store_id, item_id, sum(units) as units from flows where month < first_month() group by all
)

select
    used.store_id,
    used.item_id,
    used.month,
    coalesce(flows.units, 0) as moved_units,
    case
        when used.is_known and balance.is_explained then
            coalesce(earlier.units, 0)
            + sum(coalesce(flows.units, 0)) over (partition by used.store_id, used.item_id order by used.month)
    end as closing_units
from reports.used_month as used
join reports.balance as balance on balance.store_id = used.store_id and balance.item_id = used.item_id
left join flows
    on flows.store_id = used.store_id and flows.item_id = used.item_id and flows.month = used.month
left join earlier on earlier.store_id = used.store_id and earlier.item_id = used.item_id
