"""The language that a page is in: one for each request, found by whatever makes a piece of the page.

What is said stands in the code, in English; a catalogue for each other language (``fr.po``) has it in that one. They
are text, read once: nothing is compiled before, and no file is made.
"""

from __future__ import annotations

import gettext
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from io import BytesIO

from babel import Locale
from babel.messages.mofile import write_mo

from dashboard.languages.catalogue import catalogue
from sync_rules.topology.topology import LANGUAGES

_LOCALES = {"pt": "pt_PT"}
"""How figures and days are written where a language has several ways: of Portuguese, as in Africa and Portugal."""

_SPACES = str.maketrans({"\u202f": "\u00a0"})
"""A narrow space is in few typefaces; a space that does not break is in all."""


@dataclass(frozen=True)
class Language:
    """A language by its code, what it calls itself, its catalogue, and ``signs``, which puts the signs of thousands and
    decimals where English has its own."""

    code: str
    name: str
    locale: Locale
    catalogue: gettext.NullTranslations
    signs: dict[int, str]


@cache
def language(code: str) -> Language:
    """The language of a code of LANGUAGES."""
    locale = Locale.parse(_LOCALES.get(code, code))
    symbols = locale.number_symbols["latn"]
    signs = {",": symbols["group"].translate(_SPACES), ".": symbols["decimal"]} if code != "en" else {}
    return Language(code, LANGUAGES[code], locale, _catalogue(code), str.maketrans(signs))


def _catalogue(code: str) -> gettext.NullTranslations:
    """English is what stands in the code."""
    if code == "en":
        return gettext.NullTranslations()
    made = BytesIO()
    write_mo(made, catalogue(code))
    made.seek(0)
    return gettext.GNUTranslations(made)


_SPOKEN: ContextVar[str] = ContextVar("language", default="en")


def spoken() -> Language:
    """The language of what is being made."""
    return language(_SPOKEN.get())


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """All that is made meanwhile is in this language."""
    before = _SPOKEN.set(code)
    try:
        yield
    finally:
        _SPOKEN.reset(before)
