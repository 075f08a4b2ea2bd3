"""Names that a file gives a part that they cannot play: a supplier as a store, a store that sees itself."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from central.imports.kinds import Named
from central.imports.table_file import LINE, Mistake
from sites.engines.engine import SiteDatabase
from sites.engines.sql import quote


def mistyped(db: SiteDatabase, name: str, one: Named, given: pl.DataFrame) -> Iterator[Mistake]:
    """The lines whose column ``name`` names a record of another type than it has to be; one without a type is what the
    line makes of it."""
    if one.type is None or "type" not in db.column_names().get(one.table, ()):
        return
    held = db.read(f"select {quote(one.by)} as said, type from {quote(one.table)}", columns=["said", "type"])
    others = held.filter(pl.col("type").is_not_null() & (pl.col("type") != one.type)).unique(maintain_order=True)
    lines = given.select(line=pl.col(LINE).cast(pl.Int64), said=pl.col(name))
    for line, said, found in lines.join(others, on="said", maintain_order="left").iter_rows():
        yield (
            line,
            f"`{name}` is `{said}`, whose type is `{found}`; allowed is a name of type `{one.type}`: if it is a "
            f"{one.type}, say so first with `supplysync import {one.table}s`",
        )


def seen_by_themselves(db: SiteDatabase, given: pl.DataFrame) -> Iterator[Mistake]:
    """The lines in which a store sees its own name: it would order from itself."""
    if not db.has_table("store"):
        return
    own = db.read("select id as store_id, name_id, code from store", columns=["store_id", "name_id", "code"])
    found = given.join(own, on=["store_id", "name_id"], maintain_order="left")
    for line, code in found.select(LINE, "code").iter_rows():
        yield int(line), f"store `{code}` sees itself; allowed is the name of another store, a supplier or a customer"
