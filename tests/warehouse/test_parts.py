"""What is judged of a large pull at once (A5, B33, M3): whole documents, whole people, what others refer to first."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from sites.schema import SCHEMA
from sync_rules.words import Identity
from warehouse.batch.landed_rows import Landed, pulled_changes, pulled_rows
from warehouse.batch.parts import parts_folder, parts_of
from warehouse.connection import open_warehouse
from wire.frames import PulledChange
from wire.landed_pull import Pull, land

ROWS = {
    "invoice": [{"id": f"v{n}", "store_id": "ward"} for n in range(6)],
    "invoice_line": [{"id": f"v{n}-{k}", "invoice_id": f"v{n}", "item_id": "i1"} for k in range(3) for n in range(6)],
    "item": [{"id": "i1", "name": "Salt"}, {"id": "i2", "name": "Zinc"}],
    "name": [{"id": "ward-name", "name": "Ward"}],
    "patient": [{"id": "p1"}, {"id": "p2"}],
    "patient_store_join": [{"id": "j1", "patient_id": "p1", "store_id": "ward"}],
    "prescription": [{"id": "d1", "patient_id": "p1", "store_id": "ward"}],
    "prescription_line": [{"id": "d1-1", "prescription_id": "d1", "item_id": "i1"}],
    "requisition": [{"id": f"r{n}", "type": "request"} for n in range(9)]
    + [{"id": "s0", "type": "response", "linked_requisition_id": "r0"}],
    "requisition_line": [{"id": "s0-1", "requisition_id": "s0", "item_id": "i1"}],
    "store": [{"id": "ward", "name_id": "ward-name", "code": "W"}],
}


def whole_pull(folder: Path) -> Landed:
    """A first contact, whose changes are in the order of the tables' names."""
    rows = {table: SCHEMA.whole_rows(table, pl.DataFrame(some)) for table, some in ROWS.items()}
    keys = [(table, row["id"]) for table, some in ROWS.items() for row in some]
    changes = PulledChange.of((*key, "upsert", n, True, None) for n, key in enumerate(keys))
    identity = Identity(2, "ward", "u", 1)
    pull = Pull(identity, "", None, "b", datetime(2026, 11, 1, tzinfo=UTC), None, changes, rows)
    path = land(pull, folder, cycle=1)
    files = tuple(sorted(str(one.relative_to(path)) for one in path.rglob("*.parquet")))
    return Landed(2, path, files, changes=changes.height)


@pytest.fixture
def parts(tmp_path):
    """The ids of each table, part by part, of parts with room for four changes; in a folder with awkward letters."""
    folder = tmp_path / "it's [a]*?"
    folder.mkdir()
    with open_warehouse(folder / "working.duckdb", SCHEMA) as con, parts_folder(con) as place:
        cut = parts_of(con, [whole_pull(folder)], SCHEMA, 4, place / "0")
        assert all(len(part) == 1 for part in cut)
        found = []
        for part in cut:
            frames = {table: pl.concat(pl.collect_all(some)) for table, some in pulled_rows(part, SCHEMA).items()}
            found.append({table: sorted(frame["id"]) for table, frame in frames.items()})
            keys = pulled_changes(part).select("table_name", "record_id").rows()
            assert sorted(keys) == sorted((table, key) for table, ids in found[-1].items() for key in ids)
        yield found
    assert not place.exists()


def test_nothing_is_in_two_parts_or_in_none(parts):
    every = [(table, key) for part in parts for table, ids in part.items() for key in ids]
    assert sorted(every) == sorted((table, row["id"]) for table, some in ROWS.items() for row in some)
    assert len(parts) > 5


def test_a5_a_document_is_with_its_lines(parts):
    for part in parts:
        assert {line.partition("-")[0] for line in part.get("invoice_line", [])} == set(part.get("invoice", []))


def test_b33_a_person_is_with_what_is_about_them(parts):
    [part] = [part for part in parts if "p1" in part.get("patient", [])]
    assert (part["patient_store_join"], part["prescription"], part["prescription_line"]) == (["j1"], ["d1"], ["d1-1"])


def test_x1_a_half_with_its_lines_is_with_what_it_answers(parts):
    [part] = [part for part in parts if "r0" in part.get("requisition", [])]
    assert "s0" in part["requisition"]
    assert part["requisition_line"] == ["s0-1"]


def test_b4_where_records_were_merged_nothing_is_cut(tmp_path, monkeypatch):
    monkeypatch.setitem(ROWS, "item_merge", [{"id": "m1", "kept_id": "i1", "merged_id": "i2"}])
    with open_warehouse(tmp_path / "working.duckdb", SCHEMA) as con, parts_folder(con) as place:
        pull = whole_pull(tmp_path)
        assert parts_of(con, [pull], SCHEMA, 4, place / "0") == [[pull]]


def test_a5_what_waits_holds_its_site_together(tmp_path):
    with open_warehouse(tmp_path / "working.duckdb", SCHEMA) as con, parts_folder(con) as place:
        pull = whole_pull(tmp_path)
        assert parts_of(con, [pull], SCHEMA, 4, place / "0", waits=[2]) == [[pull]]


def test_r6_what_is_no_first_contact_is_one_part(tmp_path):
    pull = whole_pull(tmp_path)
    changes = pl.read_parquet(pull.path / "changes.parquet")
    with open_warehouse(tmp_path / "working.duckdb", SCHEMA) as con, parts_folder(con) as place:
        for name, told in (("op", pl.lit("delete")), ("is_snapshot", pl.lit(value=False))):
            here = pl.when(pl.col("record_id") == "v3").then(told).otherwise(name).alias(name)
            changes.with_columns(here).write_parquet(pull.path / "changes.parquet")
            assert parts_of(con, [pull], SCHEMA, 4, place / "0") == [[pull]]


def test_m3_what_others_refer_to_comes_before_them(parts):
    place = {(table, key): n for n, part in enumerate(parts) for table, ids in part.items() for key in ids}
    assert place["name", "ward-name"] <= place["store", "ward"] <= place["invoice", "v0"]
    assert place["item", "i1"] <= place["invoice_line", "v0-0"]


def test_few_changes_are_one_part_and_what_a_killed_process_left_goes(tmp_path):
    with open_warehouse(tmp_path / "working.duckdb", SCHEMA) as con:
        left = tmp_path / "spill" / "parts" / "0"
        left.mkdir(parents=True)
        with parts_folder(con) as place:
            assert not left.exists()
            pull = whole_pull(tmp_path)
            assert parts_of(con, [pull], SCHEMA, 100, place / "0") == [[pull]]
            assert not place.exists()


def test_a_pull_of_another_version_may_lack_what_says_whom_a_row_is_about(tmp_path):
    pull = whole_pull(tmp_path)
    file = pull.path / "rows" / "prescription.parquet"
    pl.read_parquet(file).drop("patient_id").write_parquet(file)
    with open_warehouse(tmp_path / "working.duckdb", SCHEMA) as con, parts_folder(con) as place:
        rows = [pulled_rows(part, SCHEMA) for part in parts_of(con, [pull], SCHEMA, 4, place / "0")]
        found = [frame.collect()["id"].to_list() for one in rows for frame in one.get("prescription", [])]
    assert found == [["d1"]]
