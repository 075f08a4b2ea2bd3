"""What supplysync itself may edit at a site: what the site's own people may."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sync_rules.words import CENTRAL_DATA


@dataclass(frozen=True)
class StoreRights:
    """The ids of the ``stores`` that are active on the site, and whether it is primary."""

    stores: frozenset[str] = frozenset()
    is_primary: bool = False

    def without(self, stores: Iterable[str]) -> StoreRights:
        """The rights that are left where ``stores`` are handed over, or central data (B49)."""
        given = frozenset(stores)
        return replace(self, stores=self.stores - given, is_primary=self.is_primary and CENTRAL_DATA not in given)


NO_RIGHTS = StoreRights()
