"""The words of the field as values: what crosses the borders between the packages.

One word a thing (spec section 1). Frames that cross a border have the columns declared in
``sync_rules.frames``; everything else that crosses is a frozen dataclass or an enum from here.
"""

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


@dataclass(frozen=True)
class Identity:
    """Who a site database says it is (P6). ``epoch`` grows when a restored site is let in again."""

    site_id: int
    site_code: str
    database_uuid: str
    epoch: int


@dataclass(frozen=True)
class Skipped:
    """A row that delivery left alone, and why (B19)."""

    table_name: str
    record_id: str
    why: str  # "edited_since_pull" or "still_referenced"


@dataclass(frozen=True)
class Answer:
    """A site's answer to a change set (M4)."""

    number: int
    content_hash: str
    skipped: tuple[Skipped, ...] = field(default=())
