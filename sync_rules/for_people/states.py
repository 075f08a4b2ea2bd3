"""What people read of the state of a site: one word a state, in commands, Dagster and pages alike.

Programs read codes (JSON, reports, `/metrics`); two codes of one state, of a report and of a visit, have one word.
"""

from __future__ import annotations

from collections.abc import Mapping

STATE_WORDS: Mapping[str, str] = {
    "ok": "ok",
    "late": "late",
    "overdue": "overdue",
    "never": "never heard of",
    "unreachable": "unreachable",
    "blocked": "blocked",
    "failed": "failed",
    "error": "failed",
    "disabled": "paused",
}
"""By the codes of ``reports.sync_status``, of visits and of what `check` reached."""


def word_of(code: str, *, was_heard: bool = True) -> str:
    """The word for a code; itself for one of another version. A site that does not answer and that no cycle heard yet
    (not ``was_heard``) is what the sync report calls it."""
    found = "never" if code == "unreachable" and not was_heard else code
    return STATE_WORDS.get(found, found)


def label_of(code: str) -> str:
    """The word as a page begins with it."""
    word = word_of(code)
    return word.upper() if word == "ok" else word.capitalize()
