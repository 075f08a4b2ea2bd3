-- The ledger of each store by item and month: what there was, what came, what went, what was left. Opening and what
-- came less what went is closing, so that trends and sums over stores can be made of it; never add up openings or
-- closings over months.
-- One row is: store x item x month, from the first movement (at most twenty years ago) to the month of the report.
-- By pair.
-- month: its first day
-- store_code: code of the store
-- store_name: name of the store
-- item_code: code of the item
-- item_name: name of the item
-- opening_units: at the end of the month before; NULL in months after the last pull: unknown, not zero; and where
--    movements do not explain the stock
-- received_units: from suppliers and other stores; NULL in months after the last pull, and where no invoice ever came
-- returned_units: by customers; NULL as received_units
-- dispensed_units: to patients; NULL in months after the last pull, of a dispensary of which no prescription came, and
--    where none are known and prescriptions wait that may say so
-- issued_units: to customers, stores or others; NULL as received_units, and where none are known and invoices wait that
--    may say so
-- sent_back_units: to suppliers; NULL as received_units
-- gained_units: by adjustments; NULL in months after the last pull, and where no adjustment ever came and movements do
--    not explain the stock
-- lost_units: by adjustments; NULL as gained_units
-- adjusted_by_reason: gains and losses by reason, in words and units; NULL without any
-- built_units: made by builds, less what they used; NULL in months after the last pull
-- closing_units: at the end of the month, or at the last pull; NULL as opening_units
-- closing_value: that at what a unit costs now, in the home currency; NULL likewise, and without a price
-- stock_out_days: whole days without stock; NULL as opening_units
-- known_days: days of the month from the first movement to the last pull: stock_out_days are of these
-- is_known: the site was pulled in that month or later
-- is_explained: movements explain the stock
-- is_incomplete: a table that it rests on is not collected or not filled (`site_tables`), or finished documents of the
--    item wait
-- data_as_of_at: when the store's site was last pulled
-- lost_value: lost_units at cost, as in `losses`, in the home currency; NULL as lost_units, and without a price
-- given_out_value: what dispensed_units and issued_units are worth, likewise; NULL where one of them is, and without a
--    price. What stores issue to each other counts at each of them
-- used_value: of that, what patients got, and customers that are no stores in reports: each unit once, whatever stores
--    it passed; NULL likewise
-- stock_status: what was there at the end of the month by the use of the months up to then, as in
--    `stock_bands_monthly`: stocked_out, below_min, adequate, overstocked, no_consumption or unknown; NULL while the
--    month is not over, and where is_in_use is false
-- is_price_missing: some of what lies there now has no price: values are by the price of the rest
-- is_in_use: the store is open and the item is used, both now: rates of stock-outs are of such
with flows as (
    select
        store_id,
        item_id,
        cast(date_trunc('month', moved_date) as date) as month,
        sum(units) filter (kind = 'received') as received_units,
        -sum(units) filter (kind = 'sent_back') as sent_back_units,
        sum(units) filter (kind = 'gained') as gained_units,
        -sum(units) filter (kind = 'lost') as lost_units,
        sum(units) filter (kind in ('made', 'used')) as built_units
    from reports.moved_line
    group by all
),

by_reason as (
    select
        line.store_id,
        line.item_id,
        cast(date_trunc('month', line.moved_date) as date) as month,
        coalesce(reason.name, 'no reason') as reason,
        sum(line.units) as units
    from reports.moved_line as line
    left join replica.reason_option as reason on reason.id = line.reason_id
    where line.kind in ('gained', 'lost')
    group by all
),

adjusted as (
    select
        store_id,
        item_id,
        month,
        string_agg(concat(reason, ' ', plainly(units)), '; ' order by reason) as by_reason
    from by_reason
    where units is not null
    group by all
),

