"""Readers of what somebody may see: of all, the snapshots themselves; of some stores, files with their part."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections import OrderedDict
from pathlib import Path

from dashboard.guests.people import Sight
from dashboard.reader import Reader
from warehouse.snapshots.current import Snapshot
from warehouse.snapshots.portion import REPORTS_OF_SOME, write_portion

MOST_READERS = 32
"""So many different parts are kept at once: others are written anew when they are asked for."""


class Readers:
    """One reader for each sight. Parts lie in a folder that only this user can read, until the server ends."""

    def __init__(self, published: Path) -> None:
        """``published`` is the folder of the snapshots."""
        self._published = published
        self._whole = Reader(published)
        self._lock = threading.Lock()
        self._parts: OrderedDict[Sight, _Parts] = OrderedDict()
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def of(self, sight: Sight) -> Reader:
        """The reader of what this sight has."""
        if sight.is_all:
            return self._whole
        with self._lock:
            if self._folder is None:
                self._folder = tempfile.TemporaryDirectory(prefix="supplysync-pages-")
            if sight not in self._parts:
                self._parts[sight] = _Parts(self._published, Path(tempfile.mkdtemp(dir=self._folder.name)), sight)
            self._parts.move_to_end(sight)
            while len(self._parts) > MOST_READERS:
                self._parts.popitem(last=False)[1].close()
            return self._parts[sight].reader

    def close(self) -> None:
        """Closes all; what was written goes."""
        with self._lock:
            self._whole.close()
            for parts in self._parts.values():
                parts.close()
            if self._folder is not None:
                self._folder.cleanup()


class _Parts:
    """The part of one sight: of the current snapshot, and of the one before, which downloads may still be made of."""

    def __init__(self, published: Path, folder: Path, sight: Sight) -> None:
        self._folder = folder
        self._sight = sight
        self.reader = Reader(published, self._part, REPORTS_OF_SOME, sight)

    def close(self) -> None:
        self.reader.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _part(self, snapshot: Snapshot) -> Snapshot:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path = self._folder / snapshot.path.name
        made = sorted(self._folder.glob("[0-9]*.duckdb"), key=lambda one: one.stat().st_mtime_ns)
        for old in made[:-1]:
            old.unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        draft = path.with_suffix(".new")
        draft.unlink(missing_ok=True)
        write_portion(snapshot.path, draft, stores=self._sight.stores, regions=self._sight.regions)
        draft.rename(path)
        return Snapshot(snapshot.number, path)
