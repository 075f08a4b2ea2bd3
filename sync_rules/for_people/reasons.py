"""What a reason code means, in words (O7)."""

from __future__ import annotations

from dataclasses import dataclass

from sync_rules.codes import REASONS


@dataclass(frozen=True)
class ReasonWords:
    """A reason code in words. ``verdict`` and ``rule`` are blank for a code of another version."""

    code: str
    verdict: str
    rule: str
    words: str


def reason_words(code: str) -> ReasonWords:
    """What a reason code means; one that this version does not have says so."""
    reason = REASONS.get(code)
    if reason is None:
        return ReasonWords(code, "", "", "a reason that another version gave; this one does not have it")
    return ReasonWords(code, str(reason.verdict), reason.rule, reason.explanation)
