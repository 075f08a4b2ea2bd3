"""A site's tables as the rules of transfers read them: with every declared column, whatever the site has."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from sites.engines.engine import SiteDatabase
from sites.engines.sql import SqlCondition, quote
from sites.pull import egress
from sync_rules.egress import Leaving
from sync_rules.schema import Reference, Schema


def dangling(db: SiteDatabase, key: Reference, rows: pl.DataFrame) -> pl.DataFrame:
    """Those of ``rows`` of the table of ``key`` that name by it what is not here."""
    named = rows.filter(pl.col(key.column).is_not_null())
    if named.is_empty():
        return named
    query, parameters = db.id_list(named[key.column])
    here = db.read(f"select id from {quote(key.parent)} where id in {query}", parameters, columns=["id"])["id"]
    return named.filter(~pl.col(key.column).is_in(here.implode()))


@dataclass(frozen=True)
class SiteTables:
    """``here``: what the site has of what is ``declared``."""

    db: SiteDatabase
    here: Schema
    declared: Schema

    def no_rows(self, table: str) -> pl.DataFrame:
        """None of the rows of a table."""
        return self.declared.no_rows(table)

    def rows(self, table: str, chosen: SqlCondition) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The chosen rows without malformed values, and the others; a column that is not there is null."""
        if table not in self.here.tables:
            return self.no_rows(table), self.no_rows(table)
        found = egress.read_rows(self.db, self.here, Leaving(table), chosen)
        rows = self.declared.whole_rows(table, found.typed)
        is_bad = pl.col("id").is_in(found.malformed["record_id"].implode())
        return rows.filter(~is_bad), rows.filter(is_bad)
