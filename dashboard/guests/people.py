"""Who may see the pages, and of which stores: a file of the project that only its owner can write."""

from __future__ import annotations

import json
import os
import re
import stat
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from dashboard.languages.text import counted_text, translated
from wire.file_errors import naming
from wire.whole_files import write_whole

FILE = "dashboard-users.json"
"""Its name in the folder of a project."""

EVERYBODY = "*"
"""The name that stands for whoever else a proxy lets in."""

VIEWER, OPERATOR = ROLES = ("viewer", "operator")
"""What somebody is. The file says it of each; who has no role in it is a viewer."""

_FEW = 5
"""So many stores or regions are named."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,99}")
_OTHERS_MAY = stat.S_IWGRP | stat.S_IRWXO


class RosterUnusable(ValueError):
    """The file of users cannot be used: it is broken, or others may read it or write to it."""


class BadName(ValueError):
    """Nobody can have this name."""


@dataclass(frozen=True)
class Sight:
    """What somebody may see: all stores, or those of some codes and of some regions."""

    is_all: bool = False
    stores: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """What it is, for people."""
        parts = [*_regions(self.regions), *_stores(self.stores)]
        if self.is_all or not parts:
            return translated("all stores") if self.is_all else translated("no store")
        return " ".join([parts[0], *(translated("and %(others)s", others=one) for one in parts[1:])])

    def lacking(self, stores: Collection[str], regions: Collection[str]) -> Sight:
        """What of it is not there, where there are these stores, by code, and these regions."""
        gone = [tuple(one for one in named if one not in there)
                for named, there in ((self.stores, stores), (self.regions, regions))]  # fmt: skip
        return Sight(False, *gone)


def _regions(names: tuple[str, ...]) -> Iterator[str]:
    number, listed = len(names), ", ".join(names)
    if number > _FEW:
        yield counted_text("%(number)s region", "%(number)s regions", number, number=number)
    elif number:
        yield counted_text("region %(names)s", "regions %(names)s", number, names=listed)


def _stores(names: tuple[str, ...]) -> Iterator[str]:
    number, listed = len(names), ", ".join(names)
    if number > _FEW:
        yield counted_text("%(number)s store", "%(number)s stores", number, number=number)
    elif number:
        yield counted_text("store %(names)s", "stores %(names)s", number, names=listed)


WHOLE = Sight(is_all=True)
NOTHING = Sight()


@dataclass(frozen=True)
class Viewer:
    """Somebody who may see pages; without a ``password`` (what `sealed` made of one) only a proxy can let them in. An
    operator sees all stores, and both versions of rejected changes (precision 36)."""

    name: str
    sight: Sight
    password: str | None = field(default=None, repr=False)
    is_operator: bool = False

    @property
    def sees(self) -> str:
        """What they see, for people."""
        return translated("%(sees)s, as operator", sees=self.sight.words) if self.is_operator else self.sight.words


def role_of(viewer: Viewer) -> str:
    """What somebody is, by its name."""
    return OPERATOR if viewer.is_operator else VIEWER


def plain_name(name: str) -> str:
    """The name as it is kept: capitals make no difference. Raises BadName for one that cannot be."""
    if name != EVERYBODY and not _NAME.fullmatch(name):
        raise BadName(
            f"`{name[:100]}` cannot be a name: it has letters without accents, digits, `.`, `_`, `-`, `+`, `@`, up to "
            f"100; `{EVERYBODY}` stands for whoever a proxy lets in"
        )
    return name.lower()


class Roster:
    """The file: read again when it has changed, so that who is taken off it is out at the next request."""

    def __init__(self, path: Path) -> None:
        """It need not be there: then nobody is on it."""
        self.path = path
        self._lock = threading.Lock()
        self._read: tuple[object, Mapping[str, Viewer]] = (None, {})

    def viewers(self) -> Mapping[str, Viewer]:
        """Everybody on it, by name. Raises RosterUnusable."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return {}
        if os.name == "posix" and found.st_mode & _OTHERS_MAY:
            raise RosterUnusable(f"others may read or write `{self.path}`: `chmod 600 {self.path}`")
        version = (found.st_mtime_ns, found.st_ino, found.st_size)
        with self._lock:
            if self._read[0] != version:
                self._read = (version, self._parsed())
            return self._read[1]

    def find(self, name: str) -> Viewer | None:
        """Who has this name, as people type it; None where nobody has. Raises RosterUnusable."""
        return self.viewers().get(name.lower())

    @contextmanager
    def changing(self) -> Iterator[dict[str, Viewer]]:
        """Its viewers, to be changed by the body, and written whole at its end. Raises RosterUnusable."""
        viewers = dict(self.viewers())
        yield viewers
        people = {name: _without_name(viewers[name]) for name in sorted(viewers)}
        before = os.umask(0o077)
        try:
            write_whole(self.path, json.dumps({"users": people}, indent=1, ensure_ascii=False) + "\n")
        finally:
            os.umask(before)

    def _parsed(self) -> Mapping[str, Viewer]:
        with naming(self.path):
            text = self.path.read_text(encoding="utf-8")
        try:
            users = json.loads(text)["users"]
            return {plain_name(name): _viewer(plain_name(name), said) for name, said in users.items()}
        except (ValueError, KeyError, TypeError, AttributeError):
            raise RosterUnusable(
                f"`{self.path}` is no file of users: `supplysync dashboard users` writes it; put it right or remove it"
            ) from None


def _without_name(viewer: Viewer) -> dict[str, Any]:
    return {"sees": asdict(viewer.sight), "role": role_of(viewer), "password": viewer.password}


def _viewer(name: str, said: Mapping[str, Any]) -> Viewer:
    sees = said["sees"]
    role = said.get("role", VIEWER)
    if type(sees["is_all"]) is not bool or not isinstance(said["password"], str | None) or role not in ROLES:
        raise TypeError(name)
    is_operator = role == OPERATOR
    if is_operator and (not sees["is_all"] or name == EVERYBODY):
        raise ValueError(name)
    sight = Sight(sees["is_all"], _texts(sees["stores"]), _texts(sees["regions"]))
    return Viewer(name, sight, said["password"], is_operator)


def _texts(found: object) -> tuple[str, ...]:
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise TypeError(found)
    return tuple(found)
