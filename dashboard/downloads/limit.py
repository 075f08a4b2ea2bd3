"""To which stores a download is limited: whoever is given the file cannot ask who made it."""

from __future__ import annotations

from dashboard.reader import Reading

LIMITED = "limited to stores"
"""What files call it beside their filters."""


def limit_of(reading: Reading) -> str:
    """The codes of the stores seen, where only some are; nothing where all are."""
    if not reading.is_part:
        return ""
    return ", ".join(sorted(reading.codes["store"])) or "none"
