"""Rows as texts: JSON objects, exactly reversible, of what is kept of a row that is in no table now; and the one text
that rows are compared by, wherever they are (O6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from sync_rules.schema import POLARS_TYPE, Column

APART = 31
"""The character between two columns of the text that rows are compared by: it separates units, and nobody types it."""
NO_VALUE = 30
"""The character that stands for null there."""
CHECKSUM_MASK = (1 << 60) - 1
"""Checksums of such texts, and sums of these, have 60 bits: a whole number of any engine has room for one."""


def as_text(rows: pl.DataFrame, columns: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """``rows`` with a column json: the row as a JSON object of texts, exactly reversible."""
    texts = [pl.col(name).cast(pl.String).alias(name) for name in columns]
    return rows.with_columns(json=pl.struct(texts).struct.json_encode())


def as_rows(kept: pl.DataFrame, text: str, columns: Sequence[Column]) -> pl.DataFrame:
    """``kept`` with typed ``columns`` in the place of the column ``text``, rows as ``as_text`` made them. A column that
    came later is null."""
    whole = pl.Struct({column.name: pl.String() for column in columns})
    decoded = kept.with_columns(pl.col(text).str.json_decode(whole)).unnest(text)
    typed = [typed_value(pl.col(column.name), POLARS_TYPE[column.kind]).alias(column.name) for column in columns]
    return decoded.with_columns(typed)


def typed_value(text: pl.Expr, kind: pl.DataType) -> pl.Expr:
    """Values of ``kind`` that ``as_text`` wrote."""
    if isinstance(kind, pl.Boolean):
        return text == "true"
    if isinstance(kind, pl.Datetime):
        return text.str.to_datetime("%Y-%m-%d %H:%M:%S%.f%:z", time_unit="us", time_zone="UTC")
    if isinstance(kind, pl.Date):
        return text.str.to_date("%Y-%m-%d")
    return text.cast(kind)
