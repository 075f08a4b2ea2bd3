"""Reports worked out all at once; the text of one as it is worked out, whole or of some pairs of store and item."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from functools import cache

import duckdb

from warehouse.identifiers import quote
from warehouse.reports.files import PARTS, ReportFile, report_files

_NAMED = re.compile(r"\b(reports|replica)\.(\w+)")

Place = Callable[[str], str]


def evaluate(con: duckdb.DuckDBPyConnection, place: Place, *, without: Collection[str] = frozenset()) -> None:
    """Writes each report once as a table at its ``place``, by its own text, reading what those before it came to: the
    views would work out the parts again in every report that needs them. Those of ``without`` no other needs, or they
    are there."""
    for file in report_files():
        if file.name not in without:
            write_report(con, file, place)


def write_report(con: duckdb.DuckDBPyConnection, file: ReportFile, place: Place) -> None:
    """Writes one report as a table at its ``place``; those that it needs are at theirs."""
    kind = "temp table" if place(file.name) == in_memory(file.name) else "table"
    con.execute(f"create {kind} {place(file.name)} as {text_of(file, place)}")


def text_of(file: ReportFile, place: Place, rows: Mapping[str, str] | None = None) -> str:
    """The text of a report by the places of those that it needs. ``rows``: what it reads in the place of replicas."""
    instead = rows or {}

    def named(found: re.Match[str]) -> str:
        return place(found[2]) if found[1] == "reports" else instead.get(found[2], found[0])

    return _NAMED.sub(named, file.sql)


def in_memory(name: str) -> str:
    """A place for a report that is gone with the connection."""
    return f"temp.main.{quote(name)}"


@cache
def by_pair() -> tuple[ReportFile, ...]:
    """The reports and parts that can be worked out for some pairs of store and item, each after those it needs."""
    return tuple(file for file in report_files() if file.is_by_pair)


@cache
def kept_parts() -> frozenset[str]:
    """Those of the parts by pair that others need whole, or that say which pairs belong together."""
    needed = {name for file in report_files() if not file.is_by_pair for name in file.needs}
    return frozenset(file.name for file in by_pair() if file.name in PARTS & needed or file.looks_up)


@cache
def inputs_of_pairs() -> tuple[ReportFile, ...]:
    """What is worked out whole and read by pair: where it is other than it was, pairs are."""
    needed = {name for file in by_pair() for name in file.needs}
    return tuple(file for file in report_files() if file.name in needed and not file.is_by_pair)


@cache
def before_pairs() -> tuple[ReportFile, ...]:
    """The inputs of pairs, and all that those need, each after those it needs."""
    found = {file.name for file in inputs_of_pairs()}
    for file in reversed(report_files()):
        if file.name in found:
            found |= file.needs
    return tuple(file for file in report_files() if file.name in found)
