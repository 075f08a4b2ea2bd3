"""What is kept of the cycles that no backup holds, looked at byte by byte: a warehouse that is lost is made again from
it (B8)."""

from __future__ import annotations

from collections.abc import Iterator

from central import cycle_file
from central.checkpoints.kept_list import known_backups
from central.project import Project
from warehouse.connection import Connection
from warehouse.ledger.cycles import last_cycle
from warehouse.retention.past import forgotten
from wire.file_errors import FileUnusable
from wire.landed_pull import read_manifest

_LOOKED_AT = 200
"""So many cycles are looked at: who makes backups has fewer since the last one."""


def kept_files_lacking(project: Project, con: Connection) -> str | None:
    """That files of cycles since the last backup are gone or altered, which nobody needs as long as the warehouse is
    there, and what makes them unneeded; None where all are as they were written. Raises FileUnusable where the list of
    backups cannot be read."""
    last = last_cycle(con)
    held = max((one.last_cycle for one in known_backups(project)), default=0)
    first = max(held, forgotten(con).pulls_to, last - _LOOKED_AT) + 1
    lacking = [text for number in range(first, last + 1) for text in _lacking(project, number)]
    if not lacking:
        return None
    more = f", and {len(lacking) - 1} more" if len(lacking) > 1 else ""
    return (
        f"{lacking[0]}{more}: a warehouse that is lost could not be made again past that. Put it back; or "
        "`supplysync backup DIR`, from which it can"
    )


def _lacking(project: Project, number: int) -> Iterator[str]:
    """What is wrong with the files of a cycle."""
    try:
        cycle = cycle_file.required(project.pulls, number)
    except FileUnusable as error:
        yield _shortly(error)
        return
    for one in cycle.pulled:
        try:
            read_manifest(project.pulls / one.path)
        except FileUnusable as error:
            yield _shortly(error)


def _shortly(error: FileUnusable) -> str:
    """Which file it is and what is wrong with it, without what to do."""
    return str(error).partition(";")[0]
