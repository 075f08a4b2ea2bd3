"""What may go to a screen: data cannot steer a terminal, and an error that nobody foresaw quotes nothing (S2)."""

from __future__ import annotations

import re
import traceback

TRACEBACK = "SUPPLYSYNC_TRACEBACK"
"""The variable that asks for all of an error that nobody foresaw."""

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    """Text of data as it may go to a terminal: what would steer it, or turn the direction of writing, is shown as an
    escape (``\\x1b``)."""
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def visible_json(text: str) -> str:
    """The same of a JSON document, which says the same afterwards to whatever reads it."""
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def unexpected(error: BaseException) -> str:
    """Where something went wrong that nobody foresaw, without what it says: that may quote a row or a url."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = "/".join(re.split(r"[/\\]", last.filename)[-3:])
    return (
        f"unexpected {type(error).__name__} at {place}, line {last.lineno}: a fault of the program; "
        f"{TRACEBACK}=1 shows all of it, which may quote rows and secrets"
    )
