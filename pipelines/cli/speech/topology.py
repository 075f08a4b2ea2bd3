"""Versions of the topology, as people read them."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.cli.speech.output import show_table
from sync_rules.topology.differences import Difference


def show_differences(title: str, found: Sequence[Difference]) -> None:
    """What one version says otherwise than another, a row each."""
    columns = {"subject": "what", "change": "change", "before": "before", "after": "after", "effect": "touches"}
    show_table(title, columns, [_row(one) for one in found])


def _row(one: Difference) -> dict[str, str | None]:
    return {
        "subject": one.subject,
        "change": f"{one.key} {one.what}".strip(),
        "before": one.before,
        "after": one.after,
        "effect": "records or rights" if one.needs_apply else "neither records nor rights",
    }
