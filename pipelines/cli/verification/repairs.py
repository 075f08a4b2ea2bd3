"""What would put sites right: shown, asked, and kept as decisions that the next cycles act on (O6, B51)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
import polars as pl

from central import decisions
from central.admission.repairs.steps import texts_of
from central.asker import asked_by, now
from central.project import Project
from central.verification.repair import RepairPlan
from pipelines.cli.speech.output import show_table, talk
from sync_rules.words import DecisionKind

_STEPS = {
    "site": "site", "table_name": "table", "correct": "sent again", "remove": "removed there", "read": "read whole",
}  # fmt: skip


def planned(plans: Sequence[RepairPlan]) -> dict[str, Any]:
    """What would be done, for JSON; nothing where nobody asked."""
    if not plans:
        return {}
    steps = [{"site": one.site, "steps": one.steps.to_dicts(), "undecided": one.undecided.height} for one in plans]
    return {"repair": steps}


def decide_repairs(
    loaded: Project, plans: Sequence[RepairPlan], *, reason: str | None, yes: bool, as_json: bool
) -> int:
    """Shows what will be done, asks, and keeps it as a decision a site. Returns 4, with nothing done, where nobody said
    whose rows hold."""
    if not as_json:
        _show_plans(plans)
    undecided = sorted(one.site for one in plans if one.undecided.height)
    if undecided:
        talk.print(
            f"Nothing was done. {', '.join(undecided)} may edit what was changed there without a word: say whose rows "
            "hold, `--repair --take site` takes them as its edits, `--repair --take central` puts them right",
            soft_wrap=True,
        )
        return 4
    todo = [one for one in plans if one.steps.height]
    if not todo or (as_json and not yes):
        return 0
    _ = yes or click.confirm("Put it right?", abort=True, err=True)
    for one in todo:
        decisions.write_decision(
            loaded.pulls, DecisionKind.REPAIR, one.site, reason=reason, now=now(), decided_by=asked_by(),
            records=texts_of(one.steps),
        )  # fmt: skip
        after = ", and once more: tables are read whole" if (one.steps["how"] == "read").any() else ""
        talk.print(f"{one.site}: it goes out with its next cycle{after}")
    return 0


def _show_plans(plans: Sequence[RepairPlan]) -> None:
    counts = [_counted(one) for one in plans if one.steps.height]
    if counts:
        show_table("What will be done", _STEPS, [row for rows in counts for row in rows])
    for one in plans:
        if one.coming.height:
            talk.print(
                f"{one.site}: {one.coming.height:,} records of its own come in with its next cycle, which reads their "
                "tables whole",
                soft_wrap=True,
            )


def _counted(one: RepairPlan) -> list[dict[str, Any]]:
    kinds = [(pl.col("how") == how).sum().alias(how) for how in ("correct", "remove")]
    is_read = pl.when((pl.col("how") == "read").any()).then(pl.lit("yes")).otherwise(pl.lit("no")).alias("read")
    counts = one.steps.group_by("table_name").agg(*kinds, is_read).sort("table_name")
    return [{"site": one.site, **row} for row in counts.to_dicts()]
