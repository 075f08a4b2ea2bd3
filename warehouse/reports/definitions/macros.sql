-- Every indicator has its one definition here; views and pages call these.

-- Is a batch expired on a day? The expiry day itself counts as expired; no date never expires.
create or replace macro is_expired(expiry_date, as_of) as coalesce(expiry_date <= as_of, false);

-- The moment that reports speak of: now, or what the variable of this name says.
create or replace macro as_of_at() as coalesce(cast(getvariable('as_of_at') as timestamptz), current_timestamp);

-- Where the network is: days and months are counted there.
create or replace macro time_zone() as (select time_zone from ledger.network);

-- The day of a moment where the network is.
create or replace macro local_date(moment) as cast(timezone(time_zone(), moment) as date);

-- The day that reports speak of.
create or replace macro today() as local_date(as_of_at());

-- A product of two quantities or prices, to six decimals. Both are widened first: a product of two DECIMAL(18, 6) is
-- one of 18 digits, which a million packs overflow.
create or replace macro exactly(one, other) as
    cast(cast(one as decimal(38, 6)) * cast(other as decimal(38, 6)) as decimal(38, 6));

-- Units from packs: quantities in reports are units, whatever the pack size. NULL where the pack size is missing; no
-- packs are no units whatever it is.
create or replace macro units(packs, pack_size) as
    case when packs = 0 then 0 when pack_size > 0 then exactly(packs, pack_size) end;

-- Value of packs: the price is per pack, so the pack size does not enter. NULL where the price is missing; nothing is
-- worth nothing whatever the price.
create or replace macro value_at_cost(packs, price_per_pack) as
    case when packs = 0 then 0 when price_per_pack > 0 then exactly(packs, price_per_pack) end;

-- A part in percent of a whole; NULL where there is nothing to be a part of.
create or replace macro percent(part, whole) as
    case when whole > 0 then 100 * cast(part as double) / cast(whole as double) end;

-- A quantity as people write it, without zeros at its end.
create or replace macro plainly(quantity) as
    rtrim(rtrim(cast(cast(quantity as decimal(38, 6)) as varchar), '0'), '.');

-- Units as far as they are known: nothing is not known to be nothing where there may be more.
create or replace macro as_far_as_known(units, may_be_more) as
    case when units <> 0 or not coalesce(may_be_more, false) then units end;

-- What can be taken from a line: a negative one has nothing on it, though the books count it.
create or replace macro not_negative(units) as case when units < 0 then 0 else units end;

-- So many units, but no more than a limit; NULL where either is: `least` would pass over it.
create or replace macro at_most(units, limit_units) as
    case when units > limit_units then limit_units when units <= limit_units then units end;

-- Is a moment in the future? A clock was wrong when it was written down; an hour is nothing.
create or replace macro is_ahead(moment, as_of) as coalesce(moment > as_of + interval 1 hour, false);

-- How long ago a moment was, in whole days.
create or replace macro days_since(moment, as_of) as
    case
        when is_ahead(moment, as_of) then null
        when moment > as_of then 0
        else cast(floor(epoch(as_of - moment) / 86400) as bigint)
    end;

