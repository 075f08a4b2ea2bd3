"""What of a change set is written at once: all of it, or less where people or the database itself are in the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD, RecordKey


@dataclass(frozen=True)
class Portion:
    """Rows to write, by table, and the records to delete."""

    upserts: Mapping[str, pl.DataFrame]
    deletes: FrameOf[RecordKey]

    def without(self, records: pl.DataFrame) -> Portion:
        """All but ``records`` (table_name, record_id)."""
        if records.is_empty():
            return self
        by_table = _ids(records)
        kept = tuple(self.upserts)
        return Portion(
            _Chosen(self.upserts, kept, lambda table, rows: _outside(rows, by_table.get(table))),
            RecordKey.check(self.deletes.join(records, on=RECORD, how="anti", maintain_order="left")),
        )

    def only(self, records: pl.DataFrame) -> Portion:
        """Nothing but ``records`` (table_name, record_id)."""
        by_table = _ids(records)
        kept = tuple(table for table in self.upserts if table in by_table)
        return Portion(
            _Chosen(self.upserts, kept, lambda table, rows: rows.filter(pl.col("id").is_in(by_table[table].implode()))),
            RecordKey.check(self.deletes.join(records, on=RECORD, how="semi", maintain_order="left")),
        )

    def replacing(self, rows: Mapping[str, pl.DataFrame]) -> Portion:
        """The same with other ``rows`` of some tables."""
        return Portion(
            _Chosen(self.upserts, tuple(self.upserts), lambda table, own: rows.get(table, own)), self.deletes
        )

    def keys(self) -> pl.DataFrame:
        """table_name, record_id, is_delete of every record."""
        parts = [
            pl.DataFrame({"record_id": self.upserts[table]["id"]}).select(
                pl.lit(table).alias("table_name"), "record_id", is_delete=pl.lit(value=False)
            )
            for table in sorted(self.upserts)
        ]
        return pl.concat([*parts, self.deletes.select(*RECORD, is_delete=pl.lit(value=True))])


class _Chosen(Mapping[str, pl.DataFrame]):
    """Rows of which some are left out, or changed, whenever a table is asked for: large ones are not kept."""

    def __init__(
        self,
        upserts: Mapping[str, pl.DataFrame],
        tables: tuple[str, ...],
        choose: Callable[[str, pl.DataFrame], pl.DataFrame],
    ) -> None:
        self._upserts, self._tables, self._choose = upserts, tables, choose

    def __getitem__(self, table: str) -> pl.DataFrame:
        if table not in self._tables:
            raise KeyError(table)
        return self._choose(table, self._upserts[table])

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)


def _ids(records: pl.DataFrame) -> Mapping[str, pl.Series]:
    return {
        str(table): rows["record_id"] for (table,), rows in records.partition_by("table_name", as_dict=True).items()
    }


def _outside(rows: pl.DataFrame, ids: pl.Series | None) -> pl.DataFrame:
    return rows if ids is None else rows.filter(~pl.col("id").is_in(ids.implode()))
