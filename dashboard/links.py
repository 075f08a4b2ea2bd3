"""Where links lead: to an address of the server, or to a file beside this one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol
from urllib.parse import quote, urlencode

from dashboard.conditions import LONGEST, SEVERAL, values_of

RECORD_PAGES = ("/sync/", "/stock/item/", "/stock/store/", "/transfers/of/")
"""Pages of one record each: a code follows."""

_PLAIN = re.compile(r"[^A-Za-z0-9_.-]")
_LONGEST_STEM = 120


class Links(Protocol):
    """How a page names another."""

    is_static: bool

    def holds(self, value: str | None) -> bool:
        """Can an address hold this value of a site's? Where it cannot, there is text and no link."""

    def keeps(self, path: str, name: str) -> bool:
        """Is there such a page for each value of this parameter? Where not, nobody is led to one."""

    def hidden(self, path: str) -> Mapping[str, str]:
        """What a form of the page at this path must send along besides what is chosen."""

    def to(self, path: str, **chosen: str) -> str:
        """A page, filtered."""

    def changed(self, path: str, chosen: Mapping[str, str], name: str, value: str | None) -> str:
        """A page with what is chosen, but this one parameter set to the value, or not set at all."""

    def export(self, report: str, file_format: str, chosen: Mapping[str, str]) -> str:
        """A report as a file."""

    def asset(self, name: str) -> str:
        """The style sheet, the icon."""


def joined(path: str, asked: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
    """The path of a record whose code is a parameter, and what else is asked."""
    if path not in RECORD_PAGES or "code" not in asked:
        return path, asked
    return path + asked["code"], {name: value for name, value in asked.items() if name != "code"}


def _apart(path: str) -> tuple[str, Mapping[str, str]]:
    """A code that browsers and proxies would make another of (parts `.` or `..` or nothing; `%2e`) is a parameter."""
    for start in RECORD_PAGES:
        code = path.removeprefix(start)
        if code != path and code and ("%" in code or any(part in ("", ".", "..") for part in code.split("/"))):
            return start, {"code": code}
    return path, {}


class ServedLinks:
    """Addresses of the server; ``root`` is where a proxy has put it."""

    is_static = False

    def __init__(self, root: str = "") -> None:
        """``root`` without a slash at its end."""
        self._root = root

    def holds(self, value: str | None) -> bool:
        """Some text, and no more than is taken."""
        return bool(value) and len(value or "") <= LONGEST and SEVERAL not in (value or "")

    def keeps(self, path: str, name: str) -> bool:  # noqa: ARG002 - as files
        """Every page is made when it is asked for."""
        return True

    def hidden(self, path: str) -> Mapping[str, str]:
        """The code, where it is a parameter."""
        return _apart(path)[1]

    def to(self, path: str, **chosen: str) -> str:
        """The address, its parts escaped."""
        place, code = _apart(path)
        query = urlencode({name: values_of(value) for name, value in {**code, **chosen}.items()}, doseq=True)
        return f"{self._root}{quote(place, safe='/')}{'?' if query else ''}{query}"

    def changed(self, path: str, chosen: Mapping[str, str], name: str, value: str | None) -> str:
        """All that is chosen stays, but for the page number."""
        kept = {key: old for key, old in chosen.items() if key not in (name, "page")}
        return self.to(path, **kept, **({name: value} if value is not None else {}))

    def export(self, report: str, file_format: str, chosen: Mapping[str, str]) -> str:
        """The address of the file."""
        return self.to(f"/export/{report}.{file_format}", **chosen)

    def asset(self, name: str) -> str:
        """Its address."""
        return f"{self._root}/{name}"


_CHOICES = frozenset(
    {"band", "within", "risk", "shelf", "out", "under_way", "in_transit", "state", "kind", "differs", "status", "site",
     "silent", "issue", "tracer", "due", "order", "sort", "stores", "measure", "by",
     "activity"}
)  # fmt: skip
_KEPT = frozenset(
    {("/stock", "list"), ("/batches", "store"), ("/expiry", "store"), ("/stockouts", "store"), ("/transfers", "store"),
     ("/transfers", "to"), ("/usage", "store"), ("/dictionary", "kind"),
     ("/reorder", "store")}
)  # fmt: skip


class FileLinks:
    """Names of files in one folder. ``ask`` hears of every one, so that it can be written.

    One filter at a time, of the few that people look through a folder for; the first page of a list, which says that
    all of it is in the download; reports whole as exports. All combinations would be more files than anyone could copy.
    """

    is_static = True

    def holds(self, value: str | None) -> bool:
        """Any text: names of files are made of it."""
        return bool(value)

    def keeps(self, path: str, name: str) -> bool:
        """Choices of a few are kept everywhere but on pages of one record; stores and lists of items where named."""
        if path.startswith("/stock/store/"):
            return name == "page"
        if name == "page":
            return path == "/stock"
        return name in _CHOICES or (path, name) in _KEPT

    def hidden(self, path: str) -> Mapping[str, str]:  # noqa: ARG002 - as served
        """There are no forms."""
        return {}

    def __init__(
        self,
        ask: Callable[[str, str, Mapping[str, str]], None],
        defaults: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    ) -> None:
        """``ask`` gets the file's name, the page's path, and what is chosen there. ``defaults`` are what pages choose
        by themselves: a page that is asked for these is the page."""
        self._ask = ask
        self._defaults = defaults
        self._taken: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {}
        self._names: dict[tuple[str, tuple[tuple[str, str], ...]], str] = {}

    def to(self, path: str, **chosen: str) -> str:
        """The name of the page's file."""
        parts = [part for part in path.split("/") if part] or ["index"]
        own = self._defaults.get(path, {})
        kept = {name: value for name, value in chosen.items() if self.keeps(path, name) and own.get(name) != value}
        return self._name(path, kept, "-".join(parts), "html")

    def changed(self, path: str, chosen: Mapping[str, str], name: str, value: str | None) -> str:
        """The page with this parameter only; page numbers go with what is chosen."""
        if name == "page":
            kept = {key: old for key, old in chosen.items() if key != "page"}
            return self.to(path, **kept, **({"page": value} if value is not None else {}))
        return self.to(path, **({name: value} if value is not None else {}))

    def export(self, report: str, file_format: str, chosen: Mapping[str, str]) -> str:  # noqa: ARG002 - as served
        """The name of the file: all rows of the report."""
        return self._name(f"/export/{report}.{file_format}", {}, f"export-{report}", file_format)

    def asset(self, name: str) -> str:
        """It lies beside the pages."""
        return name

    def _name(self, path: str, chosen: Mapping[str, str], stem: str, ending: str) -> str:
        """A name that any file system takes, and that differs by more than case."""
        key = (path, tuple(sorted(chosen.items())))
        if key in self._names:
            return self._names[key]
        text = ".".join([stem, *(f"{name}-{value}" for name, value in key[1])])
        short = _PLAIN.sub(lambda found: f"~{ord(found.group()):x}", text)
        if len(short) > _LONGEST_STEM:
            short = f"{short[: _LONGEST_STEM - 20]}~{hashlib.sha256(short.encode()).hexdigest()[:16]}"
        number = 1
        while self._taken.setdefault((name := self._numbered(short, number, ending)).casefold(), key) != key:
            number += 1
        self._names[key] = name
        self._ask(name, path, chosen)
        return name

    @staticmethod
    def _numbered(short: str, number: int, ending: str) -> str:
        return f"{short}.{ending}" if number == 1 else f"{short}.{number}.{ending}"