-- So many hours as people say it: in days from two days on, in years from two years on.
create or replace macro how_long(hours) as case
    when hours = 1 then '1 hour'
    when hours < 48 then concat(hours, ' hours')
    when hours < 730 * 24 then concat(hours // 24, ' days')
    else concat(hours // 8766, ' years')
end;

-- Did something end before it began, by more than an hour? Then the two were written by clocks that differ.
create or replace macro ends_before(began_at, ended_at) as is_ahead(began_at, ended_at);

-- Is stock usable? Neither expired nor on hold.
create or replace macro is_usable(is_expired, is_on_hold) as not is_expired and not is_on_hold;

-- Was the site pulled lately enough for its figures to count as today's?
create or replace macro is_current(data_as_of_at, late_after) as
    coalesce(data_as_of_at >= as_of_at() - late_after, false);

-- Has nothing been heard for longer than overdue_after (a calendar month if nothing else is set)? Never counts as
-- silent.
create or replace macro is_silent(moment, overdue_after) as coalesce(moment < as_of_at() - overdue_after, true);

-- Days in a month, on average.
create or replace macro days_per_month() as 30.4375;

-- By how much consumption is raised for the days out of stock: at most `cap` times; NULL when there was stock on no
-- day.
create or replace macro stock_out_factor(months, days_out, cap) as case
    when days_out < months * days_per_month() then
        least(cap, months * days_per_month() / (months * days_per_month() - days_out))
end;

-- Average monthly consumption: units consumed in so many months. With days_out, the days out of stock among them: what
-- it would have been with stock on all days, at most `cap` times as much (4 if not given).
create or replace macro amc
    (consumed, months) as cast(cast(consumed as double) / months as decimal(38, 6)),
    (consumed, months, days_out) as
        cast(cast(consumed as double) / months * stock_out_factor(months, days_out, 4) as decimal(38, 6)),
    (consumed, months, days_out, cap) as
        cast(cast(consumed as double) / months * stock_out_factor(months, days_out, cap) as decimal(38, 6));

-- Half a millionth: by so much a figure with six decimals may be above or below what it was worked out to be.
create or replace macro half_a_millionth() as cast(0.0000005 as double);

-- Months of stock: how long usable stock lasts at this consumption, rounded down to two decimals, so that it is not
-- below a limit that the stock reaches, nor reaches one that it is below; NULL without consumption.
create or replace macro mos(usable, amc) as
    case when amc > 0 then floor(100 * (cast(usable as double) / (amc - half_a_millionth()))) / 100 end;

-- Is there less than for so many months? What lasts for just so long is not less.
create or replace macro lasts_less_than(usable, amc, months) as
    cast(usable as double) < cast(months as double) * (amc - half_a_millionth());

-- Is there more than for so many months?
create or replace macro lasts_more_than(usable, amc, months) as
    cast(usable as double) > cast(months as double) * (amc + half_a_millionth());

-- What so many months of this demand come to, less what rounding may have added to it, so that nothing is ordered for a
-- millionth.
create or replace macro needed_for(demand, months) as
    cast(months as double) * not_negative(cast(demand as double) - half_a_millionth());

-- What so many months of this demand come to, to four decimals, so that what rounding added to a demand is in no
-- figure.
create or replace macro in_months(demand, months) as
    cast(round(cast(demand as double) * months, 4) as decimal(38, 6));

-- Units rounded up to whole packs; to whole units where no pack size is known.
create or replace macro in_whole_packs(units, pack_size) as
    case
        when pack_size > 0 then exactly(ceil(cast(units as double) / pack_size), pack_size)
        else cast(ceil(cast(units as double)) as decimal(38, 6))
    end;

-- The day on which so much will be used up, seen from a day; NULL where there is nothing, nothing is needed, or it is
-- after more than ten years.
create or replace macro run_out(from_date, units, demand) as
    case
        when units > 0 and demand > 0 and cast(units as double) / demand < 120 then
            from_date + cast(floor(cast(units as double) / demand * days_per_month() + half_a_millionth()) as integer)
    end;

-- The band of a store's stock of an item, by what it is, not by months of stock as they are shown. min and max are in
-- months of stock and belong to `adequate`. A closed store, or an item no longer used, is in no rate.
create or replace macro stock_status(is_in_use, is_silent, is_stocked, usable, amc, min_months, max_months) as case
    when not is_in_use then 'not_in_use'
    when is_silent then 'unknown'
    when not is_stocked then 'never_stocked'
    when usable is null then 'unknown'
    when usable <= 0 then 'stocked_out'
    when amc is null then 'unknown'
    when amc <= 0 then 'no_consumption'
    when lasts_less_than(usable, amc, min_months) then 'below_min'
    when lasts_more_than(usable, amc, max_months) then 'overstocked'
    else 'adequate'
end;

-- When a batch expires, seen from a day: bands that do not overlap; NULL after more than twelve months, or never.
create or replace macro expiry_band(expiry_date, as_of) as case
    when is_expired(expiry_date, as_of) then 'expired'
    when expiry_date <= as_of + interval 1 month then '0-1 months'
    when expiry_date <= as_of + interval 3 months then '1-3 months'
    when expiry_date <= as_of + interval 6 months then '3-6 months'
    when expiry_date <= as_of + interval 12 months then '6-12 months'
end;

-- The first month that reports by month have: twenty years ago. Clocks of sites are wrong at times, and months of
-- 1970 help nobody.
create or replace macro first_month() as cast(date_trunc('month', today()) - interval 20 years as date);

-- How many of the days from .. to (both included) are in the days since .. until (both included).
create or replace macro days_within(from_date, to_date, since, until) as
    greatest(0, date_diff('day', greatest(from_date, since), least(to_date, until)) + 1);

-- The last day of the month of a day.
create or replace macro month_end(day) as cast(date_trunc('month', day) + interval 1 month - interval 1 day as date);

-- A document's number; NULL while its site has not given it one.
create or replace macro given_number(number) as case when number >= 0 then number end;

-- What one store pays the other for a pack: of a return what the goods cost, else what is asked for them.
create or replace macro price_between(kind, cost_price_per_pack, sell_price_per_pack) as
    case when kind = 'stock_return' then cost_price_per_pack else sell_price_per_pack end;

-- An amount in the home currency: at the rate of its currency, NULL where that has none.
create or replace macro in_home_currency(amount, currency_id, is_home_currency, rate) as case
    when currency_id is null or is_home_currency then cast(amount as decimal(38, 6))
    when rate > 0 then exactly(amount, rate)
end;

-- Of a total that answers several lines for one item, what one of them gets: those before it come first, and the last
-- one gets what is more than was asked.
create or replace macro part_of(total, before_units, asked, is_last) as
    case
        when is_last then not_negative(total - before_units)
        else at_most(not_negative(total - before_units), asked)
    end;

-- Where a transfer stands. is_finalised: what responds to it was received, or whatever finishes it. History was
-- finished before its other party was a store, and began nothing.
create or replace macro transfer_state(
    is_finalised, is_deleted, is_responding_deleted, responding_id, is_responding_here, number, waits
) as case
    when is_finalised then 'done'
    when is_responding_deleted then 'dropped'
    when is_deleted then 'unlinked'
    when responding_id is null and waits = 'party_was_no_store' then 'history'
    when responding_id is null then 'waiting'
    when not is_responding_here or number < 0 then 'sent'
    else 'arrived'
end;

-- Is there still something to come of a transfer in this state?
create or replace macro is_under_way(state) as state in ('waiting', 'sent', 'arrived');

-- Has a transfer left one store and not reached the other: goods that are in no store's stock? Not one that did not
-- begin because it is old (X6), nor one whose other half is elsewhere: that may have been received long ago.
create or replace macro is_in_transit(kind, state, waits) as
    is_under_way(state)
    and kind in ('stock_transfer', 'stock_return', 'internal_order_goods')
    and coalesce(waits not in ('too_old_to_begin', 'half_missing'), true);
