"""What every engine of a site's database can do: the interface that its folder fills.

An engine is a subclass of ``SiteDatabase``, in small parts that are each a subclass too; ``registry`` names it.
Nothing outside of ``sites.engines`` asks which engine a database has: it calls a method, or asks for a capability.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import polars as pl

from sites.engines.capture import CapturedDatabase
from sites.engines.errors import SiteFailed, Unreachable
from sites.engines.sql import SqlCondition, quote
from sites.engines.surroundings import Surroundings
from sync_rules.frame import FrameOf
from sync_rules.schema import Column
from wire.frames import RangeSum

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Dialect

_PRESENT = "supplysync_present"

Summed = Callable[[pl.DataFrame], FrameOf[RangeSum]]
"""Rows (place, text as bytes) and the sum of their checksums, by range."""


class SiteDatabase(CapturedDatabase):
    """An open site database. Every method raises only ``Unreachable`` and ``SiteFailed``.

    The placeholder for a value is ``?`` on every engine. Outside of ``transaction`` each
    statement commits by itself.
    """

    engine: ClassVar[str]
    """The engine's name, for people: as the scheme of its URLs."""
    has_one_writer: ClassVar[bool]
    """Whether nobody else can write while a write transaction is open."""
    has_hash: ClassVar[bool]
    """Whether it works out the MD5 of a text."""
    dialect: ClassVar[type[Dialect]]
    """How SQLAlchemy writes the DDL of the reference tables; its types hold the values that B9 allows."""
    place_sql: ClassVar[str]
    """Two values that a bookmark keeps besides its number: the snapshot that a transaction sees, and the cluster."""
    mark_sql: ClassVar[str]
    """What tells an entry of the change log from any other, as one text."""
    stamp_sql: ClassVar[str]
    """What tells an entry from another one of the same number about the same record, as one text."""
    triggers_per_table: ClassVar[int]
    """How many triggers log the changes of one table."""

    # opened and closed

    @classmethod
    @abstractmethod
    def connect(cls, url: URL, folder: Path, *, timeout_s: float, create: bool) -> Self:
        """Open the database at ``url``; see ``connection.open_site``. ``create`` makes one, where the engine can."""

    @abstractmethod
    def close(self) -> None:
        """Give the connection back to the engine."""

    # statements and rows

    @abstractmethod
    def execute(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run one small statement and return its rows. Large results go through ``read``."""

    @abstractmethod
    def read(self, sql: str, parameters: Sequence[object] = (), *, columns: Sequence[str]) -> pl.DataFrame:
        """The rows of a query as text, as the engine prints each value; NULL is null. ``columns``: its columns' names.

        A text that is not UTF-8, as SQLite lets in, comes back as U+0000 and itself with its bad bytes escaped.
        """

    @abstractmethod
    def insert_rows(self, table: str, frame: pl.DataFrame) -> None:
        """Insert typed rows in bulk; part of the caller's transaction."""

    @abstractmethod
    def upsert_rows(self, table: str, frame: pl.DataFrame) -> None:
        """Insert typed rows, or update those whose ``id`` exists; only the frame's columns."""

    @abstractmethod
    def update_rows(self, table: str, frame: pl.DataFrame) -> None:
        """Write typed rows over those that have their ``id``; only the frame's columns."""

    @abstractmethod
    def stage(self, table: str, frame: pl.DataFrame) -> None:
        """Put text columns into a temporary table ``table``; dropped by ``unstage`` or at the end."""

    @abstractmethod
    def stage_rows(self, name: str, table: str, frame: pl.DataFrame) -> None:
        """Put typed rows into a temporary table ``name`` with columns as ``table`` has them; dropped by ``unstage``."""

    @abstractmethod
    def unstage(self, table: str) -> None:
        """Drop a temporary table made by ``stage``."""

    def present_ids(self, table: str, ids: pl.Series) -> pl.Series:
        """Those of ``ids`` that rows of ``table`` have."""
        self.stage(_PRESENT, ids.alias("id").unique().to_frame())
        found = self.read(f"select id from {quote(table)} where id in (select id from {_PRESENT})", columns=["id"])
        self.unstage(_PRESENT)
        return found["id"]

    @abstractmethod
    def id_list(self, ids: Iterable[str]) -> SqlCondition:
        """The query that gives the ids, to stand after ``in``: many in one parameter, where a transaction may not
        even make a temporary table."""

    @abstractmethod
    def number_list(self, numbers: Iterable[int]) -> SqlCondition:
        """The query that gives the numbers, to stand after ``in``; as ``id_list``."""

    @abstractmethod
    def whole_number(self, column: str) -> str:
        """The condition that an integer column holds an integer: some engines let anything in."""

    # compared with central's (O6)

    @abstractmethod
    def canonical(self, table: str, columns: Sequence[Column]) -> str:
        """One text of the ``columns`` of row ``t`` of a table, as SQL: equal texts are equal values, whatever the
        engine keeps them as. Values in an odd form may have another text than central has of them."""

    @abstractmethod
    def range_sums(self, texts: SqlCondition, bounds: Sequence[str], summed: Summed) -> FrameOf[RangeSum]:
        """How many rows of the query ``texts`` (id, text) each range of ids has, and the sum of their checksums: where
        it ``has_hash`` the lower 60 bits of the MD5, added up to 60 bits; else what ``summed`` makes of each batch.
        ``bounds``: where ranges begin, but for the first, sorted by their bytes."""

    @abstractmethod
    def ids_between(self, low: str | None, high: str | None) -> SqlCondition:
        """The condition for rows ``t`` with ids from ``low`` on and before ``high`` by their bytes; None: no end."""

    # transactions

    @abstractmethod
    def _begin(self, *, write: bool) -> str:
        """The statement that opens a transaction."""

    @abstractmethod
    def lock_rows(self, table: str, ids: SqlCondition) -> None:
        """Keep others from changing the rows whose id is in ``ids`` (a query) until the transaction ends.

        Locks are taken in order of id. Nothing is to be done where there is one writer.
        """

    @abstractmethod
    def keep_out_writers(self) -> bool:
        """Wait until everybody who has written what is logged has committed, and keep others from it until the
        transaction ends; False where somebody takes too long over it. To be asked before anything is written."""

    @abstractmethod
    def allow_later_parents(self) -> None:
        """Let a row that ``upsert_rows`` writes name one of its own table that is written after it, until the
        transaction ends."""

    @abstractmethod
    def mark_delivery(self, *, is_delivery: bool) -> None:
        """Say that what is written from now on is a delivery, not a person's edit; it ends with the transaction."""

    def script(self, statements: Iterable[str]) -> None:
        """Run statements that return nothing, one after the other."""
        for statement in statements:
            self.execute(statement)

    def transaction(self, *, write: bool) -> AbstractContextManager[None]:
        """One transaction: all of it or nothing. A read transaction sees one snapshot (P2)."""
        return self._transaction(write)

    @contextmanager
    def _transaction(self, write: bool) -> Iterator[None]:
        self.execute(self._begin(write=write))
        try:
            yield
            self.execute("commit")
        except BaseException:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        """Undo what is open. The engine may have done so itself, or be gone: then nothing is left to undo."""
        try:
            self.execute("rollback")
        except (Unreachable, SiteFailed):
            return

    # catalogue

    @abstractmethod
    def tables(self) -> set[str]:
        """The names of the tables."""

    @abstractmethod
    def has_table(self, table: str) -> bool:
        """Whether there is a table of that name."""

    def definitions(self) -> str | None:
        """What says the same where all tables and their keys are the same; None where no quick look can tell."""
        return None

    @abstractmethod
    def column_names(self) -> Mapping[str, frozenset[str]]:
        """The columns of each table that one can write to: those that follow from others are none."""

    @abstractmethod
    def column_defaults(self, table: str) -> Mapping[str, str]:
        """What the columns of a table have where nobody says it, as SQL, of those that have a default."""

    @abstractmethod
    def surroundings(self, tables: Collection[str]) -> Surroundings:
        """What the site's program has put around ``tables``."""

    @abstractmethod
    def broken_references(self, tables: Collection[str]) -> frozenset[tuple[object, ...]]:
        """What is wrong by now with the foreign keys of ``tables`` that are looked at only at the end, one each.

        Raises RowRefused where the engine says it by refusing.
        """

    # the change log: P2, P6

    @abstractmethod
    def entries_after(self, seq: int, snapshot: str) -> SqlCondition:
        """The condition for entries of the change log past a place: entry number ``seq``, seen in ``snapshot``."""

    @abstractmethod
    def entries_before(self, seq: int, snapshot: str) -> SqlCondition:
        """The condition for log entries that a place has behind it, but for the one that marks it: what was read up to
        there, and none else (precision 7)."""

    @abstractmethod
    def own_entries(self, seq: int) -> SqlCondition:
        """The condition for entries past number ``seq`` that the transaction itself wrote; it may write."""

    @abstractmethod
    def log_end(self) -> int:
        """The last number that the log gave, also to what nobody sees yet; 0 where it gave none."""

    @abstractmethod
    def is_ahead(self, earlier: str, now: str) -> bool:
        """Whether snapshot ``earlier`` saw what snapshot ``now`` does not know of, as after a restored backup."""
