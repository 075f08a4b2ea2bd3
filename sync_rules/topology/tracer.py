"""``[tracer]`` of topology.toml: the few items that a network looks at first, and what may stand there (S3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

TRACER_KEYS: Mapping[str, type[Any]] = {"master_list": str, "items": list}


@dataclass(frozen=True)
class Tracer:
    """The tracer list: the items of a ``master_list``, by its code, and ``items``, by theirs; none where neither is
    there."""

    master_list: str = ""
    items: tuple[str, ...] = ()

    @property
    def is_wanted(self) -> bool:
        """Whether there is such a list."""
        return bool(self.master_list or self.items)


def tracer_of(table: Mapping[str, Any]) -> Tracer:
    """What ``[tracer]`` says."""
    return Tracer(table.get("master_list", ""), tuple(table.get("items", ())))


def tracer_mistakes(table: object) -> Iterator[tuple[str, str, str]]:
    """What is wrong with the values of ``[tracer]``: key, rule, message. What has not the type of its key is not looked
    at here."""
    if not isinstance(table, dict):
        return
    if not TRACER_KEYS.keys() & table.keys():
        yield "tracer", "S3", "names no items; allowed: `master_list`, `items`, or both"
    if table.get("master_list") == "":
        yield "tracer.master_list", "S3", "is empty; write the code of a master list, or leave it out"
    items = table.get("items")
    if not isinstance(items, list):
        return
    if not items or not all(isinstance(code, str) and code for code in items):
        yield "tracer.items", "S3", 'write the codes of items as texts, for example `["AMOX250", "ORS"]`'
        return
    if doubled := [f"`{code}`" for code, times in Counter(items).items() if times > 1]:
        yield "tracer.items", "S3", f"{', '.join(doubled)} stands there more than once; write each code once"
