"""The line of this server (B53): a file, written before any site hears of it, and then in each cycle's own."""

from __future__ import annotations

import uuid
from pathlib import Path

from central.project import Project
from warehouse.connection import Connection
from warehouse.ledger.network.lines import last_line
from wire import documents
from wire.file_errors import altered
from wire.line import Line
from wire.whole_files import write_next


class ServerSuperseded(RuntimeError):
    """A site goes on with a server that was restored from a backup of this one: no site is to hear of this one."""


def line_now(con: Connection | None, project: Project) -> Line | None:
    """The line by which the next cycle goes; None where none was begun yet. ``con``: None where the
    warehouse cannot be asked. Raises FileUnusable where its file is
    damaged."""
    files = sorted(_folder(project.pulls).glob("[0-9]*.json"))
    if files:
        return _read(files[-1])
    return last_line(con) if con else None


def required_line(con: Connection, project: Project) -> Line:
    """The same; where there is none, one is begun."""
    found = line_now(con, project)
    if found is None:
        begin_line(project, Line(new_id()))
        return required_line(con, project)  # of two that begin one at once, the last one's holds for both
    return found


def new_id() -> str:
    """An id for another line."""
    return uuid.uuid4().hex


def begin_line(project: Project, line: Line) -> None:
    """Has the next cycle go by another line. Raises FileUnusable where it cannot be written."""
    write_next(_folder(project.pulls), lambda _: documents.to_bytes(line.facts()))


def _folder(pulls: Path) -> Path:
    return pulls / "lines"


def _read(file: Path) -> Line:
    try:
        return Line.of(documents.read(file))
    except (KeyError, TypeError):
        raise altered(file) from None
