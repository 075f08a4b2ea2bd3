"""Replay: what is kept of cycles, put into an empty warehouse, gives the warehouse again (W5, B54)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from central import cycle_file
from central.backup.server_plan import require_sound
from central.checkpoints.kept_list import known_backups
from central.checkpoints.manifest import WAREHOUSE, found_backups, made_of, read_backup
from central.cycle.catch_up import CannotCatchUp, admit_kept, kept_cycles
from central.cycle.pull import prepare
from central.progress import tell
from central.project import Project, ProjectError
from sync_rules.version import rules_version
from warehouse.connection import Connection, open_warehouse
from warehouse.ledger.cycles import last_cycle
from warehouse.whole_copy import copy_warehouse, report_hashes, table_hashes
from wire.file_errors import naming


@dataclass(frozen=True)
class Replayed:
    """The warehouse as of ``cycle``, begun at the backup ``begun_at`` (0: at nothing). ``compared_with``: None where
    there was nothing to compare with; else the ``differing`` tables are other ones there."""

    cycle: int
    begun_at: int
    compared_with: str | None
    tables: int
    differing: Sequence[str]


def replay_cycles(project: Project, *, until: int | None, out: Path | None, place: Path | None) -> Replayed:
    """Admits kept cycles again, up to ``until`` (None: all), into an empty warehouse, or into the latest backup in
    ``place`` that was made by these rules; leaves it as the file ``out``, if that is given.

    The same cycle of the working warehouse, or of a backup that is known, is compared with it. The project is brought
    to where its files are; nothing else of it is written. Raises ProjectError for a cycle that there is not, or a file
    that is there; CannotCatchUp where kept files lack, or go by other rules.
    """
    end = cycle_file.last_number(project.pulls) if until is None else until
    if end not in cycle_file.numbers(project.pulls):
        raise ProjectError(f"there is no cycle {end} to replay; `supplysync cycles list` shows those that there are")
    if out is not None and out.exists():
        raise ProjectError(f"`{out}` is there already: name a file that is not")
    if out is not None and not out.absolute().parent.is_dir():
        raise ProjectError(f"there is no folder `{out.parent}`: make it, or name another one")
    prepare(project)
    with _aside(project) as beside:
        begun = _begin(beside, place, end)
        found = _admitted(project, beside, end)
        with_what, expected = _expected(project, beside, end)
        if out is not None:
            with naming(out):
                shutil.copyfile(beside.warehouse, draft := out.with_name(f".{out.name}.draft"))
                draft.rename(out)
    differing = [table for table in sorted(expected) if found.get(table) != expected[table]]
    return Replayed(end, begun, with_what, len(expected), differing if with_what else [])


@contextmanager
def _aside(project: Project) -> Iterator[Project]:
    """The project elsewhere, with its kept pulls, and change sets and a warehouse of its own."""
    with TemporaryDirectory(prefix="supplysync-replay-") as folder:
        data = Path(folder) / "data"
        data.mkdir()
        (data / "warehouse").mkdir()
        (data / "pulls").symlink_to(project.pulls)
        yield replace(project, folder=Path(folder))


def _begin(beside: Project, place: Path | None, end: int) -> int:
    """Puts the backup to begin at in place; its cycle, 0 without one."""
    if place is None:
        return 0
    own = {
        made.last_cycle: folder
        for folder in found_backups(place).values()
        if (made := read_backup(folder)).rules_version == rules_version() and made.last_cycle <= end
    }
    if not own:
        raise ProjectError(f"no backup in `{place}` is of cycle {end} or before, and made by these rules")
    folder = own[max(own)]
    require_sound(folder, made_of(folder))
    shutil.copyfile(folder / WAREHOUSE, beside.warehouse)
    return max(own)


def _admitted(project: Project, beside: Project, end: int) -> Mapping[str, str]:
    with open_warehouse(beside.warehouse, beside.schema) as con:
        kept = kept_cycles(con, beside)
        lacking = {number: said for number, said in kept.lacking.items() if number <= end}
        if lacking:
            first = next(iter(lacking))
            said = lacking[first].replace(str(beside.pulls), str(project.pulls))  # that is where the file is
            raise CannotCatchUp(
                f"cycle {first} cannot be replayed: {said}; begin at a backup that was made later: "
                "`supplysync replay --from DIR`"
            )
        for number in [one for one in kept.cycles if one <= end]:
            admit_kept(con, beside, kept, number)
            tell(f"cycle {number} of {end} is admitted again")
        return _hashes(con)


def _expected(project: Project, beside: Project, end: int) -> tuple[str | None, Mapping[str, str]]:
    """What the warehouse was at that cycle, and where that is known from: the working one, or the hashes of a backup
    that can be seen."""
    copy = beside.folder / "working.duckdb"
    copy_warehouse(project.warehouse, project.schema, copy)
    with open_warehouse(copy, project.schema) as con:
        if last_cycle(con) == end:
            return "the working warehouse", _hashes(con)
    for one in known_backups(project):
        if one.last_cycle == end and one.is_there:
            made = read_backup(found_backups(Path(one.folder))[one.number])
            return f"backup {one.number} in `{one.folder}`", made.tables
    return None, {}


def _hashes(con: Connection) -> Mapping[str, str]:
    return {**table_hashes(con), **report_hashes(con)}
