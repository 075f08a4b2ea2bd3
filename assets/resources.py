"""Dagster resources: the project folder that a run works in."""

from pathlib import Path

import dagster as dg

from central.project import Project, load


class ProjectFolder(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The project folder; its topology.toml is read anew whenever a stage begins."""

    folder: str

    def load(self) -> Project:
        """The project as it stands now. Raises ProjectError or TopologyError."""
        return load(Path(self.folder))
