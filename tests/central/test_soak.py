"""B55: cycle after cycle nothing grows, and what would is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.soak import growing, soak, warm_up_cycles
from central.retention import old_files
from central.visits import visit
from demo.network.postgres import PostgresServer
from warehouse.retention import past
from warehouse.statements import statement

CYCLES = warm_up_cycles() + 24


def grown(server: PostgresServer, folder: Path, name: str) -> list[str]:
    return growing(list(soak(folder, server.create_database(name), CYCLES)), warm_up_cycles())


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_b55_nothing_grows(postgres_server: PostgresServer, tmp_path: Path) -> None:
    assert grown(postgres_server, tmp_path, "soak") == []


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_b55_what_would_grow_is_found(
    postgres_server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sites forget nothing, and neither does one of the ledger's tables, nor the folder of change sets."""
    monkeypatch.setattr(visit, "forget_old", lambda *_, **__: None)
    others = {"forget_visits": "delete from ledger.visit where cycle = -$1"}
    monkeypatch.setattr(past, "statement", lambda name: others.get(name) or statement(name))
    monkeypatch.setattr(old_files, "kept_from", lambda *_: {})
    found = " ".join(grown(postgres_server, tmp_path, "soak_planted"))
    for name in ("rows of supplysync_change_log at lite", "rows of supplysync_change_log at server",
                 "rows of supplysync_applied at lite", "rows of ledger.visit",
                 "files in data/change_sets"):  # fmt: skip
        assert name in found
    assert "rows of ledger.sequence" not in found
