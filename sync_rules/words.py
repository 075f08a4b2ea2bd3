"""The words of the field as values, one word a thing: what crosses the borders between the packages. Frames have their
columns in ``sync_rules.frames``."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class SiteKind(StrEnum):
    """What runs at a site; a mobile site has at most one active store (T2)."""

    DESKTOP = "desktop"
    MOBILE = "mobile"


class SyncType(StrEnum):
    """The type of a store's instance on a site; no instance is none."""

    ACTIVE = "active"
    COLLECTOR = "collector"
    TRANSFER = "transfer"


class StoreMode(StrEnum):
    """How a store works; dispensaries serve patients."""

    STORE = "store"
    DISPENSARY = "dispensary"


class Verdict(StrEnum):
    """What central decides on a change (A1)."""

    ADMITTED = "admitted"
    REJECTED = "rejected"
    WAITING = "waiting"


class Op(StrEnum):
    """What a change does to a record once repeats are netted (P2)."""

    UPSERT = "upsert"
    DELETE = "delete"
    WITHDRAW = "withdraw"  # it is there, and leaves its site no longer (B59): its key alone travels


class EntryKind(StrEnum):
    """What an entry of the central sequence is: of everyone in scope, or addressed to one site (B5)."""

    CHANGE = "change"  # a record was written or deleted
    RESCOPE = "rescope"  # its row is the same, and belongs elsewhere now; a delete: at its own site only
    ADOPT = "adopt"  # to a site: it has central's row already
    CORRECT = "correct"  # to a site: it is to have central's row
    REMOVE = "remove"  # to a site: it is to have none
    RETRY = "retry"  # to a site: what it could not take before
    RESEND = "resend"  # to a site: the same again, on purpose


class ChangeSetState(StrEnum):
    """How a change set stands: at central, waiting for a release (M8), at its site, replaced by a later one, failed."""

    PENDING = "pending"
    HELD = "held"
    APPLIED = "applied"
    SUPERSEDED = "superseded"
    FAILED = "failed"


class QuarantineState(StrEnum):
    """What became of a change that was not admitted (A2)."""

    OPEN = "open"
    ADMITTED = "admitted"
    CLOSED = "closed"
    SUPERSEDED = "superseded"
    DISCARDED = "discarded"


class MoveState(StrEnum):
    """How far a store is on its way from one site to another (B47)."""

    WANTED = "wanted"  # the old site works on, and is to be pulled
    CUT = "cut"  # the old site is told to hand it over
    FILLING = "filling"  # it has; the new site is sent everything, and the store is active nowhere
    ACTIVATING = "activating"  # the new site has everything, and is told that the store is active there
    DONE = "done"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        """Whether nothing is under way any more."""
        return self in (MoveState.DONE, MoveState.CANCELLED)

    @property
    def is_before_cut(self) -> bool:
        """Whether the store is the old site's still, as far as central knows."""
        return self in (MoveState.WANTED, MoveState.CUT)


class DecisionKind(StrEnum):
    """What an operator decides: about a site (M8), a quarantined change (A2), a transfer (B30), a move (B47)."""

    RELEASE = "release"
    ADMIT = "admit"
    DISCARD = "discard"
    DISCARD_AT_SITE = "discard_at_site"
    BEGIN = "begin"
    GO_ON = "go_on"
    HAND_OVER = "hand_over"
    PAUSE = "pause"
    RESUME = "resume"
    RESEND = "resend"
    REPAIR = "repair"
    REHOME = "rehome"
    READMIT = "readmit"


class Outcome(StrEnum):
    """How a visit of a site ended: a site that does not answer is normal, one that answers wrongly is not (B12)."""

    OK = "ok"
    UNREACHABLE = "unreachable"
    FAILED = "failed"
    BLOCKED = "blocked"  # not tried: central and primary come first and were never pulled (B4)


class Skip(StrEnum):
    """Why a row that was delivered is not at its site as it was sent (B19, R7, B58)."""

    EDITED_SINCE_PULL = "edited_since_pull"
    STILL_REFERENCED = "still_referenced"
    REFUSED_BY_SITE = "refused_by_site"
    ALTERED_BY_SITE = "altered_by_site"


class Differs(StrEnum):
    """How a site has a record otherwise than central (O6)."""

    CHANGED = "changed"
    MISSING = "missing"
    EXTRA = "extra"


class Mending(StrEnum):
    """How what a site has otherwise than central is put right (O6)."""

    CORRECT = "correct"  # it is sent as central has it
    REMOVE = "remove"  # it is taken from the site
    READ = "read"  # the table is read whole, and what the site may edit is taken as its edit (B57)


class Maker(StrEnum):
    """Who made a responding half (X1, X5)."""

    CENTRAL = "central"
    SITE = "site"


class TransferState(StrEnum):
    """How far a transfer is, as reports say it."""

    WAITING = "waiting"
    SENT = "sent"
    ARRIVED = "arrived"
    DONE = "done"
    UNLINKED = "unlinked"
    DROPPED = "dropped"
    HISTORY = "history"  # finished before its other party was a store (B60): counted nowhere


class Band(StrEnum):
    """How much of an item a store has, by its months of stock."""

    STOCKED_OUT = "stocked_out"
    BELOW_MIN = "below_min"
    ADEQUATE = "adequate"
    OVERSTOCKED = "overstocked"
    NO_CONSUMPTION = "no_consumption"
    NEVER_STOCKED = "never_stocked"
    UNKNOWN = "unknown"
    NOT_IN_USE = "not_in_use"


@dataclass(frozen=True)
class Identity:
    """Who a site database says it is (P6). ``epoch`` grows when a restored site is let in again."""

    site_id: int
    site_code: str
    database_uuid: str
    epoch: int


CENTRAL_DATA = "(central data)"
"""In place of a store that moves: what primary edits, when another site becomes primary (B49)."""


@dataclass(frozen=True)
class Move:
    """A store on its way from one site to another, or that went it; or central data (``CENTRAL_DATA``)."""

    store_id: str
    from_site: int
    to_site: int
    state: MoveState

    @property
    def is_of_store(self) -> bool:
        """Whether a store moves, and not central data."""
        return self.store_id != CENTRAL_DATA

    @property
    def editor(self) -> int | None:
        """The site that may edit what moves, while it does; None while nobody may."""
        if self.state is MoveState.FILLING:
            return None
        return self.to_site if self.state is MoveState.ACTIVATING else self.from_site


@dataclass(frozen=True)
class SiteStatus:
    """What a site is told of itself: how the last exchange ended, its changes that were rejected or wait, the rows that
    it did not take, and those that are still to come."""

    result: str  # an Outcome
    rejected: int
    waiting: int
    not_taken: int
    to_come: int


@dataclass(frozen=True)
class Skipped:
    """A row that is not at its site as it was sent, and why; ``said``: more, in the words of the database (B19)."""

    table_name: str
    record_id: str
    why: str  # a Skip
    said: str | None = None


@dataclass(frozen=True)
class Answer:
    """A site's answer to a change set (M4)."""

    number: int
    content_hash: str
    skipped: tuple[Skipped, ...] = field(default=())
