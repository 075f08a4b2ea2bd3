"""How the network does against last month: rates, each with its count, what that is of, and the list behind it."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from dashboard import filters
from dashboard.pages.shelves import of_stores, shelves
from dashboard.pages.trends.months_out import months_out
from dashboard.view import View
from warehouse.connection import quote

_Share = Decimal | float | None


def rates(view: View) -> dict[str, Any]:
    """This month's first day (``this``), last month's (``last``), and the rates of each subject.

    Shares are in percent, None where nothing is known that they would be of (W4).
    """
    this = view.reading.about["as_of_date"].replace(day=1)
    last = _month_before(this)
    return {
        "this": this,
        "last": last,
        "out": _out(view, this, last),
        "silent": _silent(view, this, last),
        "expired": _expired(view, this, last),
        "risk": _at_risk(view),
    }


def change(now: _Share, before: _Share) -> float | None:
    """By how many points a share is more than it was, as both are shown: to one decimal. None without either."""
    return None if now is None or before is None else round(round(float(now), 1) - round(float(before), 1), 1)


def _out(view: View, this: date, last: date) -> dict[str, Any]:
    """Pairs of store and item that had it: how many are without it now, and for what share of the days."""
    asked = view.where("stock_out")
    now = view.reading.one(
        "select count(*) filter (is_out_now) as number, "
        "count(*) filter (is_out_now or (not is_out_now and usable_units > 0)) as known, "
        "count(*) filter (is_out_now is null) as unknown, percent(number, known) as share "
        f"from reports.stock_out where {asked.sql}",
        asked.values,
    )
    by_month = {month["month"]: month for month in months_out(view.reading, view.chosen)}
    days = [by_month[month]["days"] if month in by_month else None for month in (this, last)]
    return {**now, "this": days[0], "last": days[1], "change": change(*days), "month": by_month.get(last)}


def _silent(view: View, this: date, last: date) -> dict[str, Any]:
    """Stores in reports whose site is silent; and of the sites visited up to then, those heard in each month."""
    view = of_stores(view)
    asked = view.where("stores")
    now = view.reading.one(
        "select count(*) filter (is_silent) as number, count(*) as known, percent(number, known) as share, "
        "count(distinct site_code) filter (is_silent) as sites "
        f"from reports.stores where is_reporting and {asked.sql}",
        asked.values,
    )
    heard = {"this": _heard(view, this, None), "last": _heard(view, last, this)}
    return {**now, **heard, "change": change(heard["this"]["share"], heard["last"]["share"])}


def _heard(view: View, month: date, after: date | None) -> dict[str, Any]:
    """Of the sites visited before the month's end: how many were heard in it."""
    reading, asked = view.reading, view.where("site_visits")
    begin = _moment(month, reading.zone)
    end = _moment(after, reading.zone) if after else reading.as_of_at
    return reading.one(
        "select count(distinct site_code) filter (outcome = 'ok' and started_at >= ?) as number, "
        "count(distinct site_code) as known, percent(number, known) as share "
        "from reports.site_visits where started_at < ? and site_code in "
        f"(select site_code from reports.sync_status where status <> 'disabled') and {asked.sql}",
        [begin, end, *asked.values],
    )


def _expired(view: View, this: date, last: date) -> dict[str, Any]:
    """Value of what has expired and still lies there, of all on the shelves; and of it, what did in each month."""
    found, lying = view.where("expiring_stock", band="expired"), shelves(view)
    return view.reading.one(
        "select lying.*, percent(lying.value, shelves.value) as share from "
        f"(select sum(soh_value) as value from ({lying.sql})) as shelves, "
        "(select count(*) as number, count(*) filter (value_amount is null) as unpriced, "
        "coalesce(sum(value_amount), 0) as value, "
        "coalesce(sum(value_amount) filter (expiry_date >= ?), 0) as this, "
        "coalesce(sum(value_amount) filter (expiry_date >= ? and expiry_date < ?), 0) as last "
        f"from reports.{quote(found.report)} where {found.sql}) as lying",
        [*lying.values, this, last, this, *found.values],
    )


def _at_risk(view: View) -> dict[str, Any]:
    """Value of what will expire within twelve months before it was used, of what is usable; and of what may (W4)."""
    found, lying = view.where("expiring_stock"), shelves(view)
    near = filters.where(view.reading, "expiring_stock", {"within": "3"})
    return view.reading.one(
        "select lying.*, case when lying.known > 0 or lying.unknown = 0 then percent(lying.value, shelves.value) end "
        f"as share from (select sum(usable_value) as value from ({lying.sql})) as shelves, "
        "(select count(*) filter (at_risk_units > 0) as number, coalesce(sum(at_risk_value), 0) as value, "
        "count(*) filter (at_risk_units > 0 and value_amount is null) as unpriced, "
        "count(*) filter (at_risk_units is not null) as known, count(*) filter (at_risk_units is null) as unknown, "
        "coalesce(sum(value_amount) filter (at_risk_units is null), 0) as unknown_value, "
        f"coalesce(sum(at_risk_value) filter ({near.sql}), 0) as soon "
        f"from reports.{quote(found.report)} where {found.sql} and band <> 'expired') as lying",
        [*lying.values, *near.values, *found.values],
    )


def _month_before(month: date) -> date:
    return date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1)


def _moment(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)
