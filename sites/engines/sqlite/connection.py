"""The one place where SQLite files are opened.

B1: through ADBC only. Its wheel carries its own SQLite, and in one process closing a file through
a second library (or a plain ``open``) drops the locks that the first one holds, so nothing else
may touch a file that is open here.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote as escape

import adbc_driver_sqlite.dbapi
from adbc_driver_manager.dbapi import Connection
from sqlalchemy.engine import URL

from sites.engines.errors import SiteFailed, Unreachable
from sites.engines.sqlite.errors import file_errors

_CACHE_KIB = 262_144
_MMAP_BYTES = 2_000_000_000


def open_file(url: URL, folder: Path, *, create: bool) -> Connection:
    """A connection to the file that ``url`` names; a missing one is made only with ``create``."""
    if not url.database or url.database == ":memory:":
        raise SiteFailed("a sqlite site is a file; write sqlite:///FILE")
    path = (folder / url.database).resolve()
    if not create and not path.exists():
        raise Unreachable(f"no file `{url.database}`")
    uri = f"file:{escape(str(path))}?mode={'rwc' if create else 'rw'}"
    try:
        with file_errors():
            return adbc_driver_sqlite.dbapi.connect(uri, autocommit=True)
    except SiteFailed:
        # the driver's own words here are about memory, whatever the cause
        raise SiteFailed(f"the file `{url.database}` cannot be opened; is it a file we may write?") from None


def first_statements(timeout_s: float, *, create: bool) -> list[str]:
    """What every connection runs first: its settings, and a look whether the file is a database at all."""
    settings = [
        f"pragma busy_timeout = {int(timeout_s * 1000)}",
        "pragma foreign_keys = on",
        f"pragma cache_size = -{_CACHE_KIB}",
        f"pragma mmap_size = {_MMAP_BYTES}",
    ]
    journal = ["pragma journal_mode = wal"] if create else []
    return [*settings, *journal, "select count(*) from sqlite_master"]
