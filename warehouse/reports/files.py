"""The reports as files: one view a file of folder ``reports``, its meaning, grain and columns in the header."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

_FOLDER = Path(__file__).parent
_PARTS = _FOLDER / "parts"
_UNPUBLISHED = _FOLDER / "unpublished"
_GRAIN = "One row is: "
_COLUMN = re.compile(r"(\w+): (.+)")
_NAMED = re.compile(r"\breports\.(\w+)")
_BY_PAIR = re.compile(r"By pair\.(?: Looks up: (.+))?")

PARTS = frozenset(path.stem for path in _PARTS.glob("*.sql"))
"""Views that reports are made of, and are none themselves: not published, no page, no command."""

UNPUBLISHED = frozenset(path.stem for path in _UNPUBLISHED.glob("*.sql"))
"""Reports of the working warehouse alone: they name people."""


@dataclass(frozen=True)
class ReportFile:
    """A view of schema ``reports``: ``columns`` maps each column to what it means, in the view's order.

    ``is_by_pair``: the rows of a store and an item follow from what documents and stock lines say of these alone, so
    that they are worked out again by themselves; ``looks_up`` are tables of such rows of which it reads any row.
    """

    name: str
    sql: str
    meaning: str
    grain: str
    columns: Mapping[str, str]
    needs: frozenset[str]
    is_by_pair: bool
    looks_up: frozenset[str]

    @property
    def comment(self) -> str:
        """What the view is and what one row of it is, as its comment says."""
        return f"{self.meaning} {_GRAIN}{self.grain}"


@cache
def report_files() -> tuple[ReportFile, ...]:
    """Every view, each after those it names; ties by name. Raises ValueError for a file without a header."""
    folders = (_FOLDER, _PARTS, _UNPUBLISHED)
    paths = sorted((path for folder in folders for path in folder.glob("*.sql")), key=lambda path: path.stem)
    found = {path.stem: _read(path) for path in paths}
    order = TopologicalSorter({name: sorted(file.needs) for name, file in found.items()})
    return tuple(found[name] for name in order.static_order())


def published_reports() -> tuple[ReportFile, ...]:
    """Those that snapshots have, in the same order."""
    return tuple(file for file in report_files() if file.name not in PARTS | UNPUBLISHED)


def macros() -> str:
    """The statements that define the indicators."""
    return (_FOLDER / "definitions" / "macros.sql").read_text(encoding="utf-8")


def published_macros() -> str:
    """The statements that define in a snapshot what the working warehouse finds in its ledger."""
    return (_FOLDER / "definitions" / "published_macros.sql").read_text(encoding="utf-8")


def _header(sql: str) -> list[str]:
    """The comment lines of a file; a line that is indented goes on with the one before."""
    lines = [line[2:] for line in sql.splitlines() if line.startswith("--")]
    found: list[str] = []
    for line in lines:
        if line.startswith("    ") and found:
            found[-1] += f" {line.strip()}"
        else:
            found.append(line.strip())
    return found


def _read(path: Path) -> ReportFile:
    sql = path.read_text(encoding="utf-8")
    header = _header(sql)
    grain = next((number for number, line in enumerate(header) if line.startswith(_GRAIN)), None)
    if grain is None:
        raise ValueError(f"`{path.name}` does not say in its header what one row is")
    columns = {found[1]: found[2] for line in header[grain + 1 :] if (found := _COLUMN.fullmatch(line))}
    body = "\n".join(line.partition("--")[0] for line in sql.splitlines())
    by_pair = [found for line in header if (found := _BY_PAIR.fullmatch(line))]
    return ReportFile(
        path.stem,
        sql,
        " ".join(header[:grain]),
        header[grain].removeprefix(_GRAIN),
        columns,
        frozenset(_NAMED.findall(body)) - {path.stem},
        bool(by_pair),
        frozenset(table for found in by_pair if found[1] for table in found[1].split(", ")),
    )
