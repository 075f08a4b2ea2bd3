"""What both engines can do, and the two ways in which a site can let us down (B12)."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Literal

import polars as pl

Engine = Literal["sqlite", "postgresql"]

_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]*")


class Unreachable(Exception):
    """The site did not answer: refused, timeout, DNS, missing SQLite file, locked too long (B12)."""


class SiteFailed(Exception):
    """The site answered, but the work cannot be done; the text never holds a secret (B12, S2)."""


def quote(identifier: str) -> str:
    """``identifier`` between double quotes: the only way for a name to reach SQL (S4).

    Raises ValueError for anything but lower-case letters, digits and underscores.
    """
    if not _IDENTIFIER.fullmatch(identifier):
        raise ValueError(f"`{identifier}` is not a name of a table or column; allowed: a-z, 0-9 and _")
    return f'"{identifier}"'


def quoted(identifiers: Iterable[str]) -> str:
    """The identifiers, each quoted, with commas between."""
    return ", ".join(quote(identifier) for identifier in identifiers)


class SiteDatabase(ABC):
    """An open site database. Every method raises only ``Unreachable`` and ``SiteFailed``.

    The placeholder for a value is ``?`` on both engines. Outside of ``transaction`` each
    statement commits by itself.
    """

    engine: Engine

    @abstractmethod
    def execute(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run one small statement and return its rows. Large results go through ``read``."""

    @abstractmethod
    def read(self, sql: str, parameters: Sequence[object] = (), *, columns: Sequence[str]) -> pl.DataFrame:
        """The rows of a query as text, as the engine prints each value; NULL is null.

        ``columns`` names the query's columns in their order. A SQLite text that is not UTF-8
        comes back as U+0000 and the text with its bad bytes escaped: no valid text starts so.
        """

    @abstractmethod
    def insert_rows(self, table: str, frame: pl.DataFrame) -> None:
        """Insert typed rows in bulk; part of the caller's transaction."""

    @abstractmethod
    def upsert_rows(self, table: str, frame: pl.DataFrame) -> None:
        """Insert typed rows, or update those whose ``id`` exists; only the frame's columns."""

    @abstractmethod
    def stage(self, table: str, frame: pl.DataFrame) -> None:
        """Put text columns into a temporary table ``table``; dropped by ``unstage`` or at the end."""

    @abstractmethod
    def unstage(self, table: str) -> None:
        """Drop a temporary table made by ``stage``."""

    @abstractmethod
    def close(self) -> None:
        """Give the connection back to the engine."""

    @abstractmethod
    def _begin(self, *, write: bool) -> str:
        """The statement that opens a transaction."""

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


def upsert_statement(table: str, columns: Sequence[str], source: str) -> str:
    """``insert .. on conflict (id) do update`` of ``columns`` from ``source`` (a values or select part)."""
    changed = [name for name in columns if name != "id"]
    action = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in changed)
    do = f"do update set {action}" if changed else "do nothing"
    return f"insert into {quote(table)} ({quoted(columns)}) {source} on conflict ({quote('id')}) {do}"
