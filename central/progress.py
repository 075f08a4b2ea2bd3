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
