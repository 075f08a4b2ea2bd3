"""Each file of central's own that is broken is named in one line, and what cannot run ends with 3 (S3, B12)."""

from __future__ import annotations

import resource
import shutil
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from central import cycle_file
from pipelines.run_history import dagster_home
from tests.central.small_network import Network, stock_line
from tests.pipelines.conftest import Said, cycle

Command = Callable[..., Said]
Break = Callable[[Path], None]


def garbage(file: Path) -> None:
    file.write_bytes(b"no database\n" * 1000)


def cut_short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:500_000])


def bad_block(file: Path) -> None:
    content = bytearray(file.read_bytes())
    for place in range(20_000, len(content), 50_000):
        content[place : place + 8] = b"\xff" * 8
    file.write_bytes(content)


def of_a_newer_duckdb(file: Path) -> None:
    """The version of the file's form is a number in its first block, which carries a checksum."""
    content = bytearray(file.read_bytes())
    content[12:20] = struct.pack("<Q", 100_000)
    checksum = 5381
    for (word,) in struct.iter_unpack("<Q", content[8:4096]):
        checksum ^= word * 0xBF58476D1CE4E5B9 & (1 << 64) - 1
    content[:8] = struct.pack("<Q", checksum)
    file.write_bytes(content)


def a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def a_file(folder: Path) -> None:
    if folder.is_dir():
        shutil.rmtree(folder)
    folder.write_text("no folder")


WAREHOUSE = "data/warehouse/working.duckdb"
BROKEN: dict[str, tuple[str, Break, str]] = {
    "the warehouse is no database": (WAREHOUSE, garbage, "not a valid DuckDB database file!; put back a backup of it"),
    "the warehouse is cut short": (WAREHOUSE, cut_short, "put back a backup of it, or move it away"),
    "blocks of the warehouse are bad": (WAREHOUSE, bad_block, "put back a backup of it, or move it away"),
    "a newer DuckDB wrote the warehouse": (WAREHOUSE, of_a_newer_duckdb, "a newer DuckDB wrote it"),
    "the warehouse is a folder": (WAREHOUSE, a_folder, "Is a directory"),
    "the folder of the warehouse is a file": ("data/warehouse", a_file, "a file is where a folder should be"),
    "the folder of pulls is a file": ("data/pulls", a_file, "a file is where a folder should be"),
    "the folder of data is a file": ("data", a_file, "a file is where a folder should be"),
}
"""What keeps a cycle from beginning."""
IN_A_STEP: dict[str, tuple[str, str]] = {
    "the folder of a site's pulls is a file": ("data/pulls/north", "a file is where a folder should be"),
    "the folder of a site's change sets is a file": ("data/change_sets/north", "a file is where a folder should be"),
    "the folder of snapshots is a file": ("published", "a folder that can be written to"),
}
"""What stops one that has begun."""


@contextmanager
def broken(path: Path, how: Break, aside: Path) -> Iterator[None]:
    """The file or folder is broken for as long as the body runs."""
    if path.exists():
        path.rename(aside)
        if aside.is_dir():
            shutil.copytree(aside, path, symlinks=True)
        else:
            shutil.copy(aside, path)
    how(path)
    yield
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    if aside.exists():
        aside.rename(path)


def require_one_line(said: Said, path: Path, cure: str) -> None:
    errors = [line for line in said.err.splitlines() if line.startswith("error:")]
    assert (said.code, len(errors)) == (3, 1), said.err
    assert f"`{path}" in errors[0]
    assert cure in errors[0]
    assert "Traceback" not in said.err


@pytest.mark.long
def test_s3_what_keeps_a_cycle_from_beginning_is_named_and_nothing_is_lost(
    synced: Network, command: Command, tmp_path: Path
) -> None:
    for number, (what, (name, how, cure)) in enumerate(BROKEN.items()):
        with broken(synced.folder / name, how, tmp_path / f"aside-{number}"):
            require_one_line(command("sync", "-C", synced.folder), synced.folder / name, cure)
            found = command("check", "-C", synced.folder, "--json")
            assert (found.code, what) == (3, what)
            assert [one["problem"] for one in found.document["central"] if str(synced.folder / name) in one["problem"]]
            if name == WAREHOUSE:
                require_one_line(command("status", "-C", synced.folder), synced.folder / name, cure)
    assert command("check", "-C", synced.folder, "--json").document["central"] == []
    assert command("sync", "-C", synced.folder).code == 0


