"""How wide the columns of a table are in a window, and which have a place there."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence

_LONG_WORD = 36
"""As long as an id: what people copy is whole."""
_NAME = re.compile(r"(?<=_)(?=[^_])")
"""Where the name of a column may be broken: after an underscore."""

Column = Sequence[str]
"""The heading and the cells of a column."""

Measure = Callable[[str], int]
"""How many places of a screen a text takes."""


def fitting(columns: Mapping[str, Column], room: int, may_go: Sequence[str], measure: Measure) -> list[str]:
    """The keys of the columns that have a place in ``room`` characters: without as many of ``may_go``, in their order,
    as have to go."""
    shown = {key: _least(column, measure) for key, column in columns.items()}
    for key in may_go:
        if _needed(shown.values()) <= room:
            break
        if len(shown) > 1:
            shown.pop(key, None)
    return list(shown)


def is_too_wide(columns: Sequence[Column], room: int, measure: Measure) -> bool:
    """Whether not even the narrowest columns have a place in ``room`` characters."""
    return _needed([_least(column, measure) for column in columns]) > room


def _needed(widths: Collection[int]) -> int:
    return sum(widths) + len(widths) - 1


def column_widths(columns: Sequence[Column], room: int, measure: Measure) -> tuple[list[int], int]:
    """How wide columns are, and the gaps between them, in ``room`` characters: narrow gaps where they do not fit else;
    no column breaks within a word, but one longer than most, and what is left goes to those that lack the least. Where
    not even that fits nothing is broken, and lines are longer than the room."""
    wanted = [max(measure(cell) for cell in column) for column in columns]
    if (among := len(wanted) - 1) * 2 + sum(wanted) <= room:
        return wanted, 2
    widths = [_least(column, measure) for column in columns]
    spare = room - sum(widths) - among
    if spare < 0:
        return wanted, 2
    for place in sorted(range(len(widths)), key=lambda one: wanted[one] - widths[one]):
        more = min(wanted[place] - widths[place], spare)
        widths[place] += more
        spare -= more
    return widths, 1


def broken(heading: str, width: int, measure: Measure) -> str:
    """A heading in lines of ``width``, broken after underscores where a name is longer."""
    return " ".join(_broken_name(word, width, measure) for word in heading.split(" "))


def _broken_name(word: str, width: int, measure: Measure) -> str:
    lines = [""]
    for part in _NAME.split(word):
        if lines[-1] and measure(lines[-1] + part) > width:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)


def _least(column: Column, measure: Measure) -> int:
    """How narrow a column may be."""
    heading, *cells = column
    parts = [part for word in heading.split() for part in _NAME.split(word)]
    words = [word for text in cells for word in text.split()]
    return max([*(measure(part) for part in parts), *(min(measure(word), _LONG_WORD) for word in words), 1])
