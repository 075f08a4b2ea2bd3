"""The small network, and the command line run on it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipelines.cli import main
from tests.central.small_network import Network, make_network


@pytest.fixture
def network(tmp_path: Path, new_site: Callable[[str], str], new_warehouse: Callable[[Path], Path]) -> Network:
    """Three sites, not yet synchronised; `south` is PostgreSQL."""
    made = make_network(tmp_path / "network", "sqlite:///north.sqlite", new_site("postgresql"))
    new_warehouse(made.project.warehouse)
    return made


@dataclass
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

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
        return Said(code, captured.out, captured.err)

    return run
