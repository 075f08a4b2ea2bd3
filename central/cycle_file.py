"""What a cycle is made of, as a file: written before admission, so that a replay needs nothing else (B8)."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from central.decisions import Decision
from sync_rules.egress import signatures
from sync_rules.frame import FrameOf
from sync_rules.version import rules_version
from sync_rules.words import Outcome
from warehouse.frames import Visit
from wire import documents
from wire.file_errors import PUT_BACK, FileUnusable, altered, naming
from wire.line import Line
from wire.whole_files import write_first

_NAME = re.compile(r"(\d{8})\.json")
_LAST = ".last"
_WINDOW = 64


@dataclass(frozen=True)
class Pulled:
    """A landed pull: ``path`` is relative to the folder of landed pulls. ``problem``: what somebody should look at."""

    site_id: int
    path: str
    rows: int
    seconds: float
    started_at: str
    problem: str | None = None


@dataclass(frozen=True)
class Missed:
    """A due site that was not pulled: ``outcome`` is unreachable, failed or blocked."""

    site_id: int
    outcome: str
    error: str
    started_at: str


@dataclass(frozen=True)
class Prune:
    """What a cycle forgets besides what follows from its topology and its time (B54): landed pulls up to cycle
    ``pulls_to``; ``backups``: the last cycles of those that a server may be restored from."""

    pulls_to: int
    backups: tuple[int, ...]


@dataclass(frozen=True)
class Cycle:
    """The input of a cycle's decisions. ``rules_version`` and ``leaves`` (by which rules tables leave their sites:
    `egress.signatures`) are those that its pulls were made by. ``plan``: what was shown of a topology that the cycle
    applies (T9); ``waits_for_apply``: topology.toml asked for something else; ``forced``: the sites that are lost,
    whose stores it has central hand over (B47); ``line``: the server's (B53), None by a version that knew none;
    ``prune``: what it forgets, None where it forgets nothing (B55)."""

    number: int
    now: datetime
    topology: str
    pulled: tuple[Pulled, ...]
    missed: tuple[Missed, ...]
    asked_by: str  # operating-system user and host (B21)
    decisions: tuple[Decision, ...] = ()
    rules_version: str = field(default_factory=rules_version)
    leaves: Mapping[str, str] = field(default_factory=signatures)
    plan: Mapping[str, Any] | None = None
    waits_for_apply: bool = False
    forced: tuple[int, ...] = ()
    line: Line | None = None
    prune: Prune | None = None

    def visits(self) -> FrameOf[Visit]:
        """The visits of the sites that were due."""
        reached = [(one.site_id, one.started_at, Outcome.OK, None, one.rows, one.seconds) for one in self.pulled]
        missed = [(one.site_id, one.started_at, one.outcome, one.error, 0, 0.0) for one in self.missed]
        visits = [(site_id, datetime.fromisoformat(at), *rest) for site_id, at, *rest in (*reached, *missed)]
        return Visit.of(visits)

    @property
    def topology_hash(self) -> str:
        """sha256 of the topology text."""
        return hashlib.sha256(self.topology.encode()).hexdigest()


def path(pulls: Path, number: int) -> Path:
    """The file of cycle ``number``."""
    return pulls / "cycles" / f"{number:08d}.json"


def numbers(pulls: Path) -> list[int]:
    """The cycles that have a file, in order."""
    folder = pulls / "cycles"
    with naming(folder):
        names = [file.name for file in folder.iterdir()] if folder.exists() else []
    return sorted(int(found[1]) for name in names if (found := _NAME.fullmatch(name)))


def last_number(pulls: Path) -> int:
    """The highest cycle that has a file; 0 for none. A note beside the files says where to look, as a folder of years
    is slow to list; where it says nothing, or too much, the folder is listed."""
    last = _noted(pulls)
    if not last or not path(pulls, last).exists():
        return max(numbers(pulls), default=0)
    while found := [one for one in range(last + 1, last + 1 + _WINDOW) if path(pulls, one).exists()]:
        last = found[-1]
    return last


def _noted(pulls: Path) -> int:
    try:
        return int((pulls / "cycles" / _LAST).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0


def last_topology(pulls: Path) -> str | None:
    """The topology of the cycle that was begun last: what is applied (B44). None where no cycle is kept, or the file is
    damaged: no cycle begins then either."""
    last = last_number(pulls)
    try:
        return str(documents.read_unchecked(path(pulls, last))[0]["topology"]) if last else None
    except (FileUnusable, KeyError, TypeError):
        return None


def write(pulls: Path, cycle: Cycle) -> None:
    """Writes the cycle's file, whole or not at all, and never over one. Raises FileUnusable where there is one."""
    target = path(pulls, cycle.number)
    with naming(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
    facts = {**asdict(cycle), "now": cycle.now.isoformat(), "line": cycle.line.facts() if cycle.line else None}
    if not write_first(target, documents.to_bytes(facts, told=_deciding_hash(facts))):
        raise FileUnusable(f"`{target}` is there already: another cycle has this number; run it again")
    with suppress(OSError):  # a note that lacks costs time, nothing else
        (target.parent / _LAST).write_text(str(cycle.number), encoding="ascii")


def read(pulls: Path, number: int) -> Cycle | None:
    """Cycle ``number``, or None where it was not pulled. Raises FileUnusable where its file was changed."""
    file = path(pulls, number)
    if not file.exists():
        return None
    raw = documents.bytes_of(file)
    return _of_bytes(raw, file)


@lru_cache(maxsize=16)
def _of_bytes(raw: bytes, file: Path) -> Cycle:
    """The cycle that the bytes of a file say: each stage of a cycle reads those of the last few."""
    facts, told = documents.unchecked(raw, file)
    try:
        if told is not None and told != _deciding_hash(facts):  # a version before told none
            raise altered(file)
        return _cycle(facts)
    except (KeyError, TypeError, ValueError):
        raise altered(file) from None


def _deciding_hash(facts: Mapping[str, Any]) -> str:
    """The hash of what decides anything; where a site's database is may change, as when a project moves."""
    return documents.content_hash({**facts, "topology": _without_places(facts["topology"])})


@lru_cache(maxsize=4)
def _without_places(topology: str) -> dict[str, Any]:
    """What a topology says but for where databases are; of the few that a process meets, each is read once."""
    said = tomllib.loads(topology)
    sites = [{key: value for key, value in site.items() if key != "database"} for site in said.pop("site", ())]
    return {**said, "site": sites}


def _cycle(document: Mapping[str, Any]) -> Cycle:
    return Cycle(
        document["number"],
        datetime.fromisoformat(document["now"]),
        document["topology"],
        tuple(Pulled(**one) for one in document["pulled"]),
        tuple(Missed(**one) for one in document["missed"]),
        document["asked_by"],
        tuple(Decision.of(one) for one in document["decisions"]),
        # a version that knew none made the pulls: by which rules is not known
        document.get("rules_version", ""),
        document.get("leaves", {}),
        document.get("plan"),
        document.get("waits_for_apply", False),
        tuple(document.get("forced", ())),
        Line.of(document["line"]) if document.get("line") else None,
        _prune(document["prune"]) if document.get("prune") else None,
    )


def _prune(document: Mapping[str, Any]) -> Prune:
    return Prune(document["pulls_to"], tuple(document["backups"]))


def required(pulls: Path, number: int) -> Cycle:
    """A cycle that must be there. Raises FileUnusable where its file is gone."""
    cycle = read(pulls, number)
    if cycle is None:
        raise FileUnusable(f"`{path(pulls, number)}` is gone; {PUT_BACK}")
    return cycle
