-- Every indicator has its one definition here; views and pages call these.

-- Is a batch expired on a day? The expiry day itself counts as expired; no date never expires.
create or replace macro is_expired(expiry_date, as_of) as coalesce(expiry_date <= as_of, false);

-- The day it is where the network is.
create or replace macro today() as (
    select cast(timezone(time_zone, current_timestamp) as date) from ledger.network
);

-- Units from packs: quantities in reports are units, whatever the pack size.
create or replace macro units(packs, pack_size) as cast(packs * pack_size as decimal(38, 6));

-- Value of packs at cost: the price is per pack, so the pack size does not enter.
create or replace macro value_at_cost(packs, cost_price_per_pack) as cast(packs * coalesce(cost_price_per_pack, 0) as decimal(38, 6));

-- How long ago a moment was, in whole days.
create or replace macro days_since(moment, as_of) as cast(floor(epoch(as_of - moment) / 86400) as bigint);

-- Is stock usable? Neither expired nor on hold.
create or replace macro is_usable(is_expired, is_on_hold) as not is_expired and not is_on_hold;

-- Was the site pulled lately enough for its figures to count as today's?
create or replace macro is_current(data_as_of_at, late_after) as coalesce(data_as_of_at >= current_timestamp - late_after, false);

-- A document's number; NULL while its site has not given it one.
create or replace macro given_number(number) as case when number >= 0 then number end;

-- Where a transfer stands. is_finalised: what responds to it was received, or whatever finishes it.
create or replace macro transfer_state(is_finalised, is_deleted, is_responding_deleted, responding_id, is_responding_here, number) as case
    when is_finalised then 'done'
    when is_responding_deleted then 'dropped'
    when is_deleted then 'unlinked'
    when responding_id is null then 'waiting'
    when not is_responding_here or number < 0 then 'sent'
    else 'arrived'
end;

-- Is there still something to come of a transfer in this state?
create or replace macro is_under_way(state) as state in ('waiting', 'sent', 'arrived');

-- Has a transfer left one store and not reached the other: goods that are in no store's stock?
create or replace macro is_in_transit(kind, state) as
    is_under_way(state) and kind in ('stock_transfer', 'stock_return', 'internal_order_goods');
