"""The two ways in which a site can let central down (B12)."""

from __future__ import annotations

from typing import Self


class Unreachable(Exception):
    """The site did not answer: refused, timeout, DNS, missing SQLite file, locked too long (B12)."""


class SiteFailed(Exception):
    """The site answered, but the work cannot be done; the text never holds a secret (B12, S2)."""

    def at(self, table: str) -> Self:
        """The same failure, with the table at which it happened."""
        return type(self)(f"table `{table}`: {self}")


class DatabaseDamaged(SiteFailed):
    """What lies there is no database, or one that cannot be read any more; the text is in the driver's words."""


class RowRefused(SiteFailed):
    """The database would not have a row: a constraint or a trigger of its own; the text is in its words."""
