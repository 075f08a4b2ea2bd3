"""Landed pulls: what was read from a site, kept as it was (P5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from sync_rules.egress import NOTHING, Withheld
from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD, RecordKey
from sync_rules.words import Answer, Identity
from wire import answers
from wire.folders import kept_frame, seal, unseal
from wire.frames import LogEntry, PulledChange
from wire.readmission import Readmission

CHANGES = "changes.parquet"
ROWS = "rows/"
BEFORE_SWITCHES = "before_switches.parquet"
LOG = "log.parquet"
LOST = "lost.parquet"

Appeared = Mapping[str, Mapping[str, str | None] | None]


def rows_file(table: str) -> str:
    """The name of the file with the rows of a table, in the folder of a landed pull."""
    return f"{ROWS}{table}.parquet"


def table_of(file: str) -> str | None:
    """The table whose rows the file of that name has; None for another file."""
    return file.removeprefix(ROWS).removesuffix(".parquet") if file.startswith(ROWS) else None


@dataclass(frozen=True)
class Pull:
    """What was read from a site.

    ``changes``: one row a record. ``rows``: the typed
    rows of the upserts by table, sorted by id, secret columns left out. ``since`` and
    ``bookmark`` are opaque texts. ``applied_answer``: what the site said to the
    last change set the database holds. ``withheld``: the stores whose data stayed there (P3). ``capture``: how the
    tables are captured there; ``compared``: those that were read whole because they were not all the time (B57).
    ``before_switches``: what was written there before a switch of procurement reached it (B37).
    ``appeared``: what the site has got since the pull before: columns by table, with what the database itself put
    there, as text; None for a whole table. ``log``: the entries of the site's log behind the changes (B50).
    ``readmission``: how the site was let in again; ``lost``: what it had changed, and sent, on the line that its
    database does not know. ``is_net``: what came and went since is left out; else it is a delete (precision 8).
    ``applied_line``: the line that the last change set was of (B53); nothing where its server had none.
    """

    identity: Identity
    cluster: str
    since: str | None
    bookmark: str
    pulled_at: datetime
    applied_answer: Answer | None
    changes: FrameOf[PulledChange]
    rows: Mapping[str, pl.DataFrame]
    withheld: Withheld = NOTHING
    capture: str | None = None
    compared: tuple[str, ...] = ()
    appeared: Appeared = field(default_factory=dict)
    before_switches: FrameOf[RecordKey] = field(default_factory=RecordKey.empty)
    log: FrameOf[LogEntry] = field(default_factory=LogEntry.empty)
    readmission: Readmission | None = None
    lost: FrameOf[RecordKey] = field(default_factory=RecordKey.empty)
    is_net: bool = True
    applied_line: str = ""

    @property
    def is_first_contact(self) -> bool:
        """Whether all there is was read, with nothing read before."""
        return self.since is None

    @property
    def applied_number(self) -> int:
        """The number of the last change set that the database holds; 0 for none."""
        return self.applied_answer.number if self.applied_answer else 0

    @property
    def applied_hash(self) -> str:
        """The hash of that change set; nothing for none."""
        return self.applied_answer.content_hash if self.applied_answer else ""


@dataclass(frozen=True)
class Manifest:
    """What a landed pull says besides its rows; ``changes``: how many, None where a version before this one did not
    say; ``files``: by relative name, in order."""

    identity: Identity
    cluster: str
    bookmark: str
    applied_answer: Answer | None
    withheld: Withheld | None  # None: landed by a version that did not say
    capture: str | None
    compared: tuple[str, ...]
    appeared: Appeared
    readmission: Readmission | None
    is_net: bool
    applied_line: str
    changes: int | None
    files: tuple[str, ...]


def land(pull: Pull, folder: Path, *, cycle: int) -> Path:
    """Keep a pull as ``folder/<site_code>/e<epoch>-<cycle>-<hash12>`` and return that folder.

    Landing the same pull again in the same cycle changes nothing.
    """
    frames = {rows_file(table): rows for table, rows in pull.rows.items()}
    if pull.changes.height:  # of an idle site there is the manifest alone
        frames[CHANGES] = pull.changes
    if pull.before_switches.height:
        frames[BEFORE_SWITCHES] = pull.before_switches.sort(RECORD)
    if pull.log.height:
        frames[LOG] = pull.log
    if pull.lost.height:
        frames[LOST] = pull.lost.sort(RECORD)
    name = f"e{pull.identity.epoch}-{cycle:08d}"
    return seal(folder / pull.identity.site_code, name, frames, _facts(pull, cycle))[0]


def land_again(path: Path, folder: Path, *, cycle: int, pulled_at: datetime) -> Path:
    """Lands for ``cycle`` what was landed at ``path``, a pull that found nothing; the folder. Raises FileUnusable."""
    facts = unseal(path)
    told = {name: value for name, value in facts.items() if name not in ("content_hash", "files")}
    now = {"cycle": cycle, "since": facts["bookmark"], "is_first_contact": False, "pulled_at": pulled_at.isoformat()}
    name = f"e{facts['identity']['epoch']}-{cycle:08d}"
    return seal(folder / facts["identity"]["site_code"], name, {}, {**told, **now})[0]


def is_nothing(path: Path) -> bool:
    """Whether the pull landed at ``path`` found nothing, and was asked for nothing but what came since the last."""
    facts = unseal(path)
    said = ("changes", "files", "compared", "appeared", "readmission", "is_first_contact")
    return facts["is_net"] and not any(facts[name] for name in said)


def _facts(pull: Pull, cycle: int) -> Mapping[str, Any]:
    """What the manifest of a landed pull says."""
    return {
        "identity": asdict(pull.identity),
        "cycle": cycle,
        "cluster": pull.cluster,
        "since": pull.since,
        "bookmark": pull.bookmark,
        "is_first_contact": pull.is_first_contact,
        "pulled_at": pull.pulled_at.isoformat(),
        "changes": pull.changes.height,
        "applied_number": pull.applied_number,
        "applied_hash": pull.applied_hash,
        "applied_answer": answers.to_text(pull.applied_answer) if pull.applied_answer else None,
        "withheld": {"everything": sorted(pull.withheld.everything), "stock": sorted(pull.withheld.stock)},
        "capture": pull.capture,
        "compared": sorted(pull.compared),
        "appeared": pull.appeared,
        "is_net": pull.is_net,
        "applied_line": pull.applied_line,
        "readmission": asdict(pull.readmission) if pull.readmission else None,
    }


def read_pull(path: Path) -> Pull:
    """The pull landed at ``path``. Raises FileUnusable where it is not as it was landed."""
    facts = unseal(path)
    answer = facts["applied_answer"]
    return Pull(
        identity=Identity(**facts["identity"]),
        cluster=facts["cluster"],
        since=facts["since"],
        bookmark=facts["bookmark"],
        pulled_at=datetime.fromisoformat(facts["pulled_at"]),
        applied_answer=answers.of_text(answer) if answer else None,
        changes=read_changes(path),
        rows={
            table: pl.read_parquet(path / name, glob=False)
            for name in facts["files"]
            if (table := table_of(name)) is not None
        },
        withheld=_withheld(facts) or NOTHING,
        capture=facts.get("capture"),
        compared=tuple(facts.get("compared", ())),
        appeared=facts.get("appeared", {}),
        before_switches=kept_frame(path, facts["files"], BEFORE_SWITCHES, RecordKey),
        log=kept_frame(path, facts["files"], LOG, LogEntry),
        readmission=_readmission(facts),
        lost=kept_frame(path, facts["files"], LOST, RecordKey),
        is_net=facts.get("is_net", True),
        applied_line=facts.get("applied_line", ""),
    )


def read_changes(path: Path) -> FrameOf[PulledChange]:
    """The changes of the pull landed at ``path``, which is whole; none where it has no such file."""
    file = path / CHANGES
    return PulledChange.check(pl.read_parquet(file, glob=False)) if file.exists() else PulledChange.empty()


def read_manifest(path: Path) -> Manifest:
    """What the pull landed at ``path`` says of itself. Raises FileUnusable where it is not as it was landed."""
    facts = unseal(path)
    answer = facts["applied_answer"]
    return Manifest(
        Identity(**facts["identity"]),
        facts["cluster"],
        facts["bookmark"],
        answers.of_text(answer) if answer else None,
        _withheld(facts),
        facts.get("capture"),
        tuple(facts.get("compared", ())),
        facts.get("appeared", {}),
        _readmission(facts),
        facts.get("is_net", True),
        facts.get("applied_line", ""),
        facts.get("changes"),
        tuple(sorted(facts["files"])),
    )


def _readmission(facts: Mapping[str, Any]) -> Readmission | None:
    said = facts.get("readmission")
    return Readmission(**{**said, "taken": tuple(said["taken"])}) if said else None


def _withheld(facts: Mapping[str, Any]) -> Withheld | None:
    said = facts.get("withheld")
    return Withheld(frozenset(said["everything"]), frozenset(said["stock"])) if said else None
