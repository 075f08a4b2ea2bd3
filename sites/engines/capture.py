"""What capture is at a table, as an engine finds it (P1, B57)."""

from __future__ import annotations

from dataclasses import dataclass


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
