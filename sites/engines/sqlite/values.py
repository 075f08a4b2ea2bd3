"""How SQLite keeps the values that B9 allows."""

from __future__ import annotations

from typing import Any

import polars as pl
import polars.selectors as cs
from sqlalchemy.dialects.sqlite.base import SQLiteDialect, SQLiteTypeCompiler


def values_of_file(frame: pl.DataFrame) -> pl.DataFrame:
    """Typed columns as SQLite keeps them: ISO text for dates and times, 0/1, plain numbers."""
    return frame.with_columns(
        cs.date().dt.strftime("%Y-%m-%d"),
        cs.datetime().dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"),
        cs.boolean().cast(pl.Int64),
        cs.decimal().cast(pl.Float64),  # exact: at most 15 significant digits
    )


class _Types(SQLiteTypeCompiler):
    """A DATE or TIMESTAMP column has numeric affinity; B9 keeps ISO text there."""

    def visit_DATE(self, type_: Any, **kw: Any) -> str:  # noqa: N802 - SQLAlchemy's name
        return "TEXT"

    def visit_DATETIME(self, type_: Any, **kw: Any) -> str:  # noqa: N802 - SQLAlchemy's name
        return "TEXT"


class FileDialect(SQLiteDialect):
    """SQLAlchemy's SQLite, with the types of B9."""

    type_compiler_cls = _Types
    supports_statement_cache = True
