"""Saved questions as files: SQL with a title, in the project's folder ``reports``."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from warehouse.reports.files import report_files

LARGEST = 100_000
"""So many bytes a file may have."""

_LONGEST_TITLE = 150
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_GRAIN = "One row is: "
_COLUMN = re.compile(r"(\w+): (.+)")


@dataclass(frozen=True)
class QuestionFile:
    """A file of the folder: ``name`` is what the report is called, ``columns`` maps those that the header tells of to
    what they mean. ``problem`` is why there can be no such report; empty where nothing is known against it."""

    name: str
    title: str = ""
    meaning: str = ""
    grain: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    sql: str = ""
    problem: str = ""

    @property
    def comment(self) -> str:
        """What the report is, as its comment says."""
        title = self.title if self.title.endswith((".", "?", "!")) else f"{self.title}."
        said = " ".join(part for part in (title, self.meaning) if part)
        return f"{said} {_GRAIN}{self.grain}" if self.grain else said


def read_questions(folder: Path) -> tuple[QuestionFile, ...]:
    """The questions of a folder, by name, also those that cannot be used; none where there is no folder."""
    if not folder.is_dir():
        return ()
    return tuple(_read(path) for path in sorted(folder.glob("*.sql"), key=lambda path: path.name))


def digest(questions: Sequence[QuestionFile]) -> str:
    """Another one, and other questions are asked."""
    said = [(one.name, one.sql, one.problem) for one in questions]
    return hashlib.sha256(repr(said).encode()).hexdigest()


def _read(path: Path) -> QuestionFile:
    try:
        held = path.read_bytes()
        sql = held.decode("utf-8-sig")
    except OSError as error:
        return QuestionFile(path.stem, problem=f"`{path.name}` cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        return QuestionFile(
            path.stem, problem=f"`{path.name}` is not UTF-8 text (byte {error.start}): save it as UTF-8"
        )
    if len(held) > LARGEST:
        return QuestionFile(
            path.stem, problem=f"`{path.name}` has {len(held):,} bytes; a question has up to {LARGEST:,}"
        )
    header = _header(sql)
    grain = next((place for place, line in enumerate(header) if line.startswith(_GRAIN)), len(header))
    columns = {found[1]: found[2] for line in header[grain + 1 :] if (found := _COLUMN.fullmatch(line))}
    said = header[grain].removeprefix(_GRAIN) if grain < len(header) else ""
    title = header[0] if grain else ""
    problem = _problem_of_name(path) or _problem_of_title(path, title)
    return QuestionFile(path.stem, title, " ".join(header[1:grain]), said, columns, sql, problem)


def _header(sql: str) -> list[str]:
    """The comment lines that a file begins with; a line that is indented goes on with the one before."""
    found: list[str] = []
    for line in sql.splitlines():
        if not line.startswith("--"):
            break
        text = line.removeprefix("--")
        if text.startswith("    ") and found:
            found[-1] += f" {text.strip()}"
        elif text.strip():
            found.append(text.strip())
    return found


def _problem_of_name(path: Path) -> str:
    if not _NAME.fullmatch(path.stem):
        return (
            f"`{path.name}` is no name for a report: it has small letters, digits and `_`, begins with a letter, "
            "and has up to 63 of them"
        )
    if path.stem in {file.name for file in report_files()}:
        return f"`{path.stem}` is a report of supplysync's own: give `{path.name}` another name"
    return ""


def _problem_of_title(path: Path, title: str) -> str:
    if not title:
        return f"`{path.name}` has no title: its first line is to be one, as in `-- Stores without a thermometer`"
    if len(title) > _LONGEST_TITLE:
        return f"the title in `{path.name}` has {len(title)} characters; it may have {_LONGEST_TITLE}"
    return ""
