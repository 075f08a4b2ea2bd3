"""What is said on pages, in the language of whoever reads it.

``translated``, ``counted_text`` and ``marked`` are what catalogues are made by: their first words must stand there as
they are.
"""

from __future__ import annotations

from collections.abc import Iterable

from dashboard.languages.language import spoken


def translated(message: str, /, **values: object) -> str:
    """The message, with values where it names them: ``%(name)s``. A percent sign is written twice."""
    return spoken().catalogue.gettext(message) % values


def counted_text(one: str, many: str, number: float, /, **values: object) -> str:
    """The one or the other, as the language has it for so many; ``%(number)s`` is as ``values`` say."""
    return spoken().catalogue.ngettext(one, many, _whole(number)) % values


def marked(message: str) -> str:
    """The message itself: it is translated where it is shown."""
    return message


def plain(message: str) -> str:
    """As `translated`, for what pages put values into by themselves."""
    return spoken().catalogue.gettext(message)


def plain_counted(one: str, many: str, number: float) -> str:
    """As `counted_text`, for what pages put values into by themselves."""
    return spoken().catalogue.ngettext(one, many, _whole(number))


def plain_of_kind(kind: str, message: str) -> str:
    """As `plain`, of a word that means something else elsewhere."""
    return spoken().catalogue.pgettext(kind, message)


def _whole(number: float) -> int:
    """The number that a broken one is told as: 1.5 points are many, but in French, where many begin at two."""
    if number == int(number):
        return int(number)
    return int(number) if spoken().code == "fr" else max(2, int(number))


def no_such(kind: str, code: str) -> str:
    """There is no item, store or site of this code; no store is of this region, of this level, has this tag."""
    said = {
        "item": marked("there is no item with the code `%(code)s`"),
        "store": marked("there is no store with the code `%(code)s`"),
        "site": marked("there is no site with the code `%(code)s`"),
        "region": marked("there is no region `%(value)s`"),
        "level": marked("there is no level `%(value)s`"),
        "tag": marked("there is no tag `%(value)s`"),
    }
    return translated(said[kind], code=code, value=code)


def no_filter(name: str, known: Iterable[str]) -> str:
    """There is no such parameter, but others."""
    others = ", ".join(known) or translated("none")
    return translated("there is no filter `%(name)s` here; there is %(others)s", name=name, others=others)


def no_such_page(pages: int, asked: int) -> str:
    """A list has no page of this number."""
    return counted_text(
        "this list has %(number)s page, and no page %(page)s", "this list has %(number)s pages, and no page %(page)s",
        pages, number=pages, page=asked,
    )  # fmt: skip


def no_such_value(name: str, known: Iterable[str], value: str) -> str:
    """A parameter has one of a few values, and not this."""
    listed = ", ".join(known)
    return translated("`%(name)s` is one of %(known)s, not `%(value)s`", name=name, known=listed, value=value)
