"""Reports worked out all at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

import duckdb

from warehouse.identifiers import quote
from warehouse.reports.files import report_files

_NAMED_REPORT = re.compile(r"\breports\.(\w+)")


def evaluate(
    con: duckdb.DuckDBPyConnection, place: Callable[[str], str], *, without: Collection[str] = frozenset()
) -> None:
    """Writes each report once as a table at its ``place``, by its own text, reading what those before it came to: the
    views would work out the parts again in every report that needs them. Those of ``without`` no other needs."""
    for file in report_files():
        if file.name not in without:
            text = _NAMED_REPORT.sub(lambda name: place(name[1]), file.sql)
            kind = "temp table" if place(file.name) == in_memory(file.name) else "table"
            con.execute(f"create {kind} {place(file.name)} as {text}")


def in_memory(name: str) -> str:
    """A place for a report that is gone with the connection."""
    return f"temp.main.{quote(name)}"
