"""A project folder: its topology, its secrets, and where its files are."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from cronsim import CronSim, CronSimError
from dotenv import dotenv_values

from sites.schema import SCHEMA
from sync_rules.schema import Schema
from sync_rules.topology.file import parse
from sync_rules.topology.topology import Site, Topology


class ProjectError(ValueError):
    """The folder, its topology.toml or its environment cannot be used."""


@dataclass(frozen=True)
class Project:
    """A project as it stands when a stage begins; ``environment`` holds secrets and is never shown."""

    folder: Path
    topology_text: str
    topology: Topology
    environment: Mapping[str, str] = field(repr=False)
    schema: Schema = field(default=SCHEMA, repr=False)

    @property
    def warehouse(self) -> Path:
        """The working warehouse: private to the pipeline."""
        return self.folder / "data" / "warehouse" / "working.duckdb"

    @property
    def pulls(self) -> Path:
        """Landed pulls, and under ``cycles`` what each cycle was made of (P5, B8)."""
        return self.folder / "data" / "pulls"

    @property
    def change_sets(self) -> Path:
        """The change sets made for each site."""
        return self.folder / "data" / "change_sets"

    @property
    def published(self) -> Path:
        """The snapshots that analysts and pages read (B16)."""
        return self.folder / "published"

    def at(self, topology_text: str) -> Project:
        """The project by the topology that a cycle went by."""
        if topology_text == self.topology_text:
            return self
        return replace(self, topology_text=topology_text, topology=parse(topology_text))

    def database_url(self, site: Site) -> str:
        """The site's URL with ``${NAME}`` filled in from the environment, escaped where it is a user or password (S2).

        Raises ProjectError naming the variable that is not set.
        """

        def value(match: re.Match[str]) -> str:
            name = match.group(1)
            if name not in self.environment:
                raise ProjectError(
                    f"site `{site.code}`: the environment variable `{name}` is not set; set it, or write it in .env"
                )
            found = self.environment[name]
            return quote(found, safe="") if match.start() < site.database.rfind("@") else found

        return re.sub(r"\$\{(\w+)\}", value, site.database)


def chosen_sites(project: Project, codes: Sequence[str] | None) -> list[Site]:
    """The sites of these codes, or all of them for None, in the order of the file.

    Raises ProjectError for a code that is no site's.
    """
    known = {site.code for site in project.topology.sites}
    unknown = sorted(set(codes or ()) - known)
    if unknown:
        raise ProjectError(f"no site `{unknown[0]}` in topology.toml; sites are {', '.join(sorted(known))}")
    return [site for site in project.topology.sites if codes is None or site.code in codes]


def load(folder: Path) -> Project:
    """The project in ``folder``. Raises ProjectError, or TopologyError with every mistake found."""
    file = folder / "topology.toml"
    if not file.is_file():
        raise ProjectError(f"no topology.toml in `{folder}`; make a project with `supplysync init {folder}`")
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ProjectError(f"`{file}` is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    secrets = {name: value for name, value in dotenv_values(folder / ".env").items() if value is not None}
    topology = parse(text, is_schedule=_is_schedule)
    return Project(folder.resolve(), text, topology, {**secrets, **os.environ})


def _is_schedule(text: str) -> bool:
    try:
        CronSim(text, datetime(2000, 1, 1))  # noqa: DTZ001 - any moment will do
    except CronSimError:
        return False
    return True
