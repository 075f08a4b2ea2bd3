"""Applying what topology.toml asks for: a cycle that pulls nothing and goes by it (B44, T9)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from central import cycle_file, decisions
from central.cycle.catch_up import catch_up
from central.cycle.stages import Asked
from central.cycle_file import Cycle
from central.plan.plan import NetworkPlan, make_plan
from central.visits.known import known_of
from warehouse.connection import Connection, open_warehouse
from wire.file_errors import naming


class ApplyRefused(ValueError):
    """topology.toml cannot be applied as it is, or not by the plan that was saved; nothing was done."""


@dataclass(frozen=True)
class SavedPlan:
    """What a saved plan rests on: it holds while all of it is as it was (B46)."""

    version: int | None
    wanted: str
    unmet: tuple[str, ...]
    forced: tuple[str, ...] = ()

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """That of a plan as ``NetworkPlan.document`` has it. Raises ApplyRefused where it is no such document."""
        try:
            applied = document["applied"]
            version = int(applied["version"]) if applied else None
            unmet, forced = document["unmet"], document.get("forced", ())
            return cls(version, str(document["wanted"]), tuple(map(str, unmet)), tuple(map(str, forced)))
        except (KeyError, TypeError, ValueError):
            raise ApplyRefused("this is no plan; write one with `supplysync plan -o FILE`") from None

    def document(self) -> dict[str, Any]:
        """What ``of`` reads: as much of a plan as it rests on."""
        applied = None if self.version is None else {"version": self.version}
        return {
            "applied": applied, "wanted": self.wanted, "unmet": list(self.unmet), "forced": list(self.forced)
        }  # fmt: skip

    def other_than(self, made: SavedPlan) -> list[str]:
        """What is not as it was, in words."""
        found = []
        if self.version != made.version:
            found.append(f"version {made.version} of the topology is applied now, it was {self.version}")
        if self.wanted != made.wanted:
            found.append("topology.toml says something else now")
        return found + [f"it is new that {one}" for one in made.unmet if one not in self.unmet]


def read_plan(file: Path) -> SavedPlan:
    """A plan that was saved. Raises ApplyRefused where the file is none, FileUnusable where it cannot be read."""
    try:
        with naming(file):
            document = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        document = None
    return SavedPlan.of(document if isinstance(document, dict) else {})


def require(made: NetworkPlan, saved: SavedPlan | None = None) -> None:
    """Raises ApplyRefused where a plan cannot be applied: something is to be mended first, or it is not as ``saved``
    any more."""
    if saved is not None and (other := saved.other_than(SavedPlan.of(made.document()))):
        raise ApplyRefused(f"the plan holds no longer: {'; '.join(other)}; look at it again with `supplysync plan`")
    if made.unmet:
        raise ApplyRefused("nothing was applied; first: " + "; ".join(made.unmet))


def apply_wanted(asked: Asked, saved: SavedPlan | None = None) -> NetworkPlan | None:
    """Begins a cycle that applies topology.toml, and returns its plan, which is kept with it; None where it is as
    applied. The next stages do the rest, and so does the next cycle, whatever kills this one. Stores are taken from the
    sites that ``saved`` says are lost (B47), and from no other.

    Raises TopologyError, ApplyRefused, CannotCatchUp, FileUnusable; nothing is applied then.
    """
    project = asked.project
    wanted = project.as_wanted()
    with open_warehouse(project.warehouse, project.schema) as con:
        catch_up(con, project)
        made = make_plan(con, project, now=asked.now, forced=saved.forced if saved else ())
        require(made, saved)
        if made.applied is not None and not made.differences:
            return None
        begin(con, asked, wanted.topology_text, made.document(), forced=made.forced)
    return made


def begin(con: Connection, asked: Asked, topology: str, plan: Mapping[str, Any], *, forced: Sequence[str] = ()) -> None:
    """Begins a cycle that applies ``topology``, pulls nothing, and keeps the ``plan`` of it. Raises FileUnusable."""
    project = asked.project
    known = known_of(con, project)
    taken = decisions.after(project.pulls, known.decision)
    cycle = Cycle(known.number + 1, asked.now, topology, (), (), asked.by, taken, leaves=known.leaves, plan=plan,
                  waits_for_apply=topology != project.wanted_text,
                  forced=tuple(site.id for site in project.topology.sites if site.code in forced))  # fmt: skip
    cycle_file.write(project.pulls, cycle)
