"""Lines of documents follow their document, though they did not change themselves (R1)."""

from __future__ import annotations

import polars as pl

from sync_rules.table.rules import RULES
from warehouse.records.door import Records
from warehouse.records.facts import lines_to_rescope


def rescope_lines(records: Records, documents: pl.DataFrame) -> None:
    """Gives the lines of ``documents`` (keys, owner, about, part: what each is now) what their document is."""
    lines = pl.DataFrame(
        [(name, rule.table.parent) for name, rule in RULES.items() if rule.table.parent],
        schema={"line_table": pl.String(), "table_name": pl.String()},
        orient="row",
    )
    headers = documents.join(lines, on="table_name").select(
        "owner", "about", "part", table_name="line_table", document="record_id"
    )
    if headers.height:
        records.rescope(lines_to_rescope(records.con, headers))
