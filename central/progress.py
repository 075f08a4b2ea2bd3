"""What a running cycle tells whoever looks on, a line at a time."""

from __future__ import annotations

from collections.abc import Callable

Tell = Callable[[str], None]

listeners: list[Tell] = []
"""Called with each line; the command line adds itself here."""


def tell(text: str) -> None:
    """Passes a line on to the listeners."""
    for listener in listeners:
        listener(text)


def more_sites(number: int) -> str:
    """How many sites are left: ``"1 more site"``."""
    return f"{number:,} more site{'s' if number != 1 else ''}"
