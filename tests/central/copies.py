"""Networks made once and copied for each test: making one, and its first cycle, take longer than most tests."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TypeVar

from central.project import warehouse_of
from demo.network.postgres import PostgresServer
from sites.capture.bookmark import Bookmark, bookmark_now
from sites.engines.connection import open_site
from sites.schema import SCHEMA
from tests.central.small_network import Network
from warehouse import keeper
from warehouse.connection import open_warehouse

N = TypeVar("N", bound=Network)
_NUMBERS = count(1)


class Copies:
    """Makes networks when they are first asked for, by name, and copies of them; of PostgreSQL databases too."""

    def __init__(self, server: PostgresServer, folder: Path) -> None:
        self._server = server
        self._folder = folder
        self._originals: dict[str, Network] = {}

    @contextmanager
    def of(self, name: str, make: Callable[[Path, str], N], folder: Path, *, is_kept_open: bool = False) -> Iterator[N]:
        """A copy in ``folder`` of the network that ``make`` makes in a folder, one of its sites in the PostgreSQL
        database of the URL that it is given. The copy's database is gone at the end.

        ``is_kept_open``: the warehouse stays open in this process, and each of the many times that it is opened is
        cheap. Other processes cannot open it meanwhile, nor this one read-only.
        """
        template = f"original_{name}"
        if name not in self._originals:
            folder_of_it = self._folder / name
            with keeper.kept_open(warehouse_of(folder_of_it)):
                self._originals[name] = make(folder_of_it, self._server.create_database(template))
        original: N = self._originals[name]  # type: ignore[assignment]
        database = f"copy_{next(_NUMBERS)}"
        before, here = self._server.url(template), self._server.create_database(database, copy_of=template)
        shutil.copytree(original.folder, folder, symlinks=True, dirs_exist_ok=True)
        urls = {site: here if url == before else url for site, url in original.urls.items()}
        topology = folder / "topology.toml"
        topology.write_text(topology.read_text(encoding="utf-8").replace(f'"{before}"', f'"{here}"'), encoding="utf-8")
        copy = replace(original, folder=folder, urls=urls)
        try:
            with ExitStack() as opened:
                if is_kept_open:
                    opened.enter_context(kept_open(copy.project.warehouse))
                for site, url in urls.items():
                    if url == here:
                        _at_home(copy, site)
                yield copy
        finally:
            self._server.drop_database(database)


def _at_home(network: Network, site: str) -> None:
    """Central takes the copy of a PostgreSQL database for the one that it pulled, and not for a restored one (P6)."""
    with open_warehouse(network.project.warehouse, SCHEMA) as con:
        held = con.execute("select bookmark, cluster, capture from ledger.site where site_code = ?", [site]).fetchall()
        if not held or held[0][0] is None:
            return
        bookmark, before, capture = held[0]
        with open_site(network.urls[site], network.folder) as db, db.transaction(write=False):
            here = bookmark_now(db).cluster
        moved = replace(Bookmark.of_text(bookmark), cluster=here).to_text()
        con.execute(
            "update ledger.site set bookmark = ?, cluster = ?, capture = ? where site_code = ?",
            [moved, here, capture.replace(before, here), site],
        )
        con.execute(
            "update ledger.bookmark set bookmark = replace(bookmark.bookmark, ?, ?) from ledger.site as s "
            "where s.site_id = bookmark.site_id and s.site_code = ?",
            [before, here, site],
        )


_kept: dict[Path, ExitStack] = {}


@contextmanager
def kept_open(warehouse: Path) -> Iterator[None]:
    """The warehouse stays open in this process, for what is made anew.

    Nobody may put another file in its place meanwhile, as this process would go on with the one that it has open: who
    takes it away says so (``lose_warehouse``).
    """
    with ExitStack() as held:
        held.enter_context(open_warehouse(warehouse, SCHEMA))
        _kept[warehouse] = held
        file = warehouse.stat().st_ino
        yield
        if _kept.pop(warehouse, None):
            assert warehouse.stat().st_ino == file, f"`{warehouse}` is another file than the one that was kept open"


def lose_warehouse(warehouse: Path) -> None:
    """The file is gone, and nobody has it open any more."""
    if held := _kept.pop(warehouse, None):
        held.close()
    warehouse.unlink()
