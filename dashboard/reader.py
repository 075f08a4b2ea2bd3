"""Reading the published snapshot that is current: one request, one snapshot (W1)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
from jinja2 import UndefinedError

from dashboard.guests.people import NOTHING, WHOLE, Sight
from warehouse.connection import Connection, query, quote
from warehouse.exports.groups import GROUPS
from warehouse.exports.report_words import columns_of, saved_questions
from warehouse.snapshots import current
from warehouse.snapshots.current import Snapshot, told_of_version
from warehouse.snapshots.small_answers import Answer, SmallAnswers

Row = Mapping[str, Any]

MEMORY_OF_A_PART = "192MB"
"""What DuckDB keeps of a part of the snapshot: there may be many, each with a few readers."""

_LACKING = (UndefinedError, pl.exceptions.ColumnNotFoundError)
"""What templates and frames say of a column that is not there."""

_HELD_AT_MOST = 60_000
"""Pairs of store and item of which a page for each item is made from rows that are held."""

_CODES = {
    "item": "select item_code as code from reports.items where item_code is not null",
    "store": "select store_code as code from reports.stores where store_code is not null",
    "site": "select site_code as code from reports.sync_status where site_code is not null",
}


@dataclass(frozen=True)
class Reading:
    """One snapshot, open, with the rows of ``reports.snapshot`` and ``reports.completeness``.

    ``codes`` are those of the items, stores and sites that have a page; ``saved`` has each saved question by name, with
    why it is no report. ``reports`` are those there are where only some stores are seen; None where all is.
    ``lacking`` is what of it whoever asks may see and no store has, as a region that was renamed.
    ``is_for_all``: pages of all records are made from it, one after the other.
    ``is_for_operators`` where whoever asks may see both versions of a rejected change.
    """

    con: Connection
    snapshot: Snapshot
    about: Row
    completeness: Row
    codes: Mapping[str, frozenset[str]]
    saved: Mapping[str, str | None]
    reports: frozenset[str] | None = None
    lacking: Sight = NOTHING
    is_for_operators: bool = False
    is_for_all: bool = False
    _counts: dict[str, int] = field(default_factory=dict)
    _answers: SmallAnswers = field(default_factory=SmallAnswers)
    _of_values: dict[str, dict[object, list[dict[str, Any]]]] = field(default_factory=dict)

    @property
    def is_part(self) -> bool:
        """Are only some stores seen?"""
        return self.reports is not None

    @property
    def is_blind(self) -> bool:
        """Is there no store of those that may be seen? All that is known of them is nothing, which is not zero (W4)."""
        return self.is_part and not self.codes["store"]

    def holds(self, report: str) -> bool:
        """Is the report there, as far as it is seen?"""
        return self.reports is None or report in self.reports

    @property
    def zone(self) -> ZoneInfo:
        """Where the network is: times are shown as its clocks say them."""
        return ZoneInfo(self.about["time_zone"])

    @property
    def as_of_at(self) -> datetime:
        """The moment that the reports speak of."""
        moment: datetime = self.about["as_of_at"]
        return moment

    @property
    def version(self) -> str:
        """The same for the same state only: its number, and when its file was written."""
        return f"{self.snapshot.number}-{self.snapshot.path.stat().st_mtime_ns:x}"

    def frame(self, sql: str, values: Sequence[object] = ()) -> pl.DataFrame:
        """The rows of a query."""
        return query(self.con, sql, values)

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[dict[str, Any]]:
        """The rows of a query, each by column name."""
        names, found = self._answers.of(sql, values, lambda: self._ask(sql, values))
        return [dict(zip(names, row, strict=True)) for row in found]

    def tuples(self, sql: str, values: Sequence[object] = ()) -> Sequence[tuple[Any, ...]]:
        """The rows of a query, each in the order of its columns."""
        return self._answers.of(sql, values, lambda: self._ask(sql, values))[1]

    def _ask(self, sql: str, values: Sequence[object]) -> Answer:
        found = self.con.execute(sql, list(values))
        return [column[0] for column in found.description or ()], found.fetchall()

    def rows_of(self, value: str, column: str, sql: str, order: str = "") -> list[dict[str, Any]]:
        """The rows of a query that have the value in a column, ordered. Where pages of all records are made it is
        asked once, for all of them, unless that is more than memory should hold."""
        if not self.is_for_all or self.count("stock_on_hand") > _HELD_AT_MOST:
            return self.rows(f"select * from ({sql}) where {quote(column)} = ? {order}", [value])
        if sql not in self._of_values:
            held = self._of_values[sql] = {}
            for row in self.rows(f"select * from ({sql}) {order}"):
                held.setdefault(row[column], []).append(row)
        return self._of_values[sql].get(value, [])

    def one(self, sql: str, values: Sequence[object] = ()) -> dict[str, Any]:
        """The only row of a query."""
        [row] = self.rows(sql, values)
        return row

    def count(self, report: str) -> int:
        """How many rows a report has."""
        if report not in self._counts:
            self._counts[report] = int(self.one(f"select count(*) as rows from reports.{quote(report)}")["rows"])
        return self._counts[report]

    def columns(self, report: str) -> Sequence[str]:
        """The columns of a report, in their order."""
        return columns_of(self.con, report)


class _Opened:
    """A snapshot that is open, and how many requests read it; closed by the last one after it was replaced."""

    def __init__(self, source: Snapshot, snapshot: Snapshot, sight: Sight, reports: frozenset[str] | None) -> None:
        self.source = source
        self.snapshot = snapshot
        self.users = 0
        self.is_replaced = False
        self.answers = SmallAnswers()
        self._closing = ExitStack()
        memory = None if sight.is_all else MEMORY_OF_A_PART
        self.con = self._closing.enter_context(current.open_snapshot(snapshot, memory))
        try:
            with told_of_version(self.con, reports):
                self._read(sight)
        except BaseException:
            self._closing.close()
            raise

    def _read(self, sight: Sight) -> None:
        [self.about] = query(self.con, "select * from reports.snapshot").to_dicts()
        [self.completeness] = query(self.con, "select * from reports.completeness").to_dicts()
        self.saved = saved_questions(self.con)
        self.codes = {kind: frozenset(query(self.con, sql)["code"]) for kind, sql in _CODES.items()}
        regions = query(self.con, f"select distinct value from ({GROUPS['region'].pairs})")["value"]
        self.lacking = NOTHING if sight.is_all else sight.lacking(self.codes["store"], set(regions))

    def close_if_done(self) -> None:
        if self.is_replaced and not self.users:
            self._closing.close()


class Reader:
    """Keeps the current snapshot open, and opens the next one when the pointer has moved."""

    def __init__(
        self,
        folder: Path,
        part: Callable[[Snapshot], Snapshot] = lambda whole: whole,
        reports: frozenset[str] | None = None,
        sight: Sight = WHOLE,
    ) -> None:
        """``folder`` holds the published snapshots; ``part`` makes of each what is read by who has this ``sight``,
        which has ``reports``."""
        self._folder = folder
        self._part = part
        self._reports = reports
        self._sight = sight
        self._lock = threading.Lock()
        self._making = threading.Lock()
        self._opened: _Opened | None = None

    @contextmanager
    def current(self) -> Iterator[Reading]:
        """The current snapshot, for one request. Raises NothingPublished where there is none, PublishedEarlier where
        the one there is lacks what is asked for."""
        opened = self._taken()
        own = opened.con.cursor()  # requests run side by side
        try:
            with told_of_version(own, self._reports, others=_LACKING):
                yield Reading(
                    own, opened.snapshot, opened.about, opened.completeness, opened.codes, opened.saved, self._reports,
                    opened.lacking, _answers=opened.answers,
                )  # fmt: skip
        finally:
            own.close()
            with self._lock:
                opened.users -= 1
                opened.close_if_done()

    def close(self) -> None:
        """Closes what is open; requests under way go on."""
        with self._lock:
            self._replace(None)

    def _taken(self) -> _Opened:
        """What is open, with one user more."""
        while True:
            self._renew(current.current(self._folder))
            with self._lock:
                if self._opened is not None:  # nobody closed it in between
                    self._opened.users += 1
                    return self._opened

    def _renew(self, snapshot: Snapshot) -> None:
        """Opens the snapshot where another is open; who comes while that is being done reads on in the one before."""
        if self._is_open(snapshot) or not self._making.acquire(blocking=self._opened is None):
            return
        try:
            if not self._is_open(snapshot):
                made = _Opened(snapshot, self._part(snapshot), self._sight, self._reports)
                with self._lock:
                    self._replace(made)
        finally:
            self._making.release()

    def _is_open(self, snapshot: Snapshot) -> bool:
        with self._lock:
            return self._opened is not None and self._opened.source == snapshot

    def _replace(self, by: _Opened | None) -> None:
        old, self._opened = self._opened, by
        if old is not None:
            old.is_replaced = True
            old.close_if_done()
