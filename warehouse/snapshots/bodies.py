"""Both versions of rejected changes, beside a snapshot and not in it: for who runs the network (precision 36).

Of tables that are published, and none of single patients or accounts; no secret column. Its owner alone may
read it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from sync_rules.mentions import NAMED_BY
from sync_rules.schema import Schema
from warehouse.connection import Connection, query
from warehouse.snapshots.contents import published_tables
from warehouse.snapshots.current import Snapshot
from warehouse.snapshots.questions import withheld_columns
from warehouse.statements import statement

NAME = "rejected_versions.parquet"

Version = Mapping[str, str | None]


@dataclass(frozen=True)
class BothVersions:
    """A row as its site and as central had it when it was judged, by column, as texts; None where there was none."""

    site: Version | None
    central: Version | None


def write_versions(own: Connection, folder: Path, schema: Schema) -> None:
    """Writes the file into the folder of a snapshot, readable by its owner alone from its first byte on."""
    tables = [table for table in published_tables(schema) if table != NAMED_BY.table]
    found = query(own, statement("rejected_versions"), [sorted(withheld_columns(schema)), tables])
    with os.fdopen(os.open(folder / NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        found.write_parquet(out)


def both_versions(snapshot: Snapshot, number: int) -> BothVersions | None:
    """The versions of a change, by its number; None where they are not there, or this process may not read them."""
    try:
        found = pl.read_parquet(snapshot.path.with_suffix("") / NAME, glob=False).filter(pl.col("number") == number)
    except OSError:
        return None
    if found.is_empty():
        return None
    row = found.row(0, named=True)
    site, central = (json.loads(row[name]) if row[name] else None for name in ("site_row", "central_row"))
    return BothVersions(site, central)
