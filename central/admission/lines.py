"""Lines of documents follow their document, though they did not change themselves (R1)."""

from __future__ import annotations

import polars as pl

from sync_rules.table.parents import PARENTS
from warehouse.records.door import Records
from warehouse.records.facts import lines_to_rescope


def rescope_lines(records: Records, documents: pl.DataFrame) -> None:
    """Gives the lines of ``documents`` (keys, owner, about, part: what each is now) what their document is."""
    lines = PARENTS.select(line_table="table_name", table_name="parent_table")
    headers = documents.join(lines, on="table_name").select(
        "owner", "about", "part", table_name="line_table", document="record_id"
    )
    if headers.height:
        records.rescope(lines_to_rescope(records.con, headers))
