-- What all stores together have of each item.
select
    item_code,
    sum(soh_units) as soh,
    sum(usable_units) as usable,
    sum(expired_units) as expired,
    sum(in_transit_units) as in_transit,
    sum(value_amount) as value,
    sum(value_missing_units) as value_missing_units,
    count(*) filter (not is_silent) as known,
    count(*) as stores
from reports.stock_on_hand
group by item_code
