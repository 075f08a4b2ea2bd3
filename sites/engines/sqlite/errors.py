"""What the driver of SQLite says when it fails, in the words of ``sites.engines.errors``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import adbc_driver_manager

from sites.engines.errors import SiteFailed, Unreachable

_HOW = re.compile(r"^[A-Z_]+: (?:\[SQLite\] )?(?:Failed to \w+ query: )?")
"""What the driver says before SQLite's own words: of what kind the error is, and what it was doing."""


@contextmanager
def file_errors() -> Iterator[None]:
    """Turn the driver's errors into ours, without the statement they quote."""
    try:
        yield
    except adbc_driver_manager.Error as error:
        text = str(error).partition("\nquery:")[0]
        reason = _HOW.sub("", text)
        if "is locked" in text or "busy" in text:
            raise Unreachable(f"the database is locked by another program ({reason})") from None
        raise SiteFailed(reason) from None
