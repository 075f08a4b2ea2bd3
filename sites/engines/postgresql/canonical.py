"""Rows of a database on a PostgreSQL server as text, and their checksums, worked out there (O6)."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from sites.engines.engine import Summed
from sites.engines.postgresql.statements import PostgresqlStatements
from sites.engines.sql import SqlCondition, quote
from sync_rules.frame import FrameOf
from sync_rules.row_texts import APART, CHECKSUM_MASK, NO_VALUE
from sync_rules.schema import Column, Kind
from wire.frames import RangeSum

_TYPES = """
    select a.attname::text, format_type(a.atttypid, null)
    from pg_attribute as a
    where a.attrelid = to_regclass(?) and a.attnum > 0 and not a.attisdropped
"""
_FORMS = {
    (Kind.DECIMAL, "numeric"): "trim_scale({0})::text",
    (Kind.TIME, "timestamp with time zone"): """to_char({0} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')""",
    (Kind.TIME, "timestamp without time zone"): """to_char({0}, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')""",
    (Kind.BOOLEAN, "boolean"): "{0}::integer::text",
}
"""How a value of a kind becomes the one text, of columns of the type that is meant for it; of others it is printed."""
_SUMS = f"""
select width_bucket(q.id collate "C", ?::text[]) as place, count(*) as rows, mod(
    sum(('x' || right(md5(convert_to(q.text, 'UTF8')), 16))::bit(64)::bigint & {CHECKSUM_MASK}), {CHECKSUM_MASK + 1}
) as checksum
from ({{texts}}) as q
group by 1
"""


class PostgresqlCanonical(PostgresqlStatements):
    """What rows of a PostgreSQL database are as text."""

    has_hash = True

    def canonical(self, table: str, columns: Sequence[Column]) -> str:
        """One text of the columns of row ``t``."""
        types = dict(self.execute(_TYPES, (quote(table),)))
        texts = [
            _FORMS.get((column.kind, types.get(column.name, "")), "{0}::text").format(f"t.{quote(column.name)}")
            for column in columns
        ]
        return f"concat_ws(chr({APART}), {', '.join(f'coalesce({text}, chr({NO_VALUE}))' for text in texts)})"

    def range_sums(self, texts: SqlCondition, bounds: Sequence[str], summed: Summed) -> FrameOf[RangeSum]:
        """The server hashes and adds up; what leaves it is a row a range."""
        sql, parameters = texts
        columns = RangeSum.names()
        found = self.read(_SUMS.format(texts=sql), (list(bounds), *parameters), columns=columns)
        return RangeSum.take(found.with_columns(pl.all().cast(pl.Int64)).sort("place"))

    def ids_between(self, low: str | None, high: str | None) -> SqlCondition:
        """The condition for rows ``t`` whose ids are from ``low`` on and before ``high``, by their bytes."""
        asked = [(sign, bound) for sign, bound in ((">=", low), ("<", high)) if bound is not None]
        texts = [f't.id::text collate "C" {sign} ?' for sign, _ in asked]
        return " and ".join(texts) or "true", tuple(bound for _, bound in asked)
