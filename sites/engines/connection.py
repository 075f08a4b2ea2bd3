"""Opening a site's database, whatever its engine.

Each engine's own ``connection`` module opens databases of that engine, and nothing else does (B1).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from sites.engines.engine import SiteDatabase
from sites.engines.errors import SiteFailed, Unreachable
from sites.engines.registry import ENGINES
from sites.engines.sql import quote

__all__ = ["SiteDatabase", "SiteFailed", "Unreachable", "open_site", "quote", "unopened_mark"]


@contextmanager
def open_site(url: str, folder: Path, *, timeout_s: float = 5.0, create: bool = False) -> Iterator[SiteDatabase]:
    """The site database at a SQLAlchemy ``url``, such as ``sqlite:///sites/clinic.sqlite``, closed at the end.

    Relative paths of files start from ``folder`` (B17). A missing file is ``Unreachable`` unless
    ``create``, which makes an empty one; a server's databases are not made here. ``timeout_s`` bounds
    the wait for the server and for locks. Raises SiteFailed for a URL that cannot be used.
    """
    parts = _parts(url)
    database = _engine(parts).connect(parts, folder, timeout_s=timeout_s, create=create)
    try:
        yield database
    finally:
        database.close()


def unopened_mark(url: str, folder: Path) -> str | None:
    """What is another text after anybody wrote into the database at ``url``, told without opening it; None where that
    cannot be told. Raises SiteFailed for a URL that cannot be used."""
    parts = _parts(url)
    return _engine(parts).unopened_mark(parts, folder)


def _engine(parts: URL) -> type[SiteDatabase]:
    engine = ENGINES.get(parts.get_backend_name())
    if engine is None:
        raise SiteFailed(f"engine `{parts.get_backend_name()}` is not known; allowed: {', '.join(ENGINES)}")
    return engine()


@lru_cache(maxsize=1024)
def _parts(url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError):  # the second for a port that is no number, whose text it would quote
        raise SiteFailed("the database url cannot be read; write sqlite:///FILE or postgresql://") from None
