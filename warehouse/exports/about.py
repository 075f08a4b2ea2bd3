"""What a report says about itself wherever it is shown or exported: what it is, as of when, and how complete (W4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from warehouse.connection import Connection, query
from warehouse.exports.report_words import words_of
from warehouse.exports.shortfalls import lacking_words
from warehouse.exports.words import About


def about_report(con: Connection, name: str, filters: Mapping[str, str]) -> About:
    """The words of a report of the working warehouse or of a snapshot. Raises KeyError for a name that is no
    report's."""
    said = words_of(con, name)
    [complete] = query(con, "select * from reports.completeness").to_dicts()
    shown = query(con, "select number, time_zone from reports.snapshot").to_dicts()  # no row before the first cycle
    zone = ZoneInfo(shown[0]["time_zone"] if shown else "UTC")
    as_of_at: datetime = complete["as_of_at"].astimezone(zone)
    number = shown[0]["number"] if shown else None
    told = completeness_words(complete, as_of_at, lacking_words(con, name))
    return About(name, said.comment, as_of_at, number, filters, told, said.columns)


def completeness_words(complete: Mapping[str, Any], as_of_at: datetime, lacking: str) -> str:
    """A row of `reports.completeness` as a sentence: which stores, as of when, what is ``lacking``, who is silent
    (W4)."""
    sentence = (
        f"as of {as_of_at:%Y-%m-%d %H:%M} {as_of_at.tzinfo}, "
        f"{complete['stores_current']} of {complete['stores_total']} stores current"
    )
    if others := complete["stores_not_reporting"]:
        sentence += f"; {others} other store{' does' if others == 1 else 's do'} not report"
    for word in ("silent", "late"):
        if complete[f"{word}_sites"]:
            sentence += f"; {word}: {complete[f'{word}_sites']}"
    return f"{sentence}; {lacking}" if lacking else sentence
