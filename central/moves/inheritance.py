"""What a site wrote of a store that had left it, taken in by an operator for the store's new owner (precision 21)."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from central.project import Project
from sync_rules.topology.placement import placement
from sync_rules.transfers.kinds import HEADERS, NO_NUMBER
from sync_rules.words import EntryKind
from warehouse.records import replicas
from warehouse.records.door import Records


def inherited(records: Records, project: Project, admitted: pl.DataFrame) -> pl.DataFrame:
    """Those of ``admitted`` that are new, and whose store is elsewhere than the site that wrote them: a store that came
    back has nothing to inherit."""
    taken = admitted.filter((pl.col("was_reason") == "moved_away") & ~pl.col("is_held") & (pl.col("op") == "upsert"))
    if taken.is_empty():
        return taken
    here = placement(project.topology, replicas.stores(records.con)).select(new_owner="store_id", site_id="active_site")
    return taken.join(here, on=["new_owner", "site_id"], how="anti", maintain_order="left")


def without_numbers(rows: Mapping[str, pl.DataFrame], taken: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """``rows`` by table, in which those of ``taken`` have no number where the new owner's site gives one: the number
    that they had may be another document's there (B24)."""
    found = dict(rows)
    for table in sorted(set(taken["table_name"]) & set(HEADERS)):
        ids = taken.filter(table_name=table)["record_id"]
        is_taken = pl.col("id").is_in(ids.implode())
        number = pl.when(is_taken).then(pl.lit(NO_NUMBER)).otherwise("number")
        found[table] = rows[table].with_columns(number.cast(rows[table].schema["number"]).alias("number"))
    return found


def leave_old_site(records: Records, taken: pl.DataFrame) -> None:
    """What was taken in leaves the site that wrote it, as the store did, unless that has a copy by right."""
    records.address(EntryKind.REMOVE, taken)
