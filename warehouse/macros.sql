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
