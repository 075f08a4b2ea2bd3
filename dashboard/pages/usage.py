"""How much was used in each month: of all items by the system, of one item by store, of one store by item."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from math import ceil
from typing import Any

from dashboard.conditions import SORTS_OF_STORES, BadFilter
from dashboard.filters import Where, where
from dashboard.languages.text import no_such, translated
from dashboard.reader import Reading
from dashboard.view import NotThere, View

MEASURES = ("usage", "dispensed", "issued", "returned")
SPANS = ("13", "7", "25")
_ROWS = 100
_SHADES = 5


def subject(reading: Reading, chosen: Mapping[str, str]) -> Mapping[str, str]:
    """What the page is of where nothing is asked: of who sees some stores the first, as use by the system is not
    theirs."""
    if not reading.is_part or chosen.keys() & {"item", "store"}:
        return {}
    return dict(zip(["store"], sorted(reading.codes["store"]), strict=False))


def usage(view: View) -> dict[str, Any]:
    """A row for each item or store, a column for each month; shades go by the row's highest month."""
    measure, span = view.one_of("measure", MEASURES), int(view.one_of("months", SPANS))
    chosen = _chosen(view)
    if view.reading.is_part and not chosen.keys() & {"item", "store"}:
        raise NotThere(translated("there is no store of yours yet"))
    scope = "item" if "item" in chosen else "store" if "store" in chosen else "system"
    report = "system_usage_monthly" if scope == "system" else "item_usage_monthly"
    found = where(view.reading, report, chosen)
    months = _months(view, span)
    key = "store" if scope == "item" else "item"
    rows, number, pages, total = _rows(view, found, key, measure, months)
    return {
        "scope": scope,
        "measure": measure,
        "span": str(span),
        "report": report,
        "report_chosen": chosen,
        "months": months,
        "example": date(2026, 10, 17),
        "current": months[-1],
        "rows": rows,
        "number": number,
        "pages": pages,
        "total": total,
        "key": key,
        "name": _name(view, scope, chosen),
        "system": _system(view, chosen["item"], measure, months)
        if scope == "item" and view.reading.holds("system_usage_monthly")
        else None,
    }


def _chosen(view: View) -> dict[str, str]:
    """The filters. Raises BadFilter where figures would be added up that do not add up."""
    view.unordered()
    if len(view.values("item")) > 1 or len(view.values("store")) > 1:
        raise BadFilter(
            translated("usage is of one item or one store at a time: what stores issue to each other counts once")
        )
    if "item" not in view.chosen and view.chosen.keys() & {*SORTS_OF_STORES, "store_name"}:
        raise BadFilter(
            translated(
                "usage of several stores is no sum, as what they issue to each other counts once: choose an item, and "
                "there is a row for each store"
            )
        )
    return {name: value for name, value in view.chosen.items() if name not in ("measure", "months")}


def _months(view: View, span: int) -> list[date]:
    first: date = view.reading.about["as_of_date"].replace(day=1)
    found = []
    for back in range(span - 1, -1, -1):
        year, month = divmod(first.year * 12 + first.month - 1 - back, 12)
        found.append(date(year, month + 1, 1))
    return found


def _rows(
    view: View, found: Where, key: str, measure: str, months: list[date]
) -> tuple[list[dict[str, Any]], int, int, int]:
    source = f"from reports.{found.report} where {found.sql}"
    [(total,)] = view.reading.tuples(
        f"select count(*) from (select distinct {key}_code, {key}_name {source})", list(found.values)
    )
    number, pages = view.number_of_pages(total, _ROWS)
    cells = _cells(view, found, key, measure, months[0], number)
    rows: dict[tuple[str | None, str | None], dict[str, Any]] = {}
    for cell in cells:
        row = rows.setdefault((cell["code"], cell["name"]), {"code": cell["code"], "name": cell["name"], "cells": {}})
        row["cells"][cell["month"]] = cell
        cell["until"] = _until(view, cell["until"]) if cell["is_partly"] else None
    for row in rows.values():
        _shade(row["cells"])
    return list(rows.values()), number, pages, total


def _cells(view: View, found: Where, key: str, measure: str, since: date, number: int) -> list[dict[str, Any]]:
    """The months of the rows on page ``number``, a row each."""
    of_store = found.report == "item_usage_monthly"
    known = "is_known" if of_store else "stores_known > 0"
    partly, until = (
        ("not is_complete_month or is_incomplete", "data_as_of_at")
        if of_store
        else ("stores_known < stores_total", "cast(null as timestamptz)")
    )
    return view.reading.rows(
        f"with asked as (select * from reports.{found.report} where {found.sql}), "
        f"named as (from (select distinct {key}_code as code, {key}_name as name from asked) "
        f"order by lower(name), code limit {_ROWS:d} offset {(number - 1) * _ROWS:d}) "
        f"select code, name, month, case when bool_and({known}) then sum({measure}_units) end as units, "
        f"bool_and({known}) as is_known, bool_or({partly}) as is_partly, min({until}) as until "
        f"from named join asked on asked.{key}_code is not distinct from named.code "
        f"and asked.{key}_name is not distinct from named.name where month >= ? "
        "group by code, name, month order by lower(name), code, month",
        [*found.values, since],
    )


def _until(view: View, data_as_of_at: datetime | None) -> date | None:
    """The day that a month is known to, where that is before the day of the snapshot: its site gave nothing since."""
    if data_as_of_at is None:
        return None
    known: date = data_as_of_at.astimezone(view.reading.zone).date()
    return known if known < view.reading.about["as_of_date"] else None


def _shade(cells: dict[date, dict[str, Any]]) -> None:
    """Adds ``shade``, 0 to 5, by the highest month."""
    highest = max((float(cell["units"] or 0) for cell in cells.values()), default=0.0)
    for cell in cells.values():
        size = float(cell["units"] or 0)
        cell["shade"] = min(_SHADES, ceil(_SHADES * size / highest)) if size > 0 else 0


def _system(view: View, item: str, measure: str, months: list[date]) -> dict[date, dict[str, Any]]:
    found = view.reading.rows(
        f"select month, sum({measure}_units) as units, min(stores_known) as stores_known, "
        "bool_and(stores_known = stores_total) as is_whole from reports.system_usage_monthly "
        "where item_code = ? and month >= ? group by month",
        [item, months[0]],
    )
    return {row["month"]: row for row in found}


def _name(view: View, scope: str, chosen: dict[str, str]) -> str | None:
    if scope == "system":
        return None
    found = view.reading.rows(
        f"select {scope}_name as name from reports.{scope}s where {scope}_code = ?", [chosen[scope]]
    )
    if not found:
        raise NotThere(no_such(scope, chosen[scope]))
    return str(found[0]["name"] or chosen[scope])
