"""Every report and replica and what its columns mean: `reports.dictionary`, and nothing said a second time."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from dashboard.view import View
from warehouse.connection import quote
from warehouse.reports.files import published_reports

KINDS = ("report", "replica")


def dictionary(view: View) -> dict[str, Any]:
    """Tables of one kind by name, with their columns; of reports, how many rows each has in this snapshot."""
    view.only("kind")
    kind = view.one_of("kind", KINDS)
    found = view.reading.rows("from reports.dictionary where kind = ? order by table_name, position", [kind])
    tables = []
    for name, grouped in groupby(found, key=lambda row: row["table_name"]):
        columns = list(grouped)
        tables.append(
            {
                "name": name,
                "columns": columns,
                **{key: columns[0][key] for key in ("table_meaning", "grain", "published_as")},
            }
        )
    return {"kind": kind, "tables": tables, "rows": _rows(view) if kind == "report" else {}}


def _rows(view: View) -> dict[str, int]:
    saved = [name for name, error in view.reading.saved.items() if error is None]
    names = [*(file.name for file in published_reports() if view.reading.holds(file.name)), *saved]
    counts = " union all ".join(f"select '{name}' as name, count(*) as n from reports.{quote(name)}" for name in names)
    return {row["name"]: row["n"] for row in view.reading.rows(counts)}
