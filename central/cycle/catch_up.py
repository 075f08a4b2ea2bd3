"""Catching up: what is kept of cycles that the ledger does not know is admitted again, in order (B8, P6).

A warehouse that was put back from a backup, or that is gone, comes to the state it was lost in, from files alone: what
was pulled, decided and answered. One cycle past the ledger's last is what a killed one leaves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from central import cycle_file, delivery_file
from central.cycle.admit import admit
from central.cycle.deliver import take_deliveries
from central.cycle.route import OtherChangeSets, SetKey, make_change_sets
from central.cycle_file import Cycle
from central.progress import tell
from central.project import Project
from central.working_warehouse import traces
from sync_rules.version import rules_version
from sync_rules.words import Answer
from warehouse.connection import Connection
from warehouse.ledger import change_sets
from warehouse.ledger.cycles import deliveries_taken, last_cycle, last_start, unrouted_cycle
from wire.file_errors import FileUnusable
from wire.landed_pull import Manifest, read_manifest


class CannotCatchUp(Exception):
    """The warehouse is behind what is kept, and files lack to bring it along, or it is none of theirs; the text names
    them."""


@dataclass(frozen=True)
class Kept:
    """What is kept past the ledger's ``last`` cycle: the numbers of ``cycles`` that can be admitted again; what is
    ``lacking`` of others, by number; by site and number the hashes of change sets that sites said to have
    ``applied``."""

    last: int
    cycles: Sequence[int]
    lacking: Mapping[int, str]
    applied: Mapping[SetKey, str]

    @property
    def highest(self) -> int:
        """The highest cycle that is kept in any way."""
        return max((self.last, *self.cycles, *self.lacking))


def catch_up(con: Connection, project: Project) -> None:
    """Brings the warehouse to where the files are. A second time, or where it is there, it does nothing.

    Raises CannotCatchUp, with nothing overwritten, where files lack or would come to something else.
    """
    kept = kept_cycles(con, project)
    require_whole(project, kept)
    with _same_as_before(project, kept, kept.last):
        _settle(con, project, kept)
    for number in kept.cycles:
        admit_kept(con, project, kept, number)
        tell(f"cycle {number} of {kept.highest} is admitted again: the warehouse had ended at {kept.last}")
    if kept.lacking:
        _set_aside(con, project, kept)


def admit_kept(con: Connection, project: Project, kept: Kept, number: int) -> None:
    """Admits one of the kept cycles again, routes it and takes what its sites answered. Raises CannotCatchUp where it
    would come to other change sets than they applied."""
    with _same_as_before(project, kept, number):
        _admit_again(con, project, cycle_file.required(project.pulls, number), kept.applied)


def kept_cycles(con: Connection, project: Project) -> Kept:
    """Looks at every file of the cycles past the ledger's last, byte by byte; changes nothing. Raises CannotCatchUp
    where the warehouse is not the one of these files."""
    last, pulls = last_cycle(con), project.pulls
    _require_same_history(con, project, last)
    highest = cycle_file.last_number(pulls)
    cycles: list[int] = []
    lacking: dict[int, str] = {}
    applied = dict(_answered(pulls, last, taken=deliveries_taken(con, last)))
    for number in range(last + 1, highest + 1):
        try:
            cycle = cycle_file.required(pulls, number)
            answered = dict(_answered(pulls, number))
            for one in cycle.pulled:
                answer = _own_answer(cycle, read_manifest(pulls / one.path))
                answered |= {(one.site_id, answer.number): answer.content_hash} if answer else {}
            if cycle.rules_version != rules_version() and (number < highest or _was_delivered(pulls, number)):
                raise FileUnusable(f"cycle {number} went by the rules of another version")
        except FileUnusable as error:
            lacking[number] = str(error)
        else:
            cycles.append(number)
            applied |= answered
    if highest <= last:
        lacking |= traces(project, last)
    return Kept(last, cycles, lacking, applied)


def require_whole(project: Project, kept: Kept) -> None:
    """Raises CannotCatchUp where files lack; but for those of the last cycle, if that was cut off before anybody was
    told of it: then its sites are pulled again."""
    is_last_alone = list(kept.lacking) == [kept.highest] and kept.highest in cycle_file.numbers(project.pulls)
    if kept.lacking and not (is_last_alone and not _was_delivered(project.pulls, kept.highest)):
        raise CannotCatchUp(_refusal(project, kept, list(kept.lacking.values())))


def _require_same_history(con: Connection, project: Project, last: int) -> None:
    """P6 for central itself: the ledger's last cycle is the one that is kept under its number."""
    try:
        kept = cycle_file.read(project.pulls, last)
    except FileUnusable:
        return  # nothing of it is needed any more
    began = last_start(con)
    if kept is not None and kept.now != began:
        raise CannotCatchUp(
            f"`{project.warehouse}` is not the warehouse of `{project.pulls}`: cycle {last} began at {began} "
            f"in the one, at {kept.now} in the other. Nothing was written over; put back the one that belongs here"
        )


