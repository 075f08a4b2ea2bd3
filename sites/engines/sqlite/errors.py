"""What the driver of SQLite says when it fails, in the words of ``sites.engines.errors``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import adbc_driver_manager

from sites.engines.errors import SiteFailed, Unreachable


@contextmanager
def file_errors() -> Iterator[None]:
    """Turn the driver's errors into ours, without the statement they quote."""
    try:
        yield
    except adbc_driver_manager.Error as error:
        text = str(error).partition("\nquery:")[0]
        reason = text.rpartition(": ")[2] if "constraint failed" not in text else text.partition(": ")[2]
        if "is locked" in text or "busy" in text:
            raise Unreachable(f"the database is locked by another program ({reason})") from None
        raise SiteFailed(reason) from None
