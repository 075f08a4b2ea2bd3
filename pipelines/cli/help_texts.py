"""What a list of commands says of each."""

from __future__ import annotations

import re

_SHOWN = 160


def first_sentence(text: str) -> str:
    """The first sentence of a help text; a long one up to where something is listed or added."""
    whole = " ".join(re.split(r"\n\s*\n|\x08", text.strip(), maxsplit=1)[0].split())
    sentence = re.split(r"(?<=[.]) (?=[A-Z`])", whole, maxsplit=1)[0]
    return sentence if len(sentence) <= _SHOWN else re.split(r"[:;] ", sentence, maxsplit=1)[0] + "."
