"""Every report and what its columns mean, from the files that define them."""

from __future__ import annotations

from typing import Any

from dashboard.view import View
from warehouse.report_files import PARTS, report_files


def dictionary(view: View) -> dict[str, Any]:
    """Reports by name, with the number of rows each has in this snapshot."""
    view.only()
    files = sorted((file for file in report_files() if file.name not in PARTS), key=lambda file: file.name)
    counts = " union all ".join(
        f"select '{file.name}' as name, count(*) as n from reports.{file.name}" for file in files
    )
    return {"files": files, "rows": {row["name"]: row["n"] for row in view.reading.rows(counts)}}
