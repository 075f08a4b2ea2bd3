"""Catalogues, one file for each language: what stands in the code and templates, and what that is in the language.

``make catalogues`` brings them to what stands there now: new messages come without a translation, others go. A test
fails until each has one.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from sync_rules.for_people.states import STATE_WORDS, label_of
from sync_rules.topology.topology import LANGUAGES

_CATALOGUES = Path(__file__).parent
SPEAKERS = _CATALOGUES.parent
"""Whose code and templates say something."""

PLURALS = {"fr": "(n > 1)", "es": "(n != 1)", "pt": "(n != 1)"}
"""Which of two forms is for so many; that of a million, which Romance languages have besides, is not told apart."""

_METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
_KEYWORDS: dict[str, Any] = {
    "_": None,
    "translated": None,
    "marked": None,
    "gettext": None,
    "ngettext": (1, 2),
    "counted_text": (1, 2),
    "pgettext": ((1, "c"), 2),
}
_WIDTH = 110
_HEADER = """# What pages say, in one language: `make catalogues` brings this file to what stands in the code.
msgid ""
msgstr ""
"Language: {code}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural={plural};\\n"

"""

MessageId = str | tuple[str, ...]


def file_of(code: str) -> Path:
    """The catalogue of a language."""
    return _CATALOGUES / f"{code}.po"


def catalogue(code: str) -> Catalog:
    """What the file says. Raises OSError without one."""
    with file_of(code).open("rb") as file:
        return read_po(file, locale=code, abort_invalid=True)


def messages() -> Iterator[tuple[MessageId, str | None]]:
    """Each message of code and templates, once, with its kind where a word means several things."""
    found = extract_from_dir(SPEAKERS, _METHODS, keywords=_KEYWORDS)
    said = dict.fromkeys((message, context) for _, _, message, _, context in found)
    yield from said | dict.fromkeys((label_of(code), None) for code in STATE_WORDS)


def renewed(code: str) -> str:
    """The catalogue as it should be: every message of now, with the translation that it has already."""
    held = catalogue(code) if file_of(code).exists() else Catalog(code)
    made = Catalog(code)
    made.mime_headers = [("Plural-Forms", f"nplurals=2; plural={PLURALS[code]};")]
    for message, context in messages():
        before = held.get(message, context)
        made.add(message, before.string if before else "", flags=before.flags if before else (), context=context)
    out = io.BytesIO()
    write_po(out, made, width=_WIDTH, omit_header=True, sort_output=True)
    return _HEADER.format(code=code, plural=PLURALS[code]) + out.getvalue().decode().lstrip("\n")


def renew() -> None:
    """Renews every catalogue."""
    for code in LANGUAGES:
        if code in PLURALS:
            file_of(code).write_text(renewed(code), encoding="utf-8")


if __name__ == "__main__":
    renew()
