"""What operators decided, as files first and rows of the ledger second, so that a replay knows it too (B8)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from sync_rules.words import DecisionKind
from wire.file_errors import altered, naming
from wire.whole_files import write_next

_OF_CHANGES = (DecisionKind.ADMIT, DecisionKind.DISCARD, DecisionKind.DISCARD_AT_SITE)


@dataclass(frozen=True)
class Decision:
    """A decision about a site: ``kind`` is `release` (M8), `pause` or `resume` (T8; code `*`: all of them); about a
    quarantined change of it (``entry``), or several (``records``: their numbers): `admit`, `discard` or
    `discard_at_site` (A2), or all that were refused for one reason (`admit`; ``record_id``: the code); about a
    transfer, by its initiating half (``record_id``): `begin` (B30); about a move, by its number (``record_id``):
    `go_on` or `hand_over` (B47); what to `resend` to a site (``record_id``: `store:S`, `table:T`, `patient:P`,
    `everything:`; O4), or whom to `rehome` (``records``; ``record_id``: `patient:STORE` or `prescriber:STORE`; O8); how
    to `repair` what a site has otherwise than central (``records``: `correct TABLE ID`, `remove TABLE ID`,
    `read TABLE`; O6)."""

    number: int
    kind: str
    site_code: str
    reason: str | None
    decided_at: str
    decided_by: str
    entry: int | None = None
    record_id: str | None = None
    records: tuple[str, ...] = ()

    @property
    def entries(self) -> Sequence[int]:
        """The quarantined changes that it is about, by number."""
        if self.kind not in _OF_CHANGES:
            return ()
        return (self.entry,) if self.entry is not None else tuple(int(one) for one in self.records)

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Self:
        """A decision as a file has it. Raises TypeError where it is none."""
        return cls(**{**facts, "records": tuple(facts.get("records", ()))})


def write_decision(
    pulls: Path,
    kind: str,
    site_code: str,
    *,
    reason: str | None,
    now: datetime,
    decided_by: str,
    entry: int | None = None,
    record_id: str | None = None,
    records: Sequence[str] = (),
) -> Decision:
    """Writes a decision; the next cycle acts on it."""

    def numbered(number: int) -> Decision:
        return Decision(number, kind, site_code, reason, now.isoformat(), decided_by, entry, record_id, tuple(records))

    def text(number: int) -> str:
        return json.dumps(asdict(numbered(number)), indent=1, sort_keys=True)

    return numbered(write_next(pulls / "decisions", text))


def decision_file(pulls: Path, decision: Decision) -> Path:
    """Where a decision is kept."""
    return pulls / "decisions" / f"{decision.number:08d}.json"


def after(pulls: Path, number: int) -> tuple[Decision, ...]:
    """The decisions past ``number``, in their order. Raises FileUnusable where one cannot be read."""
    files = sorted((pulls / "decisions").glob("*.json"))
    return tuple(_decision(file) for file in files if int(file.stem) > number)


def _decision(file: Path) -> Decision:
    try:
        with naming(file):
            return Decision.of(json.loads(file.read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        raise altered(file) from None
