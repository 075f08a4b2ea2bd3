"""The one place where site databases are opened.

B1: SQLite files are opened through ADBC only. Its wheel carries its own SQLite, and in one
process closing a file through a second library (or a plain ``open``) drops the locks that the
first one holds, so nothing else may touch a file that is open here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote as escaped

import adbc_driver_sqlite.dbapi
import psycopg
from adbc_driver_manager.dbapi import Connection
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from sites.engines.engine import SiteDatabase, SiteFailed, Unreachable, quote
from sites.engines.postgresql.engine import PostgresqlDatabase
from sites.engines.sqlite.engine import SqliteDatabase, translated

__all__ = ["SiteDatabase", "SiteFailed", "Unreachable", "open_site", "quote"]

_CACHE_KIB = 262_144
_MMAP_BYTES = 2_000_000_000
# what a server says when it is there but not ready: worth another try, like no answer at all
_NOT_READY = (
    "starting up",
    "shutting down",
    "recovery mode",
    "too many clients",
    "remaining connection slots",
)


@contextmanager
def open_site(url: str, folder: Path, *, timeout_s: float = 5.0, create: bool = False) -> Iterator[SiteDatabase]:
    """The site database at a SQLAlchemy ``url`` of SQLite or PostgreSQL, closed at the end.

    Relative SQLite paths start from ``folder`` (B17). A missing file is ``Unreachable`` unless
    ``create``, which makes an empty one. ``timeout_s`` bounds the wait for the server and for locks.
    """
    database = _opened(_parsed(url), folder, timeout_s, create)
    try:
        yield database
    finally:
        database.close()


@lru_cache(maxsize=1024)
def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except ArgumentError:
        raise SiteFailed("the database url cannot be read; write sqlite:///FILE or postgresql://") from None


def _opened(url: URL, folder: Path, timeout_s: float, create: bool) -> SiteDatabase:
    match url.get_backend_name():
        case "sqlite":
            return _sqlite(url, folder, timeout_s, create)
        case "postgresql":
            return _postgresql(url, timeout_s)
        case other:
            raise SiteFailed(f"engine `{other}` is not known; allowed: sqlite, postgresql")


def _sqlite(url: URL, folder: Path, timeout_s: float, create: bool) -> SiteDatabase:
    if not url.database or url.database == ":memory:":
        raise SiteFailed("a sqlite site is a file; write sqlite:///FILE")
    path = (folder / url.database).resolve()
    if not create and not path.exists():
        raise Unreachable(f"no file `{url.database}`")
    uri = f"file:{escaped(str(path))}?mode={'rwc' if create else 'rw'}"
    try:
        with translated():
            connection = adbc_driver_sqlite.dbapi.connect(uri, autocommit=True)
    except SiteFailed:
        # the driver's own words here are about memory, whatever the cause
        raise SiteFailed(f"the file `{url.database}` cannot be opened; is it a file we may write?") from None
    return _prepared(connection, timeout_s, create)


def _prepared(connection: Connection, timeout_s: float, create: bool) -> SiteDatabase:
    database = SqliteDatabase(connection)
    settings = [
        f"busy_timeout = {int(timeout_s * 1000)}",
        "foreign_keys = on",
        f"cache_size = -{_CACHE_KIB}",
        f"mmap_size = {_MMAP_BYTES}",
    ]
    try:
        database.script(f"pragma {setting}" for setting in settings)
        if create:
            database.execute("pragma journal_mode = wal")
        database.execute("select count(*) from sqlite_master")  # reads the header: is it a database at all?
    except BaseException:
        database.close()
        raise
    return database


def _postgresql(url: URL, timeout_s: float) -> SiteDatabase:
    # set with the connection, to spare a round trip: how values print, and how long to wait for a lock
    options = f"-c TimeZone=UTC -c DateStyle=ISO,YMD -c lock_timeout={int(timeout_s * 1000)}"
    given: dict[str, Any] = {**url.translate_connect_args(username="user", database="dbname"), **url.query}
    given["options"] = f"{given.get('options', '')} {options}".strip()
    given |= {"client_encoding": "utf8", "application_name": "supplysync"}
    try:
        connection = psycopg.connect(
            autocommit=True, prepare_threshold=None, connect_timeout=max(1, round(timeout_s)), **given
        )
    except psycopg.Error as error:
        raise _refusal(error) from None
    return PostgresqlDatabase(connection)


def _refusal(error: psycopg.Error) -> Exception:
    """No answer is unreachable; an answer that says no is a failure (B12). No value of the url is quoted."""
    text = str(error)
    said = text.rpartition("FATAL:")[2].strip().splitlines()[0] if "FATAL:" in text else ""
    if said and not any(words in said for words in _NOT_READY):
        return SiteFailed(said)
    if not isinstance(error, psycopg.OperationalError):
        return SiteFailed("the database url is not one that PostgreSQL accepts")
    return Unreachable(said or _cause(text))


def _cause(text: str) -> str:
    known = {
        "refused": "connection refused",
        "timeout": "no answer in time",
        "timed out": "no answer in time",
        "resolve": "the host's name is not known",
        "translate host": "the host's name is not known",
        "No such file": "no server listens on that socket",
    }
    return next((words for sign, words in known.items() if sign in text), "the server cannot be reached")
