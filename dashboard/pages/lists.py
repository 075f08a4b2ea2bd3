"""Pages that are one filtered report each."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from dashboard import filters, formats
from dashboard.conditions import ITEMS, STORES
from dashboard.languages.text import translated
from dashboard.pages import documents
from dashboard.pages.trends.months_out import months_out
from dashboard.plots import Bar, plot
from dashboard.view import View

_BAND_CLASS = {"expired": "expired", "0-1 months": "e1", "1-3 months": "e3", "3-6 months": "e6", "6-12 months": "e12"}


def batches(view: View) -> dict[str, Any]:
    """What lies where, batch by batch; of a batch asked for also who was sent it."""
    asked = view.where("stock_by_batch")
    return {"found": view.paged(asked), "of_batches": _of_batches(view, asked), "recall": documents.recall(view)}


def _of_batches(view: View, asked: filters.Where) -> int:
    """Of how many batches the stock lines are; nothing of those without a number."""
    sql = (
        "select count(*) as number from (select distinct item_code, batch "
        f"from reports.{asked.report} where batch is not null and {asked.sql})"
    )
    return int(view.reading.one(sql, asked.values)["number"])


def stock_list(view: View) -> dict[str, Any]:
    """Pairs of store and item, one a row."""
    return {"found": view.paged(view.where("stock_on_hand"))}


def stock_months(view: View) -> dict[str, Any]:
    """The ledger of each store by item and month."""
    return {"found": view.paged(view.where("stock_monthly"))}


def stock_card(view: View) -> dict[str, Any]:
    """What came and went, batch by batch."""
    return {"found": view.paged(view.where("stock_card"))}


def stockouts(view: View) -> dict[str, Any]:
    """What is out of stock, since when, and how often lately; and how much of the time, month by month."""
    found = view.paged(view.where("stock_out"))
    for row in found.rows:
        row["now"] = _now(row["is_out_now"], row["usable_units"])
    chosen = {name: value for name, value in view.chosen.items() if name not in ("out", "page")}
    of_items = chosen if STORES.keys().isdisjoint(chosen) else None
    rates = months_out(view.reading, chosen)[::-1]
    return {"found": found, "rates": rates, "chart": _rates_chart(rates), "rates_chosen": of_items}


def _rates_chart(rates: list[dict[str, Any]]) -> Markup | None:
    """The share of days by month; the last month is not over."""
    columns = [
        Bar(formats.month(rate["month"]), rate["days"], "expired", _of_days(rate["days_known"])) for rate in rates
    ]
    if columns:
        columns[-1] = replace(columns[-1], name="todate")
    return (
        plot(columns, translated("Share of days out of stock in each month"), translated("%% of days"))
        if columns
        else None
    )


def _of_days(known: int | None) -> str:
    return translated("of %(days)s days", days=formats.figure(known, 0))


def _now(is_out: bool | None, usable: Decimal | None) -> str:
    """Which band a row of `stock_out` is in, as far as it says; what is unknown is no stock (W4)."""
    if is_out is None:
        return "unknown"
    if is_out:
        return "stocked_out"
    return "in_stock" if usable is not None and usable > 0 else "never_stocked"


def transfers(view: View) -> dict[str, Any]:
    """What passes between stores; of goods on the way, what they are worth: the figure that stands elsewhere."""
    asked = view.where("transfers")
    sums = None
    if view.restricts("in_transit"):
        sums = view.reading.one(
            f"select sum(in_transit_value) as value from reports.transfers where {asked.sql}",
            asked.values,
        )
    return {"found": view.paged(asked), "sums": sums}


def transfer_lines(view: View) -> dict[str, Any]:
    """What was sent and what is there, item by item and batch by batch."""
    found = view.paged(view.where("transfer_lines"))
    codes = {row[f"{side}_store_code"] for row in found.rows for side in ("from", "to")}
    return {"found": found, "names": _parties(view, codes) if view.reading.is_part else _names(view, "store", codes)}


def rejected(view: View) -> dict[str, Any]:
    """Changes that central did not admit."""
    return {"found": view.paged(view.where("rejected_changes"))}


def waiting(view: View) -> dict[str, Any]:
    """Changes that wait for what they depend on."""
    return {"found": view.paged(view.where("waiting_changes"))}


def quality(view: View) -> dict[str, Any]:
    """What is wrong with the records that figures rest on; stores and items by the names that go with their codes."""
    found = view.paged(view.where("data_quality"))
    codes = {kind: {row[f"{kind}_code"] for row in found.rows} for kind in ("store", "item")}
    return {"found": found, "names": {kind: _names(view, kind, held) for kind, held in codes.items()}}


def _names(view: View, kind: str, codes: set[str | None]) -> dict[str, str]:
    """The names of stores or items by code; not of a code that several have."""
    held = sorted(code for code in codes if code is not None)
    sql = (
        f"select {kind}_code as code, any_value({kind}_name) as name from reports.{kind}s "
        f"where {kind}_code in (select unnest(?)) group by code having count(*) = 1"
    )
    return {row["code"]: row["name"] for row in view.reading.rows(sql, [held])} if held else {}


def _parties(view: View, codes: set[str | None]) -> dict[str, str]:
    """The names of stores by code, as transfers have them: also of those that are seen as the other party alone."""
    both = " union ".join(
        f"select {side}_store_code as code, {side}_store_name as name from reports.transfers" for side in ("from", "to")
    )
    sql = f"select code, any_value(name) as name from ({both}) where code in (select unnest(?)) group by code "
    found = view.reading.rows(f"{sql} having count(*) = 1", [sorted(code for code in codes if code is not None)])
    return {row["code"]: row["name"] for row in found}


def expiry(view: View) -> dict[str, Any]:
    """What has expired or will, and how much of it will not be used in time."""
    bands = _expiry_bands(view)
    chosen = {name: value for name, value in view.chosen.items() if name in STORES or name in ITEMS}
    asked = view.where("expiring_stock")
    return {
        "found": view.paged(asked),
        "of_batches": _of_batches(view, asked),
        "bands": bands,
        "is_of_all": not any(view.restricts(name) for name in _besides_bands(view)),
        "parts": [(band["class"], band["value"] or 0) for band in bands],
        "ahead_chosen": chosen,
        **_losses_to_come(view, chosen),
    }


def _besides_bands(view: View) -> dict[str, str]:
    """What is chosen, but for the bands: the choices that are told side by side."""
    return {name: value for name, value in view.chosen.items() if name not in ("band", "within")}


def _expiry_bands(view: View) -> list[dict[str, Any]]:
    """What is in each band of all else that is chosen, with the link to its batches; none among files that are of
    something chosen, as these have one filter at a time."""
    others = _besides_bands(view)
    asked = filters.where(view.reading, "expiring_stock", others)
    bands = view.reading.rows(
        "select band, count(*) as lines, sum(units) as units, sum(value_amount) as value, "
        "count(*) filter (value_amount is null) as unpriced, "
        "sum(at_risk_value) filter (band <> 'expired') as at_risk "
        f"from reports.expiring_stock where {asked.sql} group by band order by min(expiry_date)",
        list(asked.values),
    )
    sort = {"sort": view.sort} if view.sort else {}
    has_links = not (view.links.is_static and others)
    for band in bands:
        link = view.to("/expiry", **others, band=band["band"].split(" ")[0], **sort) if has_links else None
        band |= {"class": _BAND_CLASS[band["band"]], "link": link}
    return bands


def _losses_to_come(view: View, chosen: dict[str, str]) -> dict[str, Any]:
    """The value that will be lost in each of the next months as a chart, and of how much more that is unknown."""
    asked = filters.where(view.reading, "expiry_ahead_monthly", chosen)
    months = view.reading.rows(
        "select month, sum(expected_loss_value) as loss, sum(unknown_value) as unknown "
        f"from reports.expiry_ahead_monthly where {asked.sql} group by month order by month",
        list(asked.values),
    )
    columns = [Bar(formats.month(month["month"]), month["loss"], "expired") for month in months]
    chart = plot(
        columns, translated("Losses to come, by the month in which batches expire"), view.reading.about["currency"]
    )
    return {"chart": chart if columns else None, "unknown": sum(month["unknown"] for month in months)}
