"""P5: what was pulled is kept as it was."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from sync_rules.frames import RecordKey
from wire import landed_pull
from wire.file_errors import FileUnusable
from wire.landed_pull import Pull


@pytest.fixture
def pulled(site, tmp_path_factory):
    site.db.script(
        [
            "insert into item values ('i1', 'a'), ('i2', null)",
            "insert into invoice (id, total, day, made_at) values ('v1', 1.5, '2026-01-02', '2026-01-02T03:04:05Z')",
            "insert into account values ('a1', 'ann', 'hunter2')",
        ]
    )
    site.pull()
    site.deliver(site.sending(tmp_path_factory.mktemp("sent"), deletes=[("item", "i2")]))
    site.since = None
    return site.pull()


def equal(first: Pull, second: Pull) -> bool:
    frames = dict.fromkeys(("changes", "rows", "before_switches", "log", "lost"))
    facts = [{**vars(pulled), **frames} for pulled in (first, second)]
    rows = first.rows.keys() == second.rows.keys() and all(
        first.rows[table].equals(second.rows[table]) and first.rows[table].schema == second.rows[table].schema
        for table in first.rows
    )
    return (
        facts[0] == facts[1]
        and rows
        and first.changes.equals(second.changes)
        and all(vars(first)[name].equals(vars(second)[name]) for name in ("before_switches", "log", "lost"))
        and first.changes.schema == second.changes.schema
    )


def files(folder) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_p5_a_landed_pull_reads_back_the_same(pulled, tmp_path):
    path = landed_pull.land(pulled, tmp_path, cycle=7)
    assert path.parent == tmp_path / "site_2"
    assert path.name.startswith("e1-00000007-")
    assert pulled.applied_number == 1
    assert equal(landed_pull.read_pull(path), pulled)
    early = replace(pulled, before_switches=RecordKey.of([("purchase_order", "o-1")]))
    assert equal(landed_pull.read_pull(landed_pull.land(early, tmp_path, cycle=8)), early)


def test_p5_landing_twice_is_once(pulled, tmp_path):
    path = landed_pull.land(pulled, tmp_path, cycle=7)
    before = files(tmp_path)
    stamp = path.stat().st_mtime_ns
    assert landed_pull.land(pulled, tmp_path, cycle=7) == path
    assert files(tmp_path) == before
    assert path.stat().st_mtime_ns == stamp
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]  # no draft is left


def test_p5_a_draft_that_a_kill_left_is_no_landed_pull(pulled, tmp_path, monkeypatch):
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(type(tmp_path), "rename", killed)
    with pytest.raises(KeyboardInterrupt):
        landed_pull.land(pulled, tmp_path, cycle=1)
    monkeypatch.undo()
    assert equal(landed_pull.read_pull(landed_pull.land(pulled, tmp_path, cycle=1)), pulled)


@pytest.mark.parametrize("victim", ["changes.parquet", "rows/item.parquet", "manifest.json"])
def test_p5_a_changed_byte_is_detected(pulled, tmp_path, victim):
    path = landed_pull.land(pulled, tmp_path, cycle=1)
    file = path / victim
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(FileUnusable, match="changed"):
        landed_pull.read_pull(path)


def test_p5_a_missing_an_added_or_a_swapped_file_is_detected(pulled, tmp_path):
    path = landed_pull.land(pulled, tmp_path, cycle=1)
    kept = (path / "rows/item.parquet").read_bytes()
    (path / "rows/item.parquet").unlink()
    with pytest.raises(FileUnusable, match=r"rows/item\.parquet"):
        landed_pull.read_pull(path)
    (path / "rows/item.parquet").write_bytes(kept)
    (path / "rows/odd.parquet").write_bytes(kept)
    with pytest.raises(FileUnusable, match=r"rows/odd\.parquet"):
        landed_pull.read_pull(path)
    (path / "rows/odd.parquet").unlink()
    landed_pull.read_pull(path)
    other = path.with_name(path.name[:-1] + ("0" if path.name[-1] != "0" else "1"))
    path.rename(other)
    with pytest.raises(FileUnusable, match="changed"):
        landed_pull.read_pull(other)


def test_b39_p3_landed_files_hold_no_secret_and_no_withheld_text(pulled, tmp_path):
    path = landed_pull.land(pulled, tmp_path, cycle=1)
    assert landed_pull.read_pull(path).rows["account"].columns == ["id", "name"]
    for name in files(path):
        if name.endswith(".parquet"):
            text = str(pl.read_parquet(path / name).to_dicts())
            assert "hunter2" not in text
            assert "password" not in text


def test_p3_a_malformed_secret_is_not_quoted(sqlite_site, tmp_path):
    sqlite_site.db.execute("insert into account values ('a1', cast(x'ff' as text), cast(x'ff' || 'hunter2' as text))")
    pulled = sqlite_site.pull()
    assert pulled.changes["malformed"].to_list() == ["name: \\xff"]
    assert "hunter2" not in str(landed_pull.read_pull(landed_pull.land(pulled, tmp_path, cycle=1)))
