"""From an address to what it shows, without a server: the same for pages that are served and pages that are files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from dashboard import charts, formats
from dashboard.ages import age
from dashboard.conditions import BadFilter
from dashboard.downloads.download import Download, download, is_report
from dashboard.downloads.pack import PackDownload, pack
from dashboard.filters import where
from dashboard.guests.guest import Guest, refuse_blind, refuse_unseen, refuse_unseen_report
from dashboard.languages.choice import ways
from dashboard.languages.language import spoken
from dashboard.languages.text import plain, plain_counted, plain_of_kind, translated
from dashboard.languages.words import labels_of_states, report_in_words, tables_in_words
from dashboard.links import Links, joined
from dashboard.pages import (
    dictionary,
    documents,
    lists,
    matrix,
    orders,
    overview,
    pair,
    questions,
    runbooks,
    stock,
    sync,
    usage,
    value,
)
from dashboard.pages.trends import comparison, heard_sites, history, losses, stocktakes
from dashboard.reader import Reading
from dashboard.view import NotThere, View
from sync_rules.for_people.runbooks import ALARMS, COLUMNS, MOVING, STATUSES, page_of, pages_about
from sync_rules.topology.alerts import Alarm
from warehouse.exports.groups import NONE_SAID
from warehouse.exports.write import FORMATS

FOLDER = Path(__file__).parent
PACK = "month-"  # what the name of a pack begins with; the month follows

PAGES: Mapping[str, tuple[str, Callable[[View], dict[str, Any]]]] = {
    "/": ("overview.html", overview.overview),
    "/compare": ("comparison.html", comparison.compare),
    "/history": ("history.html", history.history),
    "/sync": ("sync.html", sync.sync),
    "/reporting": ("reporting.html", heard_sites.reporting),
    "/stock": ("matrix.html", matrix.matrix),
    "/stock/list": ("stock_list.html", lists.stock_list),
    "/stock/months": ("stock_months.html", lists.stock_months),
    "/stock/card": ("stock_card.html", lists.stock_card),
    "/batches": ("batches.html", lists.batches),
    "/value": ("value.html", value.value),
    "/stocktakes": ("stocktakes.html", stocktakes.stocktakes),
    "/losses": ("losses.html", losses.losses),
    "/usage": ("usage.html", usage.usage),
    "/expiry": ("expiry.html", lists.expiry),
    "/stockouts": ("stockouts.html", lists.stockouts),
    "/bands": ("bands.html", orders.bands),
    "/reorder": ("reorder.html", orders.reorder),
    "/reorder/between": ("between_stores.html", orders.between_stores),
    "/orders": ("orders.html", orders.orders),
    "/orders/fill": ("order_fill.html", orders.fill),
    "/orders/lead": ("lead_times.html", orders.lead),
    "/transfers": ("transfers.html", lists.transfers),
    "/transfers/lines": ("transfer_lines.html", lists.transfer_lines),
    "/rejected": ("rejected.html", lists.rejected),
    "/waiting": ("waiting.html", lists.waiting),
    "/quality": ("quality.html", lists.quality),
    "/dictionary": ("dictionary.html", dictionary.dictionary),
    "/saved": ("saved.html", questions.questions),
}
"""The template of each page, and what fills it."""

DEFAULTS: Mapping[str, Mapping[str, str]] = {
    "/stockouts": {"out": "now"},
    "/bands": {"tracer": "yes"},
    "/reorder": {"order": "yes"},
    "/orders": {"due": "yes"},
    "/orders/fill": {"kind": "requisition"},
}
"""What a page chooses where nothing is asked: its subject."""

QUESTIONS: Mapping[str, tuple[str, Callable[[View], dict[str, Any]]]] = {"/stock/pair": ("pair.html", pair.pair)}
"""Pages that are nothing without parameters: only links lead there."""

RECORDS: Mapping[str, tuple[str, Callable[[View, str], dict[str, Any]]]] = {
    "/sync/": ("site.html", sync.site),
    "/stock/item/": ("item.html", stock.item),
    "/stock/store/": ("store.html", stock.store),
    "/transfers/of/": ("transfer.html", documents.transfer),
    "/rejected/": ("rejected_change.html", documents.rejected_change),
    "/saved/": ("question.html", questions.question),
    "/runbook/": ("runbook.html", runbooks.runbook),
}
"""Pages of one record each: a code follows; of a runbook its name."""


@dataclass(frozen=True)
class Reply:
    """What goes out."""

    body: bytes
    media_type: str


@cache
def templates() -> jinja2.Environment:
    """The templates: everything is escaped, and a name that is not there is an error."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        auto_reload=False,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    ways_to_show = ("figure", "percent", "money", "months", "day", "month", "days", "seconds")
    made.filters |= {name: getattr(formats, name) for name in ways_to_show}
    made.filters |= {"day_month": formats.day_of_month, "tables": tables_in_words, "report": report_in_words}
    made.add_extension("jinja2.ext.i18n")
    made.install_gettext_callables(plain, plain_counted, newstyle=True, pgettext=plain_of_kind)  # type: ignore[attr-defined]
    made.globals |= {"counted": formats.counted, "language": lambda: spoken().code, "languages": ways}
    made.globals["part"] = lambda name: _part(name, spoken().code)
    made.globals |= {"draw": charts, "nothing": formats.NONE, "page_of": page_of, "labels_of_states": labels_of_states}
    made.globals["none_said"] = NONE_SAID
    made.globals |= {"page_of_status": STATUSES.get, "page_of_column": COLUMNS.get, "pages_about": pages_about}
    made.globals |= {"page_of_moves": MOVING, "page_of_unapplied": ALARMS[Alarm.UNAPPLIED]}
    for name in made.list_templates(extensions=["html"]):
        made.get_template(name)  # compiled once, before anybody waits for a page
    return made


