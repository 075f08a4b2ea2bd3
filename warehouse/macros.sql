-- Every indicator has its one definition here; views and pages call these.

-- Is a batch expired on a day? The expiry day itself counts as expired; no date never expires.
create or replace macro is_expired(expiry_date, as_of) as coalesce(expiry_date <= as_of, false);

-- The moment that reports speak of: now, or what the variable of this name says.
create or replace macro as_of_at() as coalesce(cast(getvariable('as_of_at') as timestamptz), current_timestamp);

-- The day it then is where the network is.
create or replace macro today() as (
    select cast(timezone(time_zone, as_of_at()) as date) from ledger.network
);

-- A product of two quantities or prices, to six decimals. Both are widened first: a product of two DECIMAL(18, 6) is
-- one of 18 digits, which a million packs overflow.
create or replace macro exactly(one, other) as cast(cast(one as decimal(38, 6)) * cast(other as decimal(38, 6)) as decimal(38, 6));

-- Units from packs: quantities in reports are units, whatever the pack size.
create or replace macro units(packs, pack_size) as exactly(packs, pack_size);

-- Value of packs at cost: the price is per pack, so the pack size does not enter.
create or replace macro value_at_cost(packs, cost_price_per_pack) as exactly(packs, coalesce(cost_price_per_pack, 0));

-- How long ago a moment was, in whole days.
create or replace macro days_since(moment, as_of) as cast(floor(epoch(as_of - moment) / 86400) as bigint);

-- Is stock usable? Neither expired nor on hold.
create or replace macro is_usable(is_expired, is_on_hold) as not is_expired and not is_on_hold;

-- Was the site pulled lately enough for its figures to count as today's?
create or replace macro is_current(data_as_of_at, late_after) as coalesce(data_as_of_at >= as_of_at() - late_after, false);

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

-- Has a transfer left one store and not reached the other: goods that are in no store's stock? Not one that did not begin
-- because it is old (X6), nor one whose other half is elsewhere: that may have been received long ago.
create or replace macro is_in_transit(kind, state, waits) as
    is_under_way(state)
    and kind in ('stock_transfer', 'stock_return', 'internal_order_goods')
    and coalesce(waits not in ('too_old_to_begin', 'half_missing'), true);
