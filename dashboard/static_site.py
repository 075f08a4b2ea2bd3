"""The same pages as files: a folder that can be copied, mailed or put on any web server, and opened without one."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from dashboard.answers import DEFAULTS, FOLDER, answer, error_page, export
from dashboard.app import ASSETS
from dashboard.conditions import BadFilter
from dashboard.languages.language import speaking
from dashboard.languages.text import translated
from dashboard.links import FileLinks
from dashboard.reader import Reader
from dashboard.view import NotThere
from wire.whole_files import flush, flush_tree

MARK = "supplysync-pages"
"""A file of this name says that a folder is one of these, so that it may be replaced."""

_LONG = {
    **{f"</{name}>".encode(): b"" for name in ("td", "th", "tr", "li")},
    **{f' class="{name}"'.encode(): f" class={name}".encode() for name in ("n", "t", "w", "name", "wide", "none")},
    **{f' scope="{name}"'.encode(): f" scope={name}".encode() for name in ("row", "col")},
}
"""No text of a site's is among these: in text, and in values of attributes, `<` and `"` are written otherwise."""


class NotOurFolder(Exception):
    """The folder holds something else: it is not replaced."""


def write_site(published: Path, folder: Path, language: str = "en") -> int:
    """Writes every page that links lead to, in one language, and every export; returns how many files. The folder is
    swapped in whole.

    Raises NotOurFolder for a folder that holds something else, NothingPublished where there is nothing to show.
    """
    if folder.exists() and not (folder / MARK).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise NotOurFolder(
            f"`{folder}` holds something else: name a folder that is new, empty, or was written by this command"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        with speaking(language):
            number = _write(published, new)
        new.chmod(0o755)
        flush_tree(new)
        _swap(new, folder)
        flush(folder.parent)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return number


def _write(published: Path, folder: Path) -> int:
    waiting: dict[str, tuple[str, Mapping[str, str]]] = {}
    known: set[str] = set()

    def ask(name: str, path: str, chosen: Mapping[str, str]) -> None:
        if name not in known:
            known.add(name)
            waiting[name] = (path, dict(chosen))

    links = FileLinks(ask, DEFAULTS)
    links.to("/")
    reader = Reader(published)
    with reader.current() as current:
        reading = replace(current, is_for_all=True)
        while waiting:
            name, (path, chosen) = waiting.popitem()
            if path.startswith("/export/"):
                with (folder / name).open("wb") as out:
                    export(reading, path.removeprefix("/export/"), chosen).write_to(out, reading.con)
                continue
            try:
                body = answer(reading, links, path, chosen).body
            except (NotThere, BadFilter) as error:  # one record that cannot be shown stops no other
                body = _nothing(links, error)
            (folder / name).write_bytes(_slim(body))
        (folder / MARK).write_text(f"{reading.version}\n", encoding="utf-8")
    reader.close()
    for name in ASSETS:
        shutil.copyfile(FOLDER / "static" / name, folder / name)
    return len(known) + len(ASSETS)


def _nothing(links: FileLinks, why: Exception) -> bytes:
    said = translated("There is nothing here: %(why)s.", why=why)
    return error_page(links, translated("There is no such page"), said)


def _slim(page: bytes) -> bytes:
    """The page without end tags that HTML lets out and quotes that it does not need: a tenth of it."""
    for long, short in _LONG.items():
        page = page.replace(long, short)
    return page


def _swap(new: Path, folder: Path) -> None:
    """The new folder takes the name; there is no moment with half of either."""
    if not folder.exists():
        new.rename(folder)
        return
    old = new.with_name(new.name + "-old")
    folder.rename(old)
    try:
        new.rename(folder)
    except OSError:
        os.rename(old, folder)  # noqa: PTH104 - put back as it was
        raise
    shutil.rmtree(old, ignore_errors=True)
