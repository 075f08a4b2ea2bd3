"""Dagster resources: the project folder that a run works in."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from central.asker import asked_by, now
from central.cycle.stages import Asked
from central.lock import take_turn
from central.project import Project, load, warehouse_of
from warehouse.keeper import kept_open


class ProjectFolder(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The project folder; its topology.toml is read anew whenever a stage begins."""

    folder: str

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["ProjectFolder"]:  # noqa: ARG002
        """Within a run the stages find the warehouse open."""
        with kept_open(warehouse_of(Path(self.folder))):
            yield self

    def load(self) -> Project:
        """The project as it stands now. Raises ProjectError or TopologyError."""
        return load(Path(self.folder))

    def asked(self, only: list[str] | None = None) -> Asked:
        """What a stage is asked that begins now: for the sites of ``only``, or all. The project's turn is this run's
        from then on, until its process ends, or the command that began it gives it back.

        Raises CycleRunning where another process has it.
        """
        take_turn(Path(self.folder))
        return Asked(self.load(), now(), asked_by(), only)
