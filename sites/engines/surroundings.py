"""What a site's own program has put around the tables of ours: triggers, foreign keys, unique keys (B58, B19)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key into ``table``, of any table of the database; ``child`` and ``columns`` (of the child, of ours) are
    quoted as the engine does, ``child_name`` is not. ``acts``: it changes rows of the child by itself."""

    table: str
    child: str
    child_name: str
    columns: tuple[tuple[str, str], ...]
    acts: bool

    @property
    def naming(self) -> str | None:
        """The child's column where it is one that names the record by its id."""
        ((own, parent),) = self.columns if len(self.columns) == 1 else (("", ""),)
        return own.strip('"') if parent.strip('"') == "id" else None


@dataclass(frozen=True)
class ProgramKey:
    """A unique key besides ``id``: ``parts``, in SQL, of bare columns; ``columns``: those that it looks at."""

    parts: tuple[str, ...]
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Surroundings:
    """What stands around tables. ``triggered``: those with triggers or rules that are not ours; ``optional``: the
    (table, column) that may be null."""

    triggered: frozenset[str]
    foreign_keys: tuple[ForeignKey, ...]
    unique_keys: Mapping[str, tuple[ProgramKey, ...]]
    optional: frozenset[tuple[str, str]]

    def answers(self) -> bool:
        """Whether writing to the tables may change other rows, or other values, than it says."""
        return bool(self.triggered) or any(key.acts for key in self.foreign_keys)
