"""What somebody may have meant who wrote a word that nothing is called."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_SHOWN = 20


def meant(given: str, known: Iterable[str], what: str) -> str:
    """``did you mean `clinic_1`? sites are central, clinic_1``: the words that look like ``given``, and all that there
    are, as ``what``; of many only some, and none where one was found that looks like it."""
    words = list(known)
    guess = guessed(given, words)
    if len(words) > _SHOWN and guess:
        return guess
    more = f" and {len(words) - _SHOWN} more" if len(words) > _SHOWN else ""
    listed = f"{what} are {', '.join(words[:_SHOWN])}{more}" if words else f"there are no {what}"
    return f"{guess} {listed}".strip()


def guessed(given: str, known: Iterable[str]) -> str:
    """``did you mean `clinic_1`?``: the words that look like ``given``; nothing where none does."""
    found = like(given, known)
    return f"did you mean {' or '.join(f'`{one}`' for one in found)}?" if found else ""


def like(given: str, known: Iterable[str]) -> list[str]:
    """The one or two words that look like ``given``, the likest first."""
    lower = {word.lower(): word for word in known}
    return [lower[one] for one in get_close_matches(given.lower(), lower, n=2, cutoff=0.7)]


def allowed(given: str, known: Iterable[str]) -> str:
    """``did you mean `clinic`? allowed: central, clinic``."""
    words = list(known)
    return f"{guessed(given, words)} allowed: {', '.join(words)}".strip()
