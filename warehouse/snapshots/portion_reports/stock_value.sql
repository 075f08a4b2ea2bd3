-- A store's part of the value is of that of the stores seen: the network's total is no figure of theirs.
select * replace (
    case when soh_value is not null then 100 * soh_value / nullif(sum(soh_value) over (), 0) end as pct_of_total
)
from whole.reports.stock_value
where store_code in (select store_code from seen_store)
order by rowid
