"""Who looks at a page, and which pages there are for somebody who sees only some stores (precision 37)."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.languages.text import translated

OF_SOME_STORES = frozenset(
    {"/", "/compare", "/sync", "/reporting", "/stock", "/stock/list", "/stock/months", "/stock/card", "/stock/pair",
     "/batches", "/value", "/stocktakes", "/losses", "/usage", "/expiry", "/stockouts", "/bands", "/reorder",
     "/quality", "/dictionary", "/orders", "/orders/fill", "/orders/lead", "/transfers", "/transfers/lines"}
)  # fmt: skip
OF_SOME_RECORDS = ("/sync/", "/stock/item/", "/stock/store/", "/runbook/", "/transfers/of/")
"""Pages that can be of some stores only. Who sees no others has these: the rest are of the network, of documents, or
tell of another store's stock. Of transfers and orders they have those of which a store of theirs is a party."""


class NotAllowed(PermissionError):
    """A page or report that is there, and not for who sees only some stores. The page says 403."""


@dataclass(frozen=True)
class Guest:
    """Who is signed in, and what they see, in words; ``form`` is what signing out takes, None where a proxy let them
    in."""

    name: str
    sees: str
    form: str | None = None


def may_be_of_some(path: str) -> bool:
    """Has whoever sees some stores the page at this path?"""
    return path in OF_SOME_STORES or path.startswith(OF_SOME_RECORDS)


def refuse_unseen(path: str, *, is_part: bool) -> None:
    """Raises NotAllowed for a page that is not for who sees some stores."""
    if is_part and not may_be_of_some(path):
        raise NotAllowed(
            translated("this page is of the whole network, or of two stores: it is for who sees all stores")
        )
