"""The line of a server: an id of its own that numbers of change sets belong to (B53)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True)
class Line:
    """A server's line, begun with its warehouse, and anew where it was restored. ``ancestors``: the lines that it goes
    on from, the oldest first; sites at one of them go on with this one."""

    id: str
    ancestors: tuple[str, ...] = ()

    def follows(self, other: str) -> bool:
        """Whether a site at the ``other`` line goes on with this one."""
        return other == self.id or other in self.ancestors

    def facts(self) -> dict[str, Any]:
        """As a document has it."""
        return {**asdict(self), "ancestors": list(self.ancestors)}

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Self:
        """The inverse of ``facts``."""
        return cls(facts["id"], tuple(facts["ancestors"]))
