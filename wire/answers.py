"""What a site answers to a change set, as text (M4)."""

from __future__ import annotations

import json
from dataclasses import asdict

from sync_rules.words import Answer, Skipped


def to_text(answer: Answer) -> str:
    """An answer as JSON; the same answer gives the same text."""
    return json.dumps(asdict(answer), sort_keys=True)


def of_text(text: str) -> Answer:
    """The answer that ``to_text`` wrote."""
    given = json.loads(text)
    return Answer(given["number"], given["content_hash"], tuple(Skipped(**row) for row in given["skipped"]))
