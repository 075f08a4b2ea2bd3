"""Published snapshots as readers see them: which is current, and opening one.

A snapshot is a file that is never written again, so any number of processes read it without waiting, and whoever opened
it sees one whole cycle however long it reads (W1).
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from warehouse.connection import Connection, read_only
from warehouse.reports.files import published_reports

_FILE = re.compile(r"\d{8}\.duckdb")


class NothingPublished(Exception):
    """No snapshot was published yet, or the folder is not there."""


class PublishedEarlier(NothingPublished):
    """What was asked for is not in the snapshot, which an earlier version published."""

    def __init__(self) -> None:
        """It says the way out."""
        super().__init__(
            "this needs what the published file, of an earlier version, does not have: the next cycle publishes one "
            "that has it, or `supplysync warehouse publish`"
        )


@dataclass(frozen=True)
class Snapshot:
    """A published state of the warehouse: its number, and the file, which is never written again."""

    number: int
    path: Path


def current(folder: Path) -> Snapshot:
    """The snapshot that ``current.duckdb`` names. Raises NothingPublished where there is none."""
    pointer = folder / "current.duckdb"
    if not pointer.is_symlink():
        raise NothingPublished(f"nothing is published in `{folder}` yet: run `supplysync sync`")
    path = pointer.resolve()
    if not path.is_file():
        raise NothingPublished(f"`{pointer}` names `{path.name}`, which is not there: run `supplysync sync`")
    return Snapshot(int(path.stem), path)


def snapshots(folder: Path) -> list[Snapshot]:
    """Every snapshot of the folder, the newest first."""
    found = (path for path in folder.glob("*.duckdb") if _FILE.fullmatch(path.name))
    return sorted((Snapshot(int(path.stem), path) for path in found), key=lambda snapshot: -snapshot.number)


def manifest(snapshot: Snapshot) -> Mapping[str, Any] | None:
    """What the snapshot's manifest says: number, cycle, as_of_at, as_of_date, database, reports, completeness, ...;
    None where there is no such file, or no whole one."""
    try:
        found = json.loads((snapshot.path.with_suffix("") / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


@contextmanager
def open_snapshot(snapshot: Snapshot, memory: str | None = None) -> Iterator[Connection]:
    """The snapshot, read-only; with ``memory`` (as ``96MB``) DuckDB keeps no more than that."""
    with read_only(snapshot.path, memory) as con:
        yield con


@contextmanager
def told_of_version(
    con: Connection,
    reports: Collection[str] | None = None,
    database: str | None = None,
    others: tuple[type[Exception], ...] = (),
) -> Iterator[None]:
    """Where a query names what is not there, or a row lacks it (KeyError, or ``others``), and a snapshot (in
    ``database``, the current one unless named) lacks columns of ``reports`` (all that are published, unless named) as
    this version has them, that is why: raises PublishedEarlier."""
    kinds: tuple[type[Exception], ...] = (duckdb.BinderException, duckdb.CatalogException, KeyError, *others)
    try:
        yield
    except kinds as error:
        if not _lacks(con, reports, database):
            raise
        raise PublishedEarlier from error


def _lacks(con: Connection, reports: Collection[str] | None, database: str | None) -> bool:
    held = con.execute(
        "select table_name, column_name from duckdb_columns() where schema_name = 'reports' "
        "and database_name = coalesce(?, current_database())",
        [database],
    ).fetchall()
    wanted = {
        (file.name, column)
        for file in published_reports()
        if reports is None or file.name in reports
        for column in file.columns
    }
    return not wanted <= {(table, column) for table, column in held}
