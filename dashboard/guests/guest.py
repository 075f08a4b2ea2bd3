"""Who looks at a page, and which pages there are for somebody who sees only some stores (precision 37)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from dashboard.guests.people import Sight
from dashboard.languages.text import translated

OF_SOME_STORES = frozenset(
    {"/", "/compare", "/history", "/sync", "/reporting", "/stock", "/stock/list", "/stock/months", "/stock/card",
     "/stock/pair",
     "/batches", "/value", "/stocktakes", "/losses", "/usage", "/expiry", "/stockouts", "/bands", "/reorder",
     "/quality", "/dictionary", "/orders", "/orders/fill", "/orders/lead", "/transfers", "/transfers/lines"}
)  # fmt: skip
OF_SOME_RECORDS = ("/sync/", "/stock/item/", "/stock/store/", "/runbook/", "/transfers/of/")
"""Pages that can be of some stores only. Who sees no others has these: the rest are of the network, of documents, or
tell of another store's stock. Of transfers and orders they have those of which a store of theirs is a party."""

_OF_NO_STORE = ("/dictionary", "/runbook/")
"""Pages without a figure."""


class SeenReports(Protocol):
    """What is read for somebody, as far as it matters here: as a reading has it."""

    @property
    def is_part(self) -> bool:
        """Are only some stores seen?"""

    @property
    def is_blind(self) -> bool:
        """Is there none of them?"""

    @property
    def lacking(self) -> Sight:
        """What of them is not there."""

    def holds(self, report: str) -> bool:
        """Is the report there?"""


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


def refuse_blind(reading: SeenReports) -> None:
    """Raises NotAllowed where there is no store of those that somebody may see: zeros would be good news (W4)."""
    if reading.is_blind:
        raise NotAllowed(
            translated(
                "you may see %(sees)s, and nothing of that is in what is published: of it nothing is known, which is "
                "not zero; who runs the server can put right what you may see",
                sees=reading.lacking.words,
            )
        )


def refuse_unseen(path: str, reading: SeenReports) -> None:
    """Raises NotAllowed for a page that is not for who sees some stores, or has figures of none."""
    if not path.startswith(_OF_NO_STORE):
        refuse_blind(reading)
    if reading.is_part and not may_be_of_some(path):
        raise NotAllowed(
            translated("this page is of the whole network, or of two stores: it is for who sees all stores")
        )


def refuse_unseen_report(report: str, reading: SeenReports) -> None:
    """Raises NotAllowed for a report that is not for who sees some stores."""
    if not reading.holds(report):
        raise NotAllowed(
            translated(
                "report `%(report)s` is of the whole network, or of two stores: it is for who sees all stores",
                report=report,
            )
        )