@pytest.mark.parametrize(
    "what", [pytest.param(one, marks=[pytest.mark.long] * ("pulls" not in one)) for one in IN_A_STEP]
)
def test_s3_what_stops_a_cycle_is_named_and_the_next_goes_on(
    what: str, synced: Network, command: Command, tmp_path: Path
) -> None:
    name, cure = IN_A_STEP[what]
    synced.people_put("north", "stock_line", stock_line(1, "NTH"))
    synced.people_run("central", "update item set name = 'New' where id = 'amoxicillin'")
    with broken(synced.folder / name, a_file, tmp_path / "aside"):
        require_one_line(command("sync", "-C", synced.folder), synced.folder / name, cure)
    cycle(synced)
    assert synced.rows("south", "stock_line", "id") == [("stock-NTH-1",)]
    assert synced.rows("north", "item", "name", "id = 'amoxicillin'") == [("New",)]


def test_s3_a_full_disk_stops_a_cycle_and_loses_nothing(synced: Network, command: Command) -> None:
    """No file may grow: what the disk answers then has the same kind of number."""
    synced.people_put("north", "stock_line", *(stock_line(number, "NTH") for number in range(200)))
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
    try:
        said = command("sync", "-C", synced.folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    require_one_line(said, synced.folder, "make room on its disk")
    cycle(synced)
    assert len(synced.rows("south", "stock_line", "id")) == 200


HISTORIES: dict[str, Break] = {
    "its database is none": lambda home: garbage(home / "history" / "runs.db"),
    "its settings are none": lambda home: garbage(home / "dagster.yaml"),
    "it is a file": a_file,
}


@pytest.mark.parametrize(
    "how", [name if name == next(iter(HISTORIES)) else pytest.param(name, marks=pytest.mark.long) for name in HISTORIES]
)
def test_a_broken_run_history_keeps_no_cycle_from_running(how: str, synced: Network, command: Command) -> None:
    """The cycle runs without it, and says so; once it is moved away there is a new one."""
    home = dagster_home(synced.folder)
    shutil.rmtree(home / "history", ignore_errors=True)
    (home / "history").mkdir()
    HISTORIES[how](home)
    synced.people_put("north", "stock_line", stock_line(1, "NTH"))
    said = command("sync", "-C", synced.folder)
    assert said.code == 0
    assert f"the run history in `{home}` cannot be used" in said.err
    assert "Traceback" not in said.err
    assert synced.rows("south", "stock_line", "id") == [("stock-NTH-1",)]
    assert any(
        f"`{home}` cannot be used" in note for note in command("check", "-C", synced.folder, "--json").document["notes"]
    )
    said = command("dev", "-C", synced.folder)
    assert (said.code, f"`{home}` cannot be used" in said.err) == (3, True)


LOOKS = (
    ["status"],
    ["explain", "item", "amoxicillin"],
    ["rejected", "list"],
    ["report", "stores"],
    ["release", "north", "--reason", "x"],
    ["transfers", "list"],
    ["queue"],
    ["warehouse", "tables"],
    ["warehouse", "sql", "from replica.item"],
)


@pytest.mark.parametrize(
    "words", [*LOOKS[:2], *(pytest.param(words, marks=pytest.mark.long) for words in LOOKS[2:])], ids=" ".join
)
def test_p6_who_only_looks_is_told_that_the_warehouse_is_behind(
    words: list[str], synced: Network, command: Command
) -> None:
    synced.project.warehouse.unlink()
    looked = command(*words, "-C", synced.folder)
    assert looked.err.startswith("note: the warehouse ends at cycle 0, cycles up to 1 are kept: ")
    assert not synced.project.warehouse.exists()  # whoever looks makes none


@pytest.mark.long
def test_p6_sync_catches_up_by_itself_and_check_says_so_before(synced: Network, command: Command) -> None:
    kept = {number: cycle_file.path(synced.project.pulls, number).read_bytes() for number in (1,)}
    synced.project.warehouse.unlink()
    found = command("check", "-C", synced.folder, "--json")
    assert found.code == 0
    [note] = found.document["notes"]
    assert note == "the warehouse ends at cycle 0, cycles up to 1 are kept: `supplysync sync` admits them again"
    for words in (["warehouse", "publish"], ["site", "unclaim", "north"]):
        refused = command(*words, "-C", synced.folder)
        assert (refused.code in (2, 3), note in refused.err) == (True, True), words
    watched = command("status", "--fail-on", "overdue", "--json", "-C", synced.folder)
    assert (watched.code, watched.document["behind"]) == (1, note)
    assert not synced.project.warehouse.exists()  # whoever looks makes none
    said = command("sync", "-C", synced.folder, "--json")
    assert (said.code, said.document["cycle"]) == (0, 2)
    assert command("status", "--json", "-C", synced.folder).document["behind"] is None
    assert "cycle 1 of 1 is admitted again: the warehouse had ended at 0" in said.err
    assert {number: cycle_file.path(synced.project.pulls, number).read_bytes() for number in (1,)} == kept

    pull = synced.project.pulls / cycle_file.required(synced.project.pulls, 1).pulled[0].path
    pull.rename(pull.with_name("away"))
    synced.project.warehouse.unlink()
    require_one_line(command("sync", "-C", synced.folder), pull, "put it back from a backup")
    assert command("check", "-C", synced.folder, "--json").code == 3
    assert command("status", "--fail-on", "failed", "-C", synced.folder).code == 1

    synced.project.pulls.rename(synced.folder / "away")  # nothing is kept, and what was published shows that it was
    watched = command("status", "--fail-on", "failed", "--json", "-C", synced.folder)
    assert (watched.code, "shows cycle 2, and no file of it is kept" in watched.document["behind"]) == (1, True)


def test_o5_check_names_kept_files_that_are_gone_or_altered_until_a_backup_holds_what_they_held(
    synced: Network, command: Command
) -> None:
    """Nobody needs them while the warehouse is there, so nothing else would say it."""
    here, pulls = ("-C", synced.folder), synced.project.pulls
    cycle(synced)
    first, second = (cycle_file.required(pulls, number).pulled for number in (1, 2))
    gone, altered = pulls / first[0].path, pulls / second[1].path / "manifest.json"
    gone.rename(gone.with_name("away"))
    altered.write_bytes(altered.read_bytes() + b"x")
    cycle_file.path(pulls, 2).write_text("{}", encoding="utf-8")
    found = command("check", "--json", *here)
    [wrong] = [one["problem"] for one in found.document["central"]]
    assert (found.code, f"`{gone}/manifest.json`" in wrong, ", and 1 more: " in wrong) == (3, True, True)
    assert "could not be made again" in wrong
    made = command("backup", synced.folder / "backups", *here)
    assert (made.code, "left out, as it is damaged: " in made.err) == (1, True)
    clean = command("check", "--json", *here)
    assert (clean.code, clean.document["notes"], clean.document["central"]) == (0, [], [])


@pytest.mark.long
def test_o5_check_names_what_is_gone_or_altered_that_a_backup_has_and_the_command_gives_it_back(
    synced: Network, command: Command
) -> None:
    """Only a byte by byte look finds what was altered; what the backup does not have is told when the rest is back."""
    here, pulls, place = ("-C", synced.folder), synced.project.pulls, synced.folder / "backups"
    cycle(synced)
    assert command("backup", place, *here).code == 0
    first, second = (cycle_file.required(pulls, number).pulled for number in (1, 2))
    altered = pulls / second[1].path / "manifest.json"
    altered.write_bytes(altered.read_bytes() + b"x")
    assert command("check", "--json", *here).document["notes"] == []
    thorough = command("check", "--files", "--json", *here)
    assert (thorough.code, str(altered.parent) in thorough.document["central"][0]["problem"]) == (3, True)
    shutil.rmtree(pulls / first[0].path)
    cycle_file.path(pulls, 1).unlink()
    shutil.rmtree(next(synced.project.change_sets.glob("*/*-*")))
    found = command("check", "--json", *here)
    [note] = found.document["notes"]
    assert (found.code, ", and 2 more kept files: gone or altered" in note) == (0, True)
    synced.people_put("north", "stock_line", stock_line(9, "NTH"))
    cycle(synced)
    later = pulls / cycle_file.required(pulls, 3).pulled[1].path
    later.rename(later.with_name("away"))
    way_out = note.partition("`supplysync ")[2].partition("`")[0].split()
    done = command(*way_out, "--yes", *here)
    assert (done.code, "4 put back" in done.err) == (1, True)
    assert f"not in the backup: `{later}/manifest.json`" in done.err
    later.with_name("away").rename(later)
    assert command(*way_out, *here).code == 0
    assert command("check", "--files", "--json", *here).code == 0