valued as (
    select
        gone.store_id,
        gone.item_id,
        gone.month,
        sum(gone.value) filter (gone.kind = 'lost') as lost_value,
        sum(gone.value) filter (gone.kind <> 'lost') as given_out_value,
        sum(gone.used_value) filter (gone.kind <> 'lost') as used_value,
        bool_or(gone.kind = 'lost' and gone.value is null) as is_loss_unpriced,
        bool_or(gone.kind <> 'lost' and gone.value is null) as is_given_out_unpriced
    from reports.gone_month as gone
    group by all
),

months as (
    select
        used.*,
        balance.is_explained,
        balance.first_moved_date,
        store.store_code,
        store.store_name,
        store.known_date,
        store.data_as_of_at,
        known.knows_invoices,
        known.knows_adjustments or balance.is_explained as knows_adjustments
    from reports.used_month as used
    join reports.balance as balance on balance.store_id = used.store_id and balance.item_id = used.item_id
    join reports.reporting_store as store on store.store_id = used.store_id
    join reports.known_store as known on known.store_id = used.store_id
),

closed as (
    select
        months.*,
        balances.moved_units,
        months.dispensed_units is not null and months.issued_units is not null as knows_given_out,
        flows.received_units,
        flows.sent_back_units,
        flows.gained_units,
        flows.lost_units,
        flows.built_units,
        balances.closing_units
    from months
    join reports.closed_month as balances
        on balances.store_id = months.store_id
        and balances.item_id = months.item_id
        and balances.month = months.month
    left join flows
        on flows.store_id = months.store_id and flows.item_id = months.item_id and flows.month = months.month
)

select
    closed.month,
    closed.store_code,
    closed.store_name,
    item.code as item_code,
    item.name as item_name,
    closed.closing_units - closed.moved_units as opening_units,
    case when closed.is_known and closed.knows_invoices then coalesce(closed.received_units, 0) end as received_units,
    closed.returned_units,
    closed.dispensed_units,
    closed.issued_units,
    case when closed.is_known and closed.knows_invoices then coalesce(closed.sent_back_units, 0) end
        as sent_back_units,
    case when closed.is_known and closed.knows_adjustments then coalesce(closed.gained_units, 0) end as gained_units,
    case when closed.is_known and closed.knows_adjustments then coalesce(closed.lost_units, 0) end as lost_units,
    case when closed.is_known then adjusted.by_reason end as adjusted_by_reason,
    case when closed.is_known then coalesce(closed.built_units, 0) end as built_units,
    closed.closing_units,
    case
        when closed.closing_units = 0 then 0
        else cast(cast(closed.closing_units as double) * costs.per_unit as decimal(38, 6))
    end as closing_value,
    closed.stock_out_days,
    case
        when closed.is_known then
            days_within(closed.first_moved_date, closed.known_date, closed.month, month_end(closed.month))
    end as known_days,
    closed.is_known,
    closed.is_explained,
    closed.is_incomplete,
    closed.data_as_of_at,
    case
        when closed.is_known and closed.knows_adjustments and not coalesce(valued.is_loss_unpriced, false)
            then coalesce(valued.lost_value, 0)
    end as lost_value,
    case
        when closed.knows_given_out and not coalesce(valued.is_given_out_unpriced, false)
            then coalesce(valued.given_out_value, 0)
    end as given_out_value,
    case
        when closed.knows_given_out and not coalesce(valued.is_given_out_unpriced, false)
            then coalesce(valued.used_value, 0)
    end as used_value,
    case when coalesce(item.is_active, true) then pair.stock_status end as stock_status,
    coalesce(costs.is_price_missing, false) as is_price_missing,
    not pair.is_disabled and coalesce(item.is_active, true) as is_in_use
from closed
join replica.item as item on item.id = closed.item_id
left join adjusted
    on adjusted.store_id = closed.store_id and adjusted.item_id = closed.item_id and adjusted.month = closed.month
left join valued
    on valued.store_id = closed.store_id and valued.item_id = closed.item_id and valued.month = closed.month
left join reports.unit_cost as costs on costs.store_id = closed.store_id and costs.item_id = closed.item_id
join reports.pair_month as pair
    on pair.store_id = closed.store_id and pair.item_id = closed.item_id and pair.month = closed.month
order by closed.store_code, item.code, item.id, closed.month
