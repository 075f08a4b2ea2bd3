"""How a site is let in again, as a decision of an operator and a landed pull say it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Readmission:
    """How a site is let in again whose database is not the one of its last exchange (B50), by which decision.

    ``fork``: the cycle of the last pull whose place its log still has; None where it has none, and is read whole.
    ``database_uuid``: the database that is let in. ``taken``: the tables that are taken as the site has them where it
    is read whole; ``*`` stands for all.
    """

    number: int
    fork: int | None
    database_uuid: str
    taken: tuple[str, ...] = ()

    @classmethod
    def of(cls, number: int, what: str, taken: Iterable[str]) -> Self:
        """The one that an operator decided; ``what``: ``fork:12`` or ``whole:UUID``."""
        kind, _, rest = what.partition(":")
        fork, _, uuid = rest.partition(":") if kind == "fork" else ("", "", rest)
        return cls(number, int(fork) if fork else None, uuid, tuple(sorted(taken)))

    @property
    def what(self) -> str:
        """The inverse of ``of``."""
        return f"whole:{self.database_uuid}" if self.fork is None else f"fork:{self.fork}:{self.database_uuid}"

    def takes(self, table: str) -> bool:
        """Whether the site's rows of a table hold against central's, where it is read whole."""
        return "*" in self.taken or table in self.taken
