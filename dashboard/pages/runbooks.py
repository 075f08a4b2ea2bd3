"""The runbooks of docs/runbooks as pages, so that a code or a status leads to what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from dashboard.languages.text import translated
from dashboard.view import NotThere, View
from sync_rules.for_people.runbooks import FOLDER as RUNBOOKS

_PLACE = Path(__file__).parents[2] / RUNBOOKS
_OTHERS = ("first-network", "sign-in")
"""Pages that runbooks lead to and that lie beside their folder."""
_INLINE = re.compile(r"`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\(([^)\s]+)\)")
_STARTS = {"# ": "title", "## ": "heading", "- ": "item", "|": "row"}

InlinePart = tuple[str, str, str]
"""A piece of a line: its kind (text, code, strong, link), its text, and of a link where it leads."""


@dataclass(frozen=True)
class Block:
    """A title, heading, paragraph, a list's items, a table's rows, an example: ``lines`` of parts, or of cells."""

    kind: str
    lines: Sequence[Any]


def runbook(view: View, name: str) -> dict[str, Any]:
    """A runbook, by the name of its file. Raises NotThere."""
    view.only()
    if name not in page_names():
        raise NotThere(translated("there is no runbook `%(name)s`", name=name))
    text = read_page(name)
    return {"blocks": list(blocks_of(text)), "heading": title_of(text), "page_names": page_names()}


def page_names() -> list[str]:
    """The names of all pages, in order; ``README`` is the index."""
    return sorted([*(file.stem for file in _PLACE.glob("*.md")), *_OTHERS])


def read_page(name: str) -> str:
    """The text of a page that is there, as Markdown."""
    return ((_PLACE.parent if name in _OTHERS else _PLACE) / f"{name}.md").read_text(encoding="utf-8")


def title_of(text: str) -> str:
    """What a page is called: its first line."""
    [(_, title, _)] = next(blocks_of(text)).lines[0]
    return str(title)


def blocks_of(text: str) -> Iterator[Block]:
    """The blocks of a runbook: as much of Markdown as they use."""
    for number, part in enumerate(re.split(r"^```\w*\n(.*?)^```\n", text, flags=re.MULTILINE | re.DOTALL)):
        if number % 2:
            yield Block("example", [part.rstrip("\n")])
            continue
        for chunk in re.split(r"\n{2,}", part.strip("\n")):
            yield from _of_chunk(chunk.split("\n"))


def _of_chunk(lines: Sequence[str]) -> Iterator[Block]:
    joined: list[tuple[str, str]] = []
    for line in lines:
        kind = next((kind for start, kind in _STARTS.items() if line.startswith(start)), "paragraph")
        if kind == "paragraph" and joined:
            joined[-1] = (joined[-1][0], f"{joined[-1][1]} {line.strip()}")
        elif line and not line.startswith("|--"):
            joined.append((kind, line if kind == "row" else re.sub(r"^(#+|-) ", "", line)))
    for kind, group in groupby(joined, key=lambda one: one[0]):
        read = _cells if kind == "row" else _parts
        yield Block(kind, [read(line) for _, line in group])


def _cells(line: str) -> list[list[InlinePart]]:
    return [_parts(cell.strip()) for cell in line.strip().removeprefix("|").removesuffix("|").split(" | ")]


def _parts(line: str) -> list[InlinePart]:
    found: list[InlinePart] = []
    end = 0
    for match in _INLINE.finditer(line):
        found.append(("text", line[end : match.start()], ""))
        code, strong, text, target = match.groups()
        found.append(("code", code, "") if code else ("strong", strong, "") if strong else ("link", text, target))
        end = match.end()
    return [*(one for one in found if one[1]), *([("text", line[end:], "")] if line[end:] else [])]
