"""Reports of the working warehouse as statements in which what they are made of stands once, however often it is asked
for.

A view that names others is expanded to all of theirs wherever they are named: stock on hand is some 300 views. Kept as
views these texts would make each opening of the warehouse three times as long.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import duckdb

from warehouse.identifiers import quote
from warehouse.reports.files import ReportFile, report_files

_NAMED = re.compile(r"\breports\.(\w+)")
_WITH = re.compile(r"(with\s(?:recursive\s)?)\s*")
_PREFIX = "whole_"
_IS_VIEW = (
    "select 1 from duckdb_views() "
    "where database_name = current_database() and schema_name = 'reports' and view_name = ?"
)


@cache
def view_text(name: str) -> str:
    """The statement that gives the rows of a report; the reports and parts that it needs, and those that these need,
    are common table expressions of it. Raises KeyError for a name that is no report's."""
    files = {file.name: file for file in report_files()}
    needed = _needed(files[name], tuple(files.values()))
    own = _body(files[name])
    if not needed:
        return own
    parts = [f"{_PREFIX}{one.name} as (\n{_body(one)}\n)" for one in needed]
    if begins := _WITH.match(own):
        return begins[1] + ",\n".join([*parts, own[begins.end() :]])
    return "with " + ",\n".join(parts) + f"\n{own}"


def relation_of(con: duckdb.DuckDBPyConnection, name: str) -> str:
    """What to select from for the rows of a report: the table of a snapshot, or the text of a view."""
    if not con.execute(_IS_VIEW, [name]).fetchall():
        return f"reports.{quote(name)}"
    return f"({view_text(name)}) as {quote(name)}"


def _needed(file: ReportFile, ordered: Sequence[ReportFile]) -> list[ReportFile]:
    """All that it is made of, each after what that is made of."""
    found = {file.name}
    for one in reversed(ordered):
        if one.name in found:
            found |= one.needs
    return [one for one in ordered if one.name in found - {file.name}]


def _body(file: ReportFile) -> str:
    """The text below the header, by the names that parts have in the statement."""
    lines = file.sql.splitlines()
    first = next(number for number, line in enumerate(lines) if line.strip() and not line.startswith("--"))
    return _NAMED.sub(lambda name: f"{_PREFIX}{name[1]}", "\n".join(lines[first:]))
