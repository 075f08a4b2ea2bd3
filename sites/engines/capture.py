"""What capture is at a table, as an engine finds it, and what every engine does for it (P1, B10, B57)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.engine import URL


TriggerKey = tuple[str, str]
"""A trigger of ours by its table and its name: ``("item", "supplysync_item_insert")``."""


@dataclass(frozen=True)
class Watch:
    """How a table's changes are logged.

    ``problem``: why they are not, in words. ``definition``: what the triggers are; ``place``: what else is another one
    where they were away for a while, or where rows changed without them (their rows in the catalogue, the columns, the
    unique keys). Both are short hashes.
    """

    problem: str | None
    definition: str
    place: str


class CapturedDatabase(ABC):
    """A site's database, as far as its changes are logged: the log and the triggers that write it."""

    @staticmethod
    @abstractmethod
    def unopened_mark(url: URL, folder: Path, /) -> str | None:
        """What is another text after anybody wrote into the database, told without opening it; None where that cannot
        be told, or not just now."""

    @abstractmethod
    def create_log(self) -> None:
        """Make the tables of the change log, and what their triggers call; what is there stays."""

    @abstractmethod
    def guard_log(self) -> None:
        """Put in place, after all triggers, what counts up the log's generation where others take entries out (B57)."""

    @abstractmethod
    def mark_end(self) -> None:
        """Put in place anew, last of all, what triggers that are made again come to stand behind. Nothing is to be done
        where the catalogue tells them by itself."""

    @abstractmethod
    def guard_watch(self, definition: str | None) -> Watch:
        """How the log itself is guarded, and whether it was all the time. ``definition``: what that was when it was put
        in place."""

    @abstractmethod
    def tend_log(self, *, is_tended: bool) -> None:
        """Say that entries are taken out of the log by us; it ends with the transaction."""

    # triggers of capture: P1, B10, B57

    @abstractmethod
    def unwatchable(self, tables: Iterable[str]) -> Mapping[str, str]:
        """Those of ``tables`` whose changes cannot be logged, and why, with the way out."""

    @abstractmethod
    def capture_triggers(self, tables: Iterable[str]) -> Mapping[TriggerKey, str]:
        """The triggers that log the changes of ``tables``, with the statements that make them.

        Raises SiteFailed, naming it, for a table that cannot be watched.
        """

    @abstractmethod
    def trigger_keys(self) -> set[TriggerKey]:
        """The triggers of ours that are there, but for those of the log."""

    @abstractmethod
    def drop_trigger(self, table: str, name: str) -> None:
        """Take a trigger away, if it is there."""

    @abstractmethod
    def trigger_counts(self) -> Mapping[str, int]:
        """How many triggers of ours are on, by table. One small query: it is asked before every write."""

    @abstractmethod
    def schema_version(self) -> int | None:
        """A number that is another after each change of the schema; None where the engine keeps none."""

    @abstractmethod
    def watches(
        self, columns: Mapping[str, Sequence[str]], definitions: Mapping[str, str], *, is_older: bool = False
    ) -> Mapping[str, Watch]:
        """How each table is watched. ``columns``: those that are collected, by table; ``definitions``: what the
        triggers of tables were when they were put in place; ``is_older``: by a version that noted none of that."""
