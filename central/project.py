"""A project folder: the topology that is in force there, its secrets, and where its files are."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, lru_cache
from pathlib import Path
from urllib.parse import quote

from cronsim import CronSim, CronSimError
from dotenv import dotenv_values

from central import cycle_file
from sites.schema import SCHEMA
from sync_rules.schema import Schema
from sync_rules.texts.likeness import meant
from sync_rules.topology.differences import differences, taken_at_once
from sync_rules.topology.file import TopologyError, parse, parse_applied
from sync_rules.topology.text import to_toml
from sync_rules.topology.topology import Site, Topology

_PULLS = Path("data", "pulls")


def warehouse_of(folder: Path) -> Path:
    """Where the project in a folder has its working warehouse."""
    return folder / "data" / "warehouse" / "working.duckdb"


class ProjectError(ValueError):
    """The folder, its topology.toml or its environment cannot be used."""


@dataclass(frozen=True)
class Project:
    """A project as it stands when a stage begins; ``environment`` holds secrets and is never shown.

    ``topology`` is in force: what was applied last, with what the file says otherwise and needs no apply (B44, B45).
    ``wanted_text`` is topology.toml as it lies there, ``mistaken`` what is wrong with it.
    """

    folder: Path
    topology_text: str
    topology: Topology
    wanted_text: str
    environment: Mapping[str, str] = field(repr=False)
    schema: Schema = field(default=SCHEMA, repr=False)
    mistaken: TopologyError | None = None

    @cached_property
    def wanted(self) -> Topology:
        """What topology.toml asks for. Raises TopologyError where it cannot be used."""
        if self.mistaken is not None:
            raise self.mistaken
        return self.topology if self.wanted_text == self.topology_text else parse(self.wanted_text)

    @cached_property
    def waits_for_apply(self) -> str | None:
        """That topology.toml asks for something that is not in force, and what to do; None where it does not."""
        if self.mistaken is not None:
            return f"topology.toml cannot be used, and what was applied last stays in force: {self.mistaken.lines[0]}"
        if self.wanted_text == self.topology_text or not differences(self.topology, self.wanted):
            return None
        return "topology.toml asks for what is not applied: `supplysync plan` shows it, `supplysync apply` does it"

    def as_wanted(self) -> Project:
        """The project as if topology.toml were in force. Raises TopologyError where it cannot be used."""
        return replace(self, topology_text=self.wanted_text, topology=self.wanted)

    @property
    def warehouse(self) -> Path:
        """The working warehouse: private to the pipeline."""
        return warehouse_of(self.folder)

    @property
    def pulls(self) -> Path:
        """Landed pulls, and under ``cycles`` what each cycle was made of (P5, B8)."""
        return self.folder / _PULLS

    @property
    def change_sets(self) -> Path:
        """The change sets made for each site."""
        return self.folder / "data" / "change_sets"

    @property
    def published(self) -> Path:
        """The snapshots that analysts and pages read (B16)."""
        return self.folder / "published"

    @property
    def questions(self) -> Path:
        """The saved questions: SQL files of people's own."""
        return self.folder / "reports"

    def at(self, topology_text: str) -> Project:
        """The project by the topology that a cycle went by."""
        if topology_text == self.topology_text:
            return self
        return replace(self, topology_text=topology_text, topology=parse_applied(topology_text))

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
    if unknown and project.waits_for_apply and unknown[0] in {site.code for site in project.wanted.sites}:
        raise ProjectError(f"site `{unknown[0]}` is in topology.toml and not applied yet: `supplysync apply`")
    if unknown:
        raise ProjectError(f"no site `{unknown[0]}` in topology.toml; {meant(unknown[0], sorted(known), 'sites')}")
    return [site for site in project.topology.sites if codes is None or site.code in codes]


def load(folder: Path) -> Project:
    """The project in ``folder``. Raises ProjectError; TopologyError with every mistake found where nothing was applied
    yet."""
    file = folder / "topology.toml"
    if not file.is_file():
        raise ProjectError(
            f"no topology.toml in `{folder}`; make a project with `supplysync init {shlex.quote(str(folder))}`"
        )
    try:
        text = file.read_text(encoding="utf-8-sig")  # some editors begin a file with a mark
    except UnicodeDecodeError as error:
        raise ProjectError(f"`{file}` is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    secrets = {name: value for name, value in dotenv_values(folder / ".env").items() if value is not None}
    applied = cycle_file.last_topology(folder / _PULLS)
    in_force, topology, mistaken = _in_force(applied, text)
    return Project(folder.resolve(), in_force, topology, text, {**secrets, **os.environ}, mistaken=mistaken)


def _in_force(applied: str | None, wanted: str) -> tuple[str, Topology, TopologyError | None]:
    """The topology that is in force, as text and value, and what is wrong with the wanted one: the first cycle goes by
    that, later ones by what is applied (B44)."""
    try:
        file = _parsed(wanted)
    except TopologyError as error:
        if applied is None:
            raise
        return applied, _parsed_applied(applied), error
    if applied in (None, wanted):
        return wanted, file, None
    before = _parsed_applied(applied)
    found = differences(before, file)
    if not any(one.needs_apply for one in found):
        return wanted, file, None
    taken = taken_at_once(before, file)
    return (applied, before, None) if taken == before else (to_toml(taken), taken, None)


@lru_cache(maxsize=4)
def _parsed(text: str) -> Topology:
    """Of the few texts that a process meets, each is read once: a cycle asks many times, of thousands of sites."""
    return parse(text, is_schedule=_is_schedule)


@lru_cache(maxsize=4)
def _parsed_applied(text: str) -> Topology:
    return parse_applied(text)


def _is_schedule(text: str) -> bool:
    try:
        CronSim(text, datetime(2000, 1, 1))  # noqa: DTZ001 - any moment will do
    except CronSimError:
        return False
    return True
