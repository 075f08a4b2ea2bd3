"""Databases of sites that are put back from a backup of their own, copied, lost, or new (B50, O5)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from central.decisions import write_decision
from central.project import load
from sites import schema
from sites.capture import triggers
from sites.engines.connection import open_site
from sites.engines.sql import quote
from sites.schema import SCHEMA
from sync_rules.words import DecisionKind
from tests.central.clinics import Clinics
from tests.central.small_network import Network


class Backup:
    """A backup of a site's database, made by its own people; ``put_back`` as often as one likes."""

    def __init__(self, network: Network, site: str, name: str) -> None:
        self._folder = network.folder
        self._url = network.urls[site]
        self._name = name
        self._copy(kept=True)

    def put_back(self) -> None:
        """The database is as it was when the backup was made, whatever it is now."""
        self._copy(kept=False)

    def _copy(self, *, kept: bool) -> None:
        if (file := _file(self._folder, self._url)) is not None:
            pair = (file, file.with_suffix(f".{self._name}"))
            shutil.copyfile(*(pair if kept else pair[::-1]))
            return
        name, server = _database(self._url)
        source, target = (name, f"{name}_{self._name}") if kept else (f"{name}_{self._name}", name)
        with open_site(server, Path()) as db:
            db.execute(f"drop database if exists {quote(target)} with (force)")
            db.execute(f"create database {quote(target)} template {quote(source)}")

    def remove(self) -> None:
        """The backup is gone."""
        if _file(self._folder, self._url) is None:
            name, server = _database(self._url)
            with open_site(server, Path()) as db:
                db.execute(f"drop database if exists {quote(f'{name}_{self._name}')} with (force)")


@contextmanager
def backup(network: Network, site: str, name: str = "backup") -> Iterator[Backup]:
    """A backup of a site's database as it is now."""
    made = Backup(network, site, name)
    try:
        yield made
    finally:
        made.remove()


def make_empty(network: Network, site: str, *, is_ready: bool = True) -> None:
    """The site's database is lost; there is a new one in its place, with the program's tables and capture, or nothing
    yet."""
    url = network.urls[site]
    if (file := _file(network.folder, url)) is not None:
        file.unlink()
    else:
        name, server = _database(url)
        with open_site(server, Path()) as db:
            db.execute(f"drop database {quote(name)} with (force)")
            db.execute(f"create database {quote(name)}")
    if not is_ready:
        return
    with open_site(url, network.folder, create=True) as db:
        schema.create(db)
        triggers.install(db, SCHEMA)


def readmit(clinics: Clinics, site: str, what: str, taken: Sequence[str] = ()) -> None:
    """An operator lets the site in again, with the next cycle."""
    write_decision(
        load(clinics.folder).pulls,
        DecisionKind.READMIT,
        site,
        reason=None,
        now=clinics.later(),
        decided_by="ana@server",
        record_id=what,
        records=taken,
    )


def _file(folder: Path, url: str) -> Path | None:
    scheme, _, rest = url.partition("://")
    return folder / rest.lstrip("/") if scheme == "sqlite" else None


def _database(url: str) -> tuple[str, str]:
    """The name of a database, and the URL of its server's own."""
    scheme, _, rest = url.partition("://")
    where, _, how = rest.partition("?")
    name = where.rpartition("/")[2]
    return name, f"{scheme}://{where.removesuffix(name)}postgres?{how}"
