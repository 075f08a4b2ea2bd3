"""Rows that say something of a store and an item: documents with their lines, and stock lines.

What is said of a pair of them changes only where such a row does; so the rows are noted as they were (B16).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DocumentTable:
    """A table of documents with a ``store_id``, the one of its lines with an ``item_id``, and the column of lines that
    names their document. ``has_item``: the document itself is of an item too."""

    name: str
    has_item: bool = False

    @property
    def lines(self) -> str:
        """The table of its lines."""
        return f"{self.name}_line"

    @property
    def key(self) -> str:
        """The column of a line that names its document."""
        return f"{self.name}_id"


DOCUMENTS = (
    DocumentTable("build", has_item=True),
    DocumentTable("inventory_adjustment"),
    DocumentTable("invoice"),
    DocumentTable("prescription"),
    DocumentTable("replenishment"),
)
"""Documents that move stock of a store, by name."""

STOCK = "stock_line"
"""The table whose rows are of a store and an item themselves."""

_NONE = "null"
_SAID = {
    STOCK: ("store_id", "item_id", _NONE),
    **{one.name: ("store_id", "item_id" if one.has_item else _NONE, _NONE) for one in DOCUMENTS},
    **{one.lines: (_NONE, "item_id", one.key) for one in DOCUMENTS},
}

PAIR_TABLES = frozenset(_SAID)
"""All of them."""


def said_of_pair(table: str) -> tuple[str, str, str]:
    """What a row of one of ``PAIR_TABLES`` says of its store, its item and its document, as SQL."""
    return _SAID[table]
