"""Writing what a site's database takes of a change set, and finding what it does not (precisions 17)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import polars as pl

from sites.deliver.hand_over import hand_overs
from sites.deliver.parcels import Parcels, parcels_of
from sites.deliver.portion import Portion
from sites.deliver.write import Ground, write
from sites.engines.engine import SiteDatabase
from sites.engines.errors import RowRefused, SiteFailed
from sites.frames import LeftOut
from sites.watch import Left, unwatched
from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD
from sync_rules.words import Skip
from wire.frames import SkippedRow

_SAVEPOINT = "supplysync_try"
_ONE_BY_ONE = 100  # so many parcels are found by halving; what is refused after that goes by halves, unasked


class TransactionLost(Exception):
    """What was refused has ended the transaction with it: everything is to be written again, without that."""


@dataclass
class Tries:
    """What is known of how a change set can be written: nothing at first, then which of its parcels are tried together,
    and which were refused. It outlives the transactions in which it is learned."""

    left: Left = unwatched
    is_begun: bool = False
    parcels: Parcels | None = None
    chunks: list[tuple[int, int]] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)
    _tried: tuple[bool, int, int] | None = None

    def write(self, ground: Ground, portion: Portion) -> FrameOf[SkippedRow]:
        """Writes ``portion``, what the database refuses left out; returns the rows that are not at the site as sent.

        Raises RowRefused the first time that anything is, and TransactionLost where the database ends the transaction:
        either way, call it again in another one.
        """
        if not self.is_begun:
            self.is_begun = True
            return write(ground, portion, self.left)
        if self.parcels is None:
            handed = hand_overs(ground.db, portion, ground.around)
            self.parcels = parcels_of(ground.db, portion, ground.order, ground.references, handed)
            self.chunks = [(0, self.parcels.count())]
        return self._write_chunks(ground, portion, self.parcels)

    def goes_on(self) -> bool:
        """Whether another transaction may take what this one did not: each time less is tried together."""
        before, self._tried = self._tried, (self.parcels is not None, len(self.chunks), len(self.refused))
        return before != self._tried

    def _write_chunks(self, ground: Ground, portion: Portion, parcels: Parcels) -> FrameOf[SkippedRow]:
        tables = {
            *portion.upserts,
            *portion.deletes["table_name"],
            *(key.child_name for key in ground.around.foreign_keys),
        }
        broken = ground.db.broken_references(tables)
        found, place = [SkippedRow.empty()], 0
        while place < len(self.chunks):
            first, last = self.chunks[place]
            is_tried = pl.col("parcel").is_between(first, last, closed="left") & ~pl.col("parcel").is_in(
                list(self.refused)
            )
            tried = parcels.records.filter(is_tried)
            try:
                with _savepoint(ground.db):
                    left = write(ground, portion.only(tried.select(RECORD)), self.left)
                    if ground.db.broken_references(tables) - broken:
                        raise RowRefused("a row refers to one that is not there")
            except (RowRefused, TransactionLost) as refused:
                self._learn(ground.db, place, tried, str(refused))
                if isinstance(refused, TransactionLost):
                    raise
                continue
            found.append(left)
            place += 1
        return SkippedRow.check(pl.concat([*found, self._refusals(parcels)]))

    def _learn(self, db: SiteDatabase, place: int, tried: pl.DataFrame, said: str) -> None:
        """Splits a chunk that was refused; one parcel is left out, with what needs it."""
        numbers = tried["parcel"].unique().sort()
        if len(numbers) == 1 or len(self.refused) >= _ONE_BY_ONE:
            self._refuse(db, numbers.to_frame().with_columns(said=pl.lit(said)))
            del self.chunks[place]
            return
        first, last = self.chunks[place]
        middle = int(numbers[len(numbers) // 2])
        self.chunks[place : place + 1] = [(first, middle), (middle, last)]

    def _refuse(self, db: SiteDatabase, refused: pl.DataFrame) -> None:
        """Leaves out parcels (parcel, said), and all that refer to a record of one that the site has not got."""
        while refused.height and self.parcels is not None:
            self.refused.update(refused.iter_rows())
            own = self.parcels.records.filter(~pl.col("is_delete")).join(refused, on="parcel")
            absent = _absent(db, own).unique("parcel", keep="first", maintain_order=True)
            why = pl.format("needs `{}` {}, which was left out: {}", "table_name", "record_id", "said")
            followers = self.parcels.needs.join(absent.select(needed="parcel", said=why), on="needed")
            new = ~pl.col("parcel").is_in(list(self.refused))
            refused = followers.filter(new).group_by("parcel").agg(pl.col("said").min()).sort("parcel")

    def _refusals(self, parcels: Parcels) -> FrameOf[SkippedRow]:
        said = LeftOut.of(self.refused.items())
        left = parcels.records.join(said, on="parcel").with_columns(why=pl.lit(Skip.REFUSED_BY_SITE.value))
        return SkippedRow.check(left.select(SkippedRow.names()))


def _absent(db: SiteDatabase, records: pl.DataFrame) -> pl.DataFrame:
    """Those ``records`` that the site has not got."""
    found = [records.clear()]
    for (table,), rows in records.partition_by("table_name", as_dict=True).items():
        there = db.present_ids(str(table), rows["record_id"])
        found.append(rows.filter(~pl.col("record_id").is_in(there.implode())))
    return pl.concat(found).sort(RECORD)


@contextmanager
def _savepoint(db: SiteDatabase) -> Iterator[None]:
    """All of it or nothing, within a transaction. Raises TransactionLost where what is refused ended that."""
    db.execute(f"savepoint {_SAVEPOINT}")
    try:
        yield
    except RowRefused as refused:
        try:
            db.execute(f"rollback to savepoint {_SAVEPOINT}")
            db.execute(f"release savepoint {_SAVEPOINT}")
        except SiteFailed:
            raise TransactionLost(str(refused)) from None
        raise
    db.execute(f"release savepoint {_SAVEPOINT}")
