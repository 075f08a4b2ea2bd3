"""Files that are whole or not there: what is left where writing breaks off, and who wins where two write at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from wire import whole_files
from wire.folders import SharedFrame, seal
from wire.whole_files import flush_tree, write_first, write_whole

ROOT = Path(__file__).parents[2]
KILLED = """
import os, signal, sys
from pathlib import Path
from wire import whole_files

whole_files.flush = lambda path: os.kill(os.getpid(), signal.SIGKILL)
getattr(whole_files, sys.argv[1])(Path(sys.argv[2]), "new")
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path):
    write_whole(tmp_path / "a", "ä")
    write_whole(tmp_path / "a", b"\x00b")
    assert (tmp_path / "a").read_bytes() == b"\x00b"
    assert names(tmp_path) == ["a"]


def test_the_first_of_a_name_stays(tmp_path):
    assert write_first(tmp_path / "a", "first")
    assert not write_first(tmp_path / "a", "second")
    assert (tmp_path / "a").read_text() == "first"
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("function", [write_whole, write_first])
def test_what_cannot_be_written_leaves_all_as_it_was(tmp_path, monkeypatch, function):
    def fails(descriptor):
        raise OSError("the disk is full")

    (tmp_path / "old").write_text("old")
    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(OSError, match="the disk is full"):
        function(tmp_path / ("old" if function is write_whole else "new"), "new")
    assert names(tmp_path) == ["old"]
    assert (tmp_path / "old").read_text() == "old"


@pytest.mark.parametrize("function", ["write_whole", "write_first"])
def test_who_is_killed_before_the_file_is_on_the_disk_has_not_written_it(tmp_path, function):
    target = tmp_path / "a"
    subprocess.run([sys.executable, "-c", KILLED, function, str(target)], env={"PYTHONPATH": str(ROOT)}, check=False)
    assert not target.exists()
    assert [name for name in names(tmp_path) if not name.startswith(".a.")] == []


def test_the_file_is_on_the_disk_before_its_name_is_and_then_the_name(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(whole_files, "flush", lambda path: seen.append((path.name, (tmp_path / "a").exists())))
    write_whole(tmp_path / "a", "a")
    assert seen == [(f".a.{os.getpid()}", False), (tmp_path.name, True)]


def test_a_tree_is_flushed_with_all_its_folders(tmp_path, monkeypatch):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_text("c")
    seen = []
    monkeypatch.setattr(whole_files, "flush", lambda path: seen.append(path.name))
    flush_tree(tmp_path)
    assert seen == ["a", "b", "c", tmp_path.name]


def test_what_several_folders_share_is_flushed_once(tmp_path, monkeypatch):
    """In the first one; the others have another name of it."""
    seen = []
    monkeypatch.setattr(whole_files, "flush", lambda path: seen.append(path.name))
    shared = SharedFrame(pl.DataFrame({"id": ["a"]}))
    for folder in ("one", "two"):
        seal(tmp_path / folder, "1", {"rows.parquet": shared}, {})
    assert seen.count("rows.parquet") == 1
    assert seen.count("manifest.json") == 2