def _answered(pulls: Path, cycle: int, *, taken: int = 0) -> Iterator[tuple[SetKey, str]]:
    for deliveries in delivery_file.deliveries_after(pulls, cycle, taken):
        for one in deliveries.sites:
            if one.answer is not None:
                yield (one.delivered.site_id, one.answer.number), one.answer.content_hash


def _was_delivered(pulls: Path, cycle: int) -> bool:
    return delivery_file.file_of(pulls, cycle, 1).exists()


def _settle(con: Connection, project: Project, kept: Kept) -> None:
    """What a killed cycle left: it is routed, and what its sites answered is recorded."""
    if unrouted_cycle(con) == kept.last:
        try:
            cycle = cycle_file.required(project.pulls, kept.last)
        except FileUnusable:
            return  # the next cycle routes what it left
        make_change_sets(con, project.at(cycle.topology), cycle, applied=kept.applied)
    take_deliveries(con, project, kept.last)


def _admit_again(con: Connection, project: Project, cycle: Cycle, applied: Mapping[SetKey, str]) -> None:
    known = change_sets.last_hashes(con)
    for one in cycle.pulled:
        manifest = read_manifest(project.pulls / one.path)
        answer = None if manifest.readmission else _own_answer(cycle, manifest)  # a restored site holds an older one
        if answer is not None and known.get(one.site_id, {}).get(answer.number) != answer.content_hash:
            raise OtherChangeSets(f"change set {answer.number} of site {one.site_id}")
    admit(con, project.at(cycle.topology), cycle)
    make_change_sets(con, project.at(cycle.topology), cycle, applied=applied)
    take_deliveries(con, project, cycle.number)


def _own_answer(cycle: Cycle, manifest: Manifest) -> Answer | None:
    """The answer that a pull learned, if it is to a change set of the cycle's own line: those of another one may be
    of after the backup that the server was restored from (B53)."""
    is_own = cycle.line is None or manifest.applied_line in ("", cycle.line.id)
    return manifest.applied_answer if is_own else None


def _set_aside(con: Connection, project: Project, kept: Kept) -> None:
    """The last cycle is not whole and nobody was told of it: it stands aside, and its sites are pulled again."""
    file = cycle_file.path(project.pulls, kept.highest)
    numbers = change_sets.next_numbers(con)
    for site in project.topology.sites:
        if any((project.change_sets / site.code).glob(f"{numbers.get(site.id, 1):08d}-*")):
            raise CannotCatchUp(_refusal(project, kept, list(kept.lacking.values())))
    aside = next(name for part in range(1, 100) if not (name := file.with_suffix(f".damaged-{part}")).exists())
    file.rename(aside)
    tell(f"cycle {kept.highest} was cut off and is not whole: {kept.lacking[kept.highest]}; it stands aside as "
         f"`{aside.name}`, and its sites are pulled again")  # fmt: skip


@contextmanager
def _same_as_before(project: Project, kept: Kept, number: int) -> Iterator[None]:
    """Raises CannotCatchUp where the body makes something else of a cycle than was made of it before."""
    try:
        yield
    except OtherChangeSets as found:
        said = f"cycle {number} would make another {found} than the one that was applied there"
        untold = [one for one in kept.cycles if one < number and not _was_delivered(project.pulls, one)]
        if untold:
            said += f"; is `{delivery_file.file_of(project.pulls, untold[-1], 1)}` missing?"
        raise CannotCatchUp(_refusal(project, kept, [said])) from None


def _refusal(project: Project, kept: Kept, lines: list[str]) -> str:
    listed = "; ".join(lines[:5]) + (f"; and {len(lines) - 5} more" if len(lines) > 5 else "")
    return (
        f"the warehouse ends at cycle {kept.last} and cannot catch up with cycle {kept.highest}: {listed}. Nothing was "
        f"written over; put these back, or a backup of `{project.warehouse}` of a later cycle, and run "
        "`supplysync sync`; `supplysync restore-server DIR` does it from a backup, and without DIR goes on from what "
        "is there"
    )
