"""How a site's rows differ from central's: a pure comparison of two frames (O6)."""

from __future__ import annotations

import polars as pl

from central.frames import Differing
from sync_rules.frame import FrameOf
from sync_rules.words import Differs


def differences(here: pl.DataFrame, there: pl.DataFrame, malformed: pl.DataFrame) -> FrameOf[Differing]:
    """The rows that are not the same at a site (``here``) and at central (``there``), by id.

    Both have the same columns of the same types, ``id`` first. ``malformed`` (record_id, malformed): values of the
    site that are none of their kind, which ``here`` has as null; such a row is never the same.
    """
    names = there.columns
    bad = malformed.select(id="record_id", named=pl.col("malformed").str.split("; ").list.eval(_column_of_cell()))
    here = here.join(bad, on="id", how="left", maintain_order="left")
    same = here.filter(pl.col("named").is_null()).join(there, on=names, how="semi", nulls_equal=True)["id"]
    odd_here = here.filter(~pl.col("id").is_in(same.implode()))
    odd_there = there.filter(~pl.col("id").is_in(same.implode()))
    both = odd_here.join(odd_there, on="id", suffix="_there")
    differs = [
        pl.when(pl.col(name).ne_missing(pl.col(f"{name}_there")) | pl.col("named").list.contains(name).fill_null(False))
        .then(pl.lit(name))
        .alias(name)
        for name in names[1:]
    ]
    columns = pl.concat_list(differs).list.drop_nulls() if differs else _NONE
    found = [
        both.select(record_id="id", what=pl.lit(str(Differs.CHANGED)), columns=columns),
        _alone(odd_there, odd_here, Differs.MISSING),
        _alone(odd_here, odd_there, Differs.EXTRA),
    ]
    return Differing.take(pl.concat(found).sort("record_id"))


_NONE = pl.lit([], pl.List(pl.String))


def _column_of_cell() -> pl.Expr:
    return pl.element().str.extract(r"^(\w+): ", 1)


def _alone(rows: pl.DataFrame, others: pl.DataFrame, what: Differs) -> pl.DataFrame:
    alone = rows.join(others, on="id", how="anti")
    return alone.select(record_id="id", what=pl.lit(str(what)), columns=_NONE)
