"""A6: what a cycle refers to is on the disk before it does, by one request where it is many folders."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from wire.folders import is_whole, seal
from wire.whole_files import MANY, flushing_at_once

FRAME = pl.DataFrame({"id": ["a"]})


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the system was asked to write a file, or everything, to the disk."""
    found: Counter[str] = Counter()
    for name in ("fsync", "sync"):
        real = getattr(os, name)

        def count(*of_file: int, name: str = name, real=real) -> None:
            found[name] += 1
            real(*of_file)

        monkeypatch.setattr(os, name, count)
    return found


@pytest.mark.parametrize("folders", [1, MANY - 1, MANY, 3 * MANY])
def test_a6_many_folders_are_flushed_by_one_request(tmp_path: Path, asked: Counter[str], folders: int) -> None:
    with flushing_at_once(folders):
        made = [
            seal(tmp_path / f"site-{one}", "7", {"rows.parquet": FRAME}, {"site": one})[0] for one in range(folders)
        ]
        assert asked["sync"] == 0
    if folders < MANY:
        assert asked["fsync"] >= 3 * folders
        assert asked["sync"] == 0
    else:
        assert asked == {"sync": 1}
    assert all(is_whole(one) for one in made)


def test_a6_what_is_cut_off_by_a_stopping_machine_stands_aside_and_is_written_again(tmp_path: Path) -> None:
    """It got its name before it was on the disk, and nothing referred to it."""
    with flushing_at_once(MANY):
        folder, _ = seal(tmp_path, "7", {"rows.parquet": FRAME}, {"site": 1})
    (folder / "rows.parquet").write_bytes(b"")
    assert not is_whole(folder)
    again, _ = seal(tmp_path, "7", {"rows.parquet": FRAME}, {"site": 1})
    assert again == folder
    assert is_whole(folder)


def test_a6_where_it_fails_nothing_is_said_to_be_on_the_disk(asked: Counter[str]) -> None:
    with pytest.raises(OSError, match="full"), flushing_at_once(MANY):
        raise OSError("full")
    assert asked["sync"] == 0
