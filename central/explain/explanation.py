"""What can be said of a record, as values: what it is, whose, where it belongs, and who may edit it (O7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from central.explain.history import HeldBack, HistoryEntry, MergedInto, SentRecord
from sync_rules.for_people.record import Nature

STAYS = "stays"


@dataclass(frozen=True)
class MayEdit:
    """What becomes of an edit of the record at a site: ``verdict`` is admitted, rejected, waiting, or stays where
    the edit is the site's own and is not sent; ``reason`` is its code."""

    verdict: str
    reason: str | None
    rule: str
    words: str


@dataclass(frozen=True)
class Scope:
    """A scope of the record and whether the site has it; ``words`` say why, or why not."""

    scope: str
    is_here: bool
    words: tuple[str, ...]


@dataclass(frozen=True)
class AtSite:
    """A record and a site: does it belong there, why. ``left_behind``: it could not be removed (R7). ``kept``: the
    site made it and keeps it, though it never belonged there."""

    site_id: int
    site: str
    is_contacted: bool
    belongs: bool
    scopes: tuple[Scope, ...]
    left_behind: bool
    kept: bool
    may_edit: MayEdit | None

    @property
    def has_it(self) -> bool:
        """Whether the site has the record once everything is delivered."""
        return self.belongs or self.left_behind or self.kept

    @property
    def because(self) -> tuple[str, ...]:
        """Why it belongs there, or why it does not."""
        return tuple(dict.fromkeys(words for one in self.scopes if one.is_here is self.belongs for words in one.words))


@dataclass(frozen=True)
class Whose:
    """Whom a record belongs to and is about, in words; each None where that is nobody."""

    owner: str | None
    owner_active_on: str | None
    about: str | None
    home_site: str | None
    made_by: str | None
    document: str | None


@dataclass(frozen=True)
class Explanation:
    """All there is to say about a record. ``state``: held, deleted, withdrawn (it stays at its site),
    merged_away or unknown."""

    table: str
    record_id: str
    state: str
    nature: Nature
    whose: Whose | None
    sites: tuple[AtSite, ...]
    entries: tuple[HistoryEntry, ...]
    sent: tuple[SentRecord, ...]
    held_back: tuple[HeldBack, ...]
    merged_into: MergedInto | None
    notes: tuple[str, ...]
    as_of: datetime | None


@dataclass(frozen=True)
class KnownRecord:
    """The record as central holds it."""

    owner: str | None
    about: str | None
    part: str | None
    maker: int | None
    document: str | None
    scopes: tuple[str, ...]
    shared: tuple[str, ...]  # those that it has as part of a transfer
