"""What the driver of SQLite says when it fails, in the words of ``sites.engines.errors``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import adbc_driver_manager

from sites.engines.errors import DatabaseDamaged, RowRefused, SiteFailed, Unreachable

_HOW = re.compile(r"^[A-Z_]+: (?:\[SQLite\] )?(?:[Ff]ailed to \w+ (?:query|statement): )?")
"""What the driver says before SQLite's own words: of what kind the error is, and what it was doing."""


_OF_A_TRIGGER = re.compile(r"^no such (function|table|column)|has no column named")
_OF_THE_FILE = ("full", "disk I/O", "readonly", "malformed", "memory", "interrupted", "unable to open")
_DAMAGED = ("file is not a database", "malformed")


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
        if _is_of_a_row(error, text, reason):
            raise RowRefused(reason) from None
        raise DatabaseDamaged(reason) if any(words in reason for words in _DAMAGED) else SiteFailed(reason) from None


def _is_of_a_row(error: Exception, text: str, reason: str) -> bool:
    """Whether SQLite has something against a row. Of the second row of many the driver says so without its kind; what
    it does not know of in a statement of ours is named by a trigger of the site's program."""
    if isinstance(error, adbc_driver_manager.IntegrityError) or _OF_A_TRIGGER.search(reason):
        return True
    return "reset statement" in text and not any(words in reason for words in _OF_THE_FILE)
