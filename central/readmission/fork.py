"""Where the line of a restored database left the one that central knows (B50)."""

from __future__ import annotations

from collections.abc import Sequence

from sites.capture.bookmark import Bookmark, is_in_log
from sites.engines.connection import SiteDatabase
from warehouse.ledger.readmissions import KeptBookmark


def find_fork(db: SiteDatabase, kept: Sequence[KeptBookmark]) -> KeptBookmark | None:
    """The last of the places up to which the site was read that its log still has; None where it has none of them.

    ``kept``: the last one first. In the caller's transaction.
    """
    return next((one for one in kept if one.bookmark and is_in_log(db, Bookmark.of_text(one.bookmark))), None)
