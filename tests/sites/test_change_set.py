"""M3: a change set is named by its content, the same input gives the same bytes, and nobody changes it."""

from __future__ import annotations

import errno
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from wire import change_set
from wire.change_set import ChangeSet
from wire.file_errors import FileUnusable
from wire.folders import SharedFrame

ITEMS = pl.DataFrame({"id": [f"i{n:05d}" for n in range(3000)], "name": [None, "a", "b"] * 1000})
LINES = pl.DataFrame(
    {"id": ["l1", "l2"], "packs": [Decimal("1.5"), None]}, schema_overrides={"packs": pl.Decimal(18, 6)}
)
GONE = pl.DataFrame({"table_name": ["item", "invoice"], "record_id": ["x", "y"]})


def written(
    folder: Path, items: pl.DataFrame | SharedFrame = ITEMS, deletes: pl.DataFrame = GONE, **changed
) -> ChangeSet:
    facts: dict[str, Any] = {"site_id": 2, "site_code": "north", "number": 3, "from_seq": 10, "to_seq": 20}
    upserts = {"item": items, "line": LINES, "empty": ITEMS.clear()}
    made = change_set.write_change_set(folder, **(facts | changed), upserts=upserts, deletes=deletes)
    return change_set.read_change_set(made.path)


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_m3_it_reads_back_as_written(tmp_path):
    sent = written(tmp_path)
    assert sent.path == tmp_path / "north" / f"00000003-{sent.content_hash[:12]}"
    again = change_set.read_change_set(sent.path)
    assert (again.number, again.site_id, again.site_code, again.from_seq, again.to_seq) == (3, 2, "north", 10, 20)
    assert again.content_hash == sent.content_hash
    assert list(again.upserts) == ["item", "line"]
    assert again.upserts["item"].equals(ITEMS)
    assert again.upserts["line"].equals(LINES)
    assert again.deletes.rows() == [("invoice", "y"), ("item", "x")]
    with pytest.raises(KeyError):
        again.upserts["empty"]


def test_m3_the_order_and_the_chunks_of_the_input_do_not_matter(tmp_path):
    first = written(tmp_path / "a")
    shuffled = pl.concat(
        [ITEMS[2000:], ITEMS[:500].reverse(), ITEMS[500:2000].sample(fraction=1, shuffle=True, seed=1)]
    )
    assert shuffled.n_chunks() > 1
    second = written(tmp_path / "b", shuffled, pl.concat([GONE.reverse(), GONE]))
    assert second.content_hash == first.content_hash
    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_m3_another_process_gives_the_same_bytes(tmp_path):
    script = (
        "import sys; from pathlib import Path; import tests.sites.test_change_set as t; "
        "print(t.written(Path(sys.argv[1])).content_hash)"
    )
    root = Path(__file__).parents[2]
    made = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "b")], capture_output=True, text=True, check=True,
        env={"PYTHONPATH": str(root), "POLARS_MAX_THREADS": "1", "PYTHONHASHSEED": "99"},
    )  # fmt: skip
    assert made.stdout.strip() == written(tmp_path / "a").content_hash
    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_m3_writing_it_again_changes_nothing(tmp_path):
    before = written(tmp_path).path.stat().st_mtime_ns
    assert written(tmp_path).path.stat().st_mtime_ns == before
    assert len(list((tmp_path / "north").iterdir())) == 1


def test_m3_what_several_sites_are_sent_is_one_file_and_the_bytes_are_those_of_each_its_own(tmp_path):
    shared = SharedFrame(ITEMS)
    for code in ("north", "south"):
        written(tmp_path / "shared", shared, site_code=code)
        written(tmp_path / "own", ITEMS, site_code=code)
    assert files(tmp_path / "shared") == files(tmp_path / "own")
    items = {file.stat().st_ino for file in (tmp_path / "shared").rglob("item.parquet")}
    assert len(items) == 1


def test_m3_what_cannot_be_linked_is_written(tmp_path, monkeypatch):
    def refuse(*given):
        raise OSError(errno.EMLINK, "Too many links")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    shared = SharedFrame(ITEMS)
    sets = [written(tmp_path, shared, site_code=code) for code in ("north", "south")]
    assert [one.upserts["item"].equals(ITEMS) for one in sets] == [True, True]


@pytest.mark.parametrize(
    "changed",
    [{"number": 4}, {"site_id": 3}, {"to_seq": 21}, {"items": ITEMS[1:]}, {"deletes": GONE[1:]},
     {"items": ITEMS.with_columns(name=pl.lit(None, dtype=pl.String))}],
)  # fmt: skip
def test_m3_other_content_has_another_hash(tmp_path, changed):
    assert written(tmp_path, **changed).content_hash != written(tmp_path).content_hash


@pytest.mark.parametrize("victim", ["deletes.parquet", "upserts/item.parquet", "manifest.json"])
def test_m3_tampering_is_detected(tmp_path, victim):
    path = written(tmp_path).path
    content = bytearray((path / victim).read_bytes())
    content[len(content) // 2] ^= 1
    (path / victim).write_bytes(content)
    with pytest.raises(FileUnusable, match="changed after"):
        change_set.read_change_set(path)


def test_m3_a_file_of_another_change_set_is_detected(tmp_path):
    path, other = written(tmp_path).path, written(tmp_path, ITEMS[1:], number=4).path
    shutil.copy(other / "upserts/item.parquet", path / "upserts/item.parquet")
    with pytest.raises(FileUnusable, match="changed after"):
        change_set.read_change_set(path)
    (path / "upserts/item.parquet").unlink()
    with pytest.raises(FileUnusable, match="missing or added"):
        change_set.read_change_set(path)
