"""What the cover of a pack says in the reader's language: what was chosen, and how complete that is (W4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from dashboard.formats import counted
from dashboard.languages.text import counted_text, marked, translated
from dashboard.languages.words import tables_in_words
from warehouse.exports.groups import NONE_SAID
from warehouse.exports.shortfalls import WAITING

_FILTERS = {
    "store": marked("store"),
    "region": marked("region"),
    "level": marked("level"),
    "tag": marked("tag"),
    "item": marked("item"),
    "list": marked("list"),
    "programme": marked("programme"),
    "category": marked("category"),
    "ven": marked("VEN"),
}
PACK_FILTERS = tuple(_FILTERS)
"""What a pack can be of; a report that lacks one of those chosen is left out, and the cover says so."""


def filters_in_words(chosen: Mapping[str, str]) -> str:
    """What is chosen of PACK_FILTERS."""
    return ", ".join(f"{translated(_FILTERS[name])}: {_value(value)}" for name, value in chosen.items()) or translated(
        "none"
    )


def _value(shown: str) -> str:
    return ", ".join(translated("none is said") if one == NONE_SAID else one for one in shown.split(", "))


def completeness_in_words(complete: Mapping[str, Any], as_of_at: datetime, lacking: Mapping[str, int]) -> str:
    """A row of `reports.completeness` as a sentence; ``lacking`` is at how many stores something is, by what it is."""
    said, *more = _parts(complete, as_of_at, lacking)
    for one in more:
        said = translated("%(first)s; %(then)s", first=said, then=one)
    return said


def _parts(complete: Mapping[str, Any], as_of_at: datetime, lacking: Mapping[str, int]) -> Iterator[str]:
    moment = f"{as_of_at:%Y-%m-%d %H:%M} {as_of_at.tzinfo}"
    yield translated(
        "as of %(moment)s, %(current)s of %(total)s stores current",
        moment=moment,
        current=complete["stores_current"],
        total=complete["stores_total"],
    )
    if others := complete["stores_not_reporting"]:
        yield counted_text(
            "%(number)s other store does not report", "%(number)s other stores do not report", others, number=others
        )
    if silent := complete["silent_sites"]:
        yield translated("silent: %(sites)s", sites=silent)
    if late := complete["late_sites"]:
        yield translated("late: %(sites)s", sites=late)
    if lacking:
        what = ", ".join(f"{_said(name)} ({counted(stores, 'stores')})" for name, stores in lacking.items())
        yield translated(
            "what rests on these is unknown or lacks something: %(what)s; more: `supplysync report site_tables`",
            what=what,
        )


def _said(name: str) -> str:
    return translated("rows that wait") if name == WAITING else tables_in_words(name)
