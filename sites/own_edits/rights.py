"""What supplysync itself may edit at a site: what the site's own people may."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StoreRights:
    """The ids of the ``stores`` that are active on the site, and whether it is primary."""

    stores: frozenset[str] = frozenset()
    is_primary: bool = False


NO_RIGHTS = StoreRights()
