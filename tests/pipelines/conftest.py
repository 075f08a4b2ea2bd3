"""The small network, and the command line run on it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from central.asker import now
from central.cycle.run import run_cycle
from central.cycle.stages import STAGES, UP_TO_SITES
from pipelines.cli import main
from pipelines.run_history import dagster_home, find_trouble
from tests.central.copies import Copies
from tests.central.small_network import Network
from warehouse.keeper import kept_open


@pytest.fixture(scope="session", autouse=True)
def dagster_scripts() -> Iterator[None]:
    """Dagster reads the scripts of its own tables each time that it opens a run history: they are read once."""
    read: dict[str, ScriptDirectory] = {}

    class Once:
        @staticmethod
        def from_config(config: Config) -> ScriptDirectory:
            place = str(config.get_main_option("script_location"))
            if place not in read:
                read[place] = ScriptDirectory.from_config(config)
            return read[place]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dagster._core.storage.sql.ScriptDirectory", Once)
        yield


@pytest.fixture
def network(small_network: Network) -> Network:
    """Three sites, not yet synchronised; `south` is PostgreSQL."""
    return small_network


@pytest.fixture
def synced(copies: Copies, tmp_path: Path, make_small_network: Callable[[Path, str], Network]) -> Iterator[Network]:
    """The same after a cycle that was published, of today, its run history begun: commands go by the clock."""

    def make(folder: Path, url: str) -> Network:
        made = make_small_network(folder, url)
        cycle(made, is_published=True)
        assert find_trouble(Path(dagster_home(folder)).parent) is None
        return made

    with copies.of("synced_today", make, tmp_path / "network") as made:
        yield made


def cycle(network: Network, *only: str, is_published: bool = False) -> None:
    """A cycle that is no Dagster run, over all sites or those named."""
    with kept_open(network.project.warehouse):
        run_cycle(network.project, now=now(), only=only or None, stages=STAGES if is_published else UP_TO_SITES)


@dataclass
class Said:
    """What a command answered; ``out`` and ``err`` without the folder that the commands in them have, where the one
    that ran was told it: that is in ``raw`` alone, and in the tests about it."""

    code: int
    out: str
    err: str
    raw: str = ""

    @property
    def document(self) -> Any:
        """Stdout as JSON."""
        return json.loads(self.out)


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Said]:
    """Runs a command of the command line."""
    monkeypatch.delenv("DAGSTER_HOME", raising=False)

    def run(*words: object) -> Said:
        capsys.readouterr()
        code = main([str(word) for word in words])
        captured = capsys.readouterr()
        folder = dict(pairwise(words)).get("-C")
        named = f" -C {shlex.quote(str(folder))}" if folder is not None else "\0"
        out, err = captured.out.replace(named, ""), captured.err.replace(named, "")
        return Said(code, out, err, captured.out + captured.err)

    return run
