"""What was read again after a gap in capture and is on the list as it is (B57)."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import CHANGE, MergedRecord
from sync_rules.schema import Schema
from warehouse.batch.landed_rows import Landed, pulled_rows
from warehouse.batch.late_references import rewrite
from warehouse.batch.waiting_rows import rows_of_waiting, waiting_changes
from warehouse.connection import Connection, query, registered
from warehouse.frames import Compared, SeenAgain
from warehouse.statements import statement


def listed_again(
    con: Connection,
    compared: FrameOf[Compared],
    pulls: Sequence[Landed],
    merged: FrameOf[MergedRecord],
    schema: Schema,
    retried: Sequence[int],
) -> FrameOf[SeenAgain]:
    """The rows of ``compared`` tables that are on the list as they are, but for what was ``merged`` since: nobody
    changed them since they were judged. None that is judged again anyhow (``retried``: quarantine ids)."""
    with registered(con, compared=compared):
        known = query(con, statement("listed_of_tables"))
    known = known.join(waiting_changes(con, retried), left_on="id", right_on="waiting_since", how="anti")
    found, pulled = [known.clear()], pulled_rows(pulls, schema)
    for (table,), group in known.group_by("table_name", maintain_order=True):
        name, columns = str(table), ["from_site", *schema.frame_schema(str(table))]
        keys = group.lazy().select(from_site="site_id", id="record_id")
        there = [frame.join(keys, on=["from_site", "id"], how="semi") for frame in pulled.get(name, [])]
        before = {name: [rows_of_waiting(group, name, schema).lazy()]}
        if there:
            now, then = (pl.concat(rewrite(rows, merged, schema)[1][name]) for rows in ({name: there}, before))
            same = now.join(then, on=columns, how="semi", nulls_equal=True)
            same_keys = same.select(site_id="from_site", record_id="id").collect()
            found.append(group.join(same_keys, on=["site_id", "record_id"], how="semi"))
    return SeenAgain.take(pl.concat(found).sort(CHANGE))
