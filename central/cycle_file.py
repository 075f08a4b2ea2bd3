"""What a cycle is made of, as a file: written before admission, so that a replay needs nothing else (B8)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from central.decisions import Decision
from sync_rules.egress import signatures
from sync_rules.frame import FrameOf
from sync_rules.version import rules_version
from sync_rules.words import Outcome
from warehouse.frames import Visit
from wire.whole_files import write_whole


@dataclass(frozen=True)
class Pulled:
    """A landed pull: ``path`` is relative to the folder of landed pulls."""

    site_id: int
    path: str
    rows: int
    seconds: float
    started_at: str


@dataclass(frozen=True)
class Missed:
    """A due site that was not pulled: ``outcome`` is unreachable or failed."""

    site_id: int
    outcome: str
    error: str
    started_at: str


@dataclass(frozen=True)
class Cycle:
    """The input of a cycle's decisions. ``rules_version`` and ``leaves`` (by which rules tables leave their sites:
    `egress.signatures`) are those that its pulls were made by."""

    number: int
    now: datetime
    topology: str
    pulled: tuple[Pulled, ...]
    missed: tuple[Missed, ...]
    asked_by: str  # operating-system user and host (B21)
    decisions: tuple[Decision, ...] = ()
    rules_version: str = field(default_factory=rules_version)
    leaves: Mapping[str, str] = field(default_factory=signatures)

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


def write(pulls: Path, cycle: Cycle) -> None:
    """Writes the cycle's file, whole or not at all."""
    target = path(pulls, cycle.number)
    target.parent.mkdir(parents=True, exist_ok=True)
    document = {**asdict(cycle), "now": cycle.now.isoformat()}
    write_whole(target, json.dumps(document, indent=1, sort_keys=True))


def read(pulls: Path, number: int) -> Cycle | None:
    """Cycle ``number``, or None where it was not pulled."""
    file = path(pulls, number)
    if not file.exists():
        return None
    document = json.loads(file.read_text(encoding="utf-8"))
    return Cycle(
        document["number"],
        datetime.fromisoformat(document["now"]),
        document["topology"],
        tuple(Pulled(**one) for one in document["pulled"]),
        tuple(Missed(**one) for one in document["missed"]),
        document["asked_by"],
        tuple(Decision(**one) for one in document["decisions"]),
        # a version that knew none made the pulls: by which rules is not known
        document.get("rules_version", ""),
        document.get("leaves", {}),
    )


def latest_admitted(pulls: Path, number: int) -> Cycle:
    """The cycle that the ledger admitted last. Raises FileNotFoundError where its file is gone."""
    cycle = read(pulls, number)
    if cycle is None:
        raise FileNotFoundError(f"the file of cycle {number} is missing: {path(pulls, number)}")
    return cycle