@cache
def _part(name: str, language: str) -> Any:  # noqa: ARG001 - the language is that of who asks
    """What several pages take from a template of macros and words: in each language made once, not with each page."""
    return templates().get_template(name).make_module()


def answer(
    reading: Reading,
    links: Links,
    path: str,
    asked: Mapping[str, str],
    now: datetime | None = None,
    guest: Guest | None = None,
) -> Reply:
    """What is at an address: a page. ``asked`` are its parameters, empty ones left out; ``guest`` who is signed in.

    Without ``now`` the page does not say how old it is: a file is read whenever it is.
    Raises NotThere for an address that is none, BadFilter for parameters it does not know, NotAllowed.
    """
    path, asked = joined(path, asked)
    page, chosen = _page_number(asked)
    sort = chosen.pop("sort", None)
    defaults = DEFAULTS.get(path, {})
    subject = usage.subject(reading, chosen) if path == "/usage" else {}
    view = View(reading, links, path, {**defaults, **subject, **chosen}, page, defaults, sort, guest)
    name, content = _content(view)
    return Reply(_page(view, name, content, now).encode(), "text/html; charset=utf-8")


def export(reading: Reading, name: str, asked: Mapping[str, str], *, may_zip: bool = False) -> Download | PackDownload:
    """The report as a file that a name such as ``amc.csv`` means, filtered and ordered as asked; of
    ``month-2026-10.xlsx`` the pack of a month. Raises NotThere, BadFilter, NotAllowed."""
    refuse_blind(reading)
    if name.startswith(PACK) and name.endswith(".xlsx"):
        return pack(reading, name.removeprefix(PACK).removesuffix(".xlsx"), _page_number(asked)[1])
    report, _, file_format = name.rpartition(".")
    if file_format not in FORMATS or not is_report(report, reading):
        raise NotThere(
            translated(
                "there is no export `%(name)s`; there is every report as %(formats)s",
                name=name,
                formats=", ".join(FORMATS),
            )
        )
    refuse_unseen_report(report, reading)
    chosen = _page_number(asked)[1]
    sort = chosen.pop("sort", None)
    return download(where(reading, report, chosen), reading, file_format, may_zip=may_zip, sort=sort)


def error_page(links: Links, title: str, message: str) -> bytes:
    """A page that says what is wrong, with nothing of any snapshot."""
    return bare_page("error.html", links, title=title, message=message)


def bare_page(template: str, links: Links, **content: Any) -> bytes:
    """A page with nothing of any snapshot."""
    return templates().get_template(template).render(view=None, links=links, **content).encode()


def _page_number(asked: Mapping[str, str]) -> tuple[int, dict[str, str]]:
    chosen = dict(asked)
    text = chosen.pop("page", "1")
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 7 and int(text)):
        raise BadFilter(translated("`page` is a number from 1 on, not `%(text)s`", text=text))
    return int(text), chosen


def _content(view: View) -> tuple[str, dict[str, Any]]:
    if view.path in PAGES or view.path in QUESTIONS:
        name, make = {**QUESTIONS, **PAGES}[view.path]
        refuse_unseen(view.path, view.reading)
        return name, make(view)
    for start, (name, make_one) in RECORDS.items():
        code = view.path.removeprefix(start)
        if code and code != view.path:
            refuse_unseen(view.path, view.reading)
            return name, make_one(view, code)
    raise NotThere(translated("there is no page `%(path)s`", path=view.path))


def _page(view: View, name: str, content: Mapping[str, Any], now: datetime | None) -> str:
    reading = view.reading
    named = {kind: reading.completeness[f"{kind}_sites"].split() for kind in ("silent", "late")}
    held = "stores" if reading.is_part else "sync_status"
    sites = f"select distinct site_code, site_name, data_as_of_at from reports.{held}"
    by_code = {site["site_code"]: site for site in reading.rows(sites)} if any(named.values()) else {}
    told = {kind: [by_code[code] for code in codes if code in by_code] for kind, codes in named.items()}
    return (
        templates()
        .get_template(name)
        .render(
            view=view,
            links=view.links,
            about=reading.about,
            complete=reading.completeness,
            age=age(reading.as_of_at, now) if now else None,
            **told,
            at=lambda moment: formats.moment(moment, reading.zone),
            day_of=lambda moment: formats.day(moment and moment.astimezone(reading.zone).date()),
            days_without=lambda moment: None if moment is None else max((reading.as_of_at - moment).days, 0),
            **content,
        )
    )
