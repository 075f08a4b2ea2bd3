"""Who looks on while a site is read or written."""

from collections.abc import Callable, Mapping

Left = Callable[[int], None]
"""Told how many records are left to be read or written, as the work goes on."""


def unwatched(records: int) -> None:
    """Nobody looks on."""


class CountDown:
    """Tells what is left of the records of some tables, worked at one after the other, and of ``more`` after them."""

    def __init__(self, left: Left, records: Mapping[str, int], more: int = 0) -> None:
        self._left = left
        self._tables = dict(records)
        self._more = more

    def begins(self, table: str) -> None:
        """Work at a table begins; its records are done when the next one begins."""
        self._left(sum(self._tables.values()) + self._more)
        self._tables.pop(table, None)

    def ends(self) -> None:
        """All tables are done."""
        self._left(self._more)
