-- What the stores chosen have of the items chosen, with the figures of `stock_value`; how much of them is on the
-- way, or waits, no report says. Conditions on lines and on stores are put in.
with lying as (
    select
        store_code,
        sum(value_amount) as value,
        sum(value_amount) filter (not is_expired and not is_on_hold and value_amount > 0) as usable,
        sum(value_amount) filter (is_expired and value_amount > 0) as expired,
        sum(value_amount) filter (is_on_hold and value_amount > 0) as on_hold,
        sum(soh_units) filter (value_amount is null) as without_price
    from reports.stock_by_batch
    where {lines}
    group by store_code
)
select
    value.store_code,
    value.store_name,
    case when value.soh_value is not null then coalesce(lying.value, 0) end as soh_value,
    case when value.soh_value is not null then coalesce(lying.usable, 0) end as usable_value,
    case when value.soh_value is not null then coalesce(lying.expired, 0) end as expired_value,
    case when value.soh_value is not null then coalesce(lying.on_hold, 0) end as on_hold_value,
    cast(null as double) as in_transit_value,
    100 * lying.value / nullif((select sum(value) from lying), 0) as pct_of_total,
    value.is_current,
    value.data_as_of_at,
    coalesce(lying.without_price, 0) as value_missing_units,
    value.is_incomplete,
    cast(null as double) as waiting_value
from (select * from reports.stock_value where {stores}) as value
left join lying on lying.store_code is not distinct from value.store_code
