"""B16, W1, W2: what a published snapshot holds, and how the next one comes to be."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import polars as pl
import pytest

from sites.schema import SCHEMA
from sync_rules.table.rules import is_only_local
from tests.warehouse.publishing import NOW, SECRET, cycle, dispense, files, fill, line, published, put, remove
from tests.warehouse.reading import MACROS, everything, texts
from warehouse.connection import Connection, open_warehouse, query
from warehouse.exports import views
from warehouse.reports.files import PARTS, UNPUBLISHED
from warehouse.snapshots import database, predecessor, retention
from warehouse.snapshots import files as snapshot_files
from warehouse.snapshots.contents import is_published, published_tables
from warehouse.snapshots.current import NothingPublished, Snapshot, current, manifest, open_snapshot, snapshots
from warehouse.snapshots.publish import PublishingFailed

LATER = NOW + timedelta(days=40)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "published"


@pytest.fixture
def con(con: Connection) -> Connection:
    """A warehouse after its first cycle."""
    fill(con)
    return con


@dataclass(frozen=True)
class Two:
    """A warehouse that was published twice: all of it, and what changed since."""

    con: Connection
    folder: Path

    @property
    def both(self) -> list[Snapshot]:
        return snapshots(self.folder)[::-1]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory, new_warehouse: Callable[[Path], Path]) -> Iterator[Two]:
    """Published in a warehouse that nobody writes to any more."""
    place = tmp_path_factory.mktemp("two")
    with open_warehouse(new_warehouse(place / "working.duckdb"), SCHEMA) as con:
        fill(con)
        put(con, "item", {"id": "V", "code": "V", "name": "Visible-Marker"})
        published(con, place / "published")
        dispense(con, "p2")
        remove(con, "patient", "p1")
        remove(con, "custom_data", "p1")
        put(con, "stock_line", line("A", "X", 9))
        remove(con, "stock_line", "BZ")
        cycle(con, 2)
        again = published(con, place / "published", now=LATER)
        assert (again.why_full, again.changed_rows) == ("", 5)
        yield Two(con, place / "published")


def test_b16_replicas_without_patients_users_and_secrets_and_reports_as_tables(two: Two) -> None:
    found = everything(str(current(two.folder).path))["tables"]
    tables = {name.partition(".")[2] for name in found if name.startswith("main.")}
    reports = {name.partition(".")[2] for name in found if name.startswith("reports.")}
    assert tables == set(published_tables(SCHEMA))
    assert reports == views.NAMES - UNPUBLISHED
    assert not reports & PARTS
    left_out = set(SCHEMA.tables) - tables
    assert left_out == {
        "adverse_drug_reaction", "insurance_policy", "message", "patient", "patient_event", "patient_event_type",
        "patient_medication_record", "patient_merge", "patient_store_join", "prescriber_store_join", "prescription",
        "prescription_line", "repeat", "store_credential", "user_account",
        *filter(is_only_local, SCHEMA.tables),  # empty, whatever anybody does
    }  # fmt: skip
    assert [row[0] for row in found["main.stock_line"]] == ["AY", "AZ", "BX", "BY", "AX"]


def test_b16_no_table_that_names_a_patient_is_published() -> None:
    """Also one that comes tomorrow: a table whose rows name a patient is not published, whatever it is called."""
    named = {
        table
        for table, columns in SCHEMA.tables.items()
        if {"patient_id", "prescription_id"} & {c.name for c in columns}
    }
    assert not [table for table in sorted(named) if is_published(table, SCHEMA)]


def test_b16_nothing_secret_in_any_file_also_where_rows_were_deleted(two: Two) -> None:
    for made in two.both:
        data = made.path.read_bytes()
        assert b"Visible-Marker" in data, "texts can be found in the file as they are"
        assert SECRET.encode() not in data
    for path in two.folder.glob("0*/*"):
        shown = (
            pl.read_parquet(path).select(pl.col(pl.String)).rows() if path.suffix == ".parquet" else path.read_text()
        )
        assert SECRET not in str(shown), path.name
    with open_snapshot(current(two.folder)) as reading:
        assert texts(reading, "custom_data") == [["of item", "item", "X", "k", "of an item"]]
        assert texts(reading, "(select sum(dispensed_units) from reports.dispensing_daily)") == [["20.000000"]]


@pytest.mark.parametrize("part", [0, *(pytest.param(one, marks=pytest.mark.long) for one in (1, 2))])
def test_b16_reports_are_what_the_views_say_at_that_moment(two: Two, part: int) -> None:
    """Every third of them at a time; the types of all columns each time."""
    typed = (
        "(select table_name, column_name, data_type from duckdb_columns() where schema_name = 'reports' "
        "and database_name = current_database() order by table_name, column_index)"
    )
    two.con.execute(f"set variable as_of_at = timestamptz '{LATER}'")
    with open_snapshot(current(two.folder)) as reading:
        for report in sorted(views.NAMES - UNPUBLISHED - {"snapshot"})[part::3]:
            assert texts(reading, f"reports.{report}") == texts(two.con, f"reports.{report}"), report
        assert texts(reading, typed) == [row for row in texts(two.con, typed) if row[0] not in PARTS | UNPUBLISHED]
        assert texts(reading, "reports.snapshot") == [
            ["2", "2", "2026-08-09 23:30:00+00", "2026-08-10", "Pacific/Auckland", "USD", "false"]
        ]
        assert texts(reading, "(select silent_sites from reports.completeness)") == [["central clinic"]]


def test_b16_macros_stand_alone_and_speak_of_the_snapshot(two: Two) -> None:
    found = everything(str(two.both[0].path))
    assert sorted(MACROS) == found["macros"]
    answers = {name: answer[0][0] for name, answer in found["answers"].items()}
    assert answers["as_of_at"] == "2026-06-30 23:30:00+00"
    assert (answers["today"], answers["time_zone"]) == ("2026-07-01", "Pacific/Auckland")
    assert answers["amc"] == "[30.000000, 33.689470, 33.689470]"
    assert answers["is_expired"] == "true"


def test_w2_every_table_and_column_says_what_it_is(two: Two) -> None:
    for made in two.both:
        with open_snapshot(made) as reading:
            silent = reading.execute(
                "select table_name, column_name from duckdb_columns() where comment is null and not internal union all "
                "select table_name, null from duckdb_tables() where comment is null and not internal"
            ).fetchall()
        assert silent == [], made.number


def test_b16_each_report_is_a_parquet_file_too_and_the_manifest_says_what_they_are(two: Two) -> None:
    made = current(two.folder)
    about = manifest(made)
    assert about is not None
    assert (about["number"], about["cycle"], about["as_of_at"]) == (2, 2, "2026-08-09T23:30:00+00:00")
    assert about["database"] == {"bytes": made.path.stat().st_size, "storage_version": "v1.2.0"}
    assert about["completeness"]["stores_total"] == 2
    assert set(about["reports"]) == views.NAMES - UNPUBLISHED
    with open_snapshot(made) as reading:
        for report, said in about["reports"].items():
            file = made.path.with_suffix("") / f"{report}.parquet"
            frame = pl.read_parquet(file)
            size, digest = file.stat().st_size, sha256(file.read_bytes()).hexdigest()
            assert said == {"rows": frame.height, "bytes": size, "sha256": digest}
            assert frame.equals(query(reading, f"select * from reports.{report}")), report


def test_w1_the_pointers_are_relative_links(con: Connection, folder: Path, tmp_path: Path) -> None:
    published(con, folder)
    assert (folder / "current.duckdb").readlink() == Path("00000001.duckdb")
    assert (folder / "current").readlink() == Path("00000001")
    folder.rename(tmp_path / "moved")
    assert current(tmp_path / "moved") == Snapshot(1, tmp_path / "moved" / "00000001.duckdb")


@pytest.mark.long
def test_w1_where_nothing_happened_the_current_snapshot_stays(con: Connection, folder: Path) -> None:
    first = published(con, folder)
    before = files(folder)
    again = published(con, folder, now=NOW + timedelta(hours=1))
    assert (again.snapshot, again.is_new) == (first.snapshot, False)
    assert (again.table_rows, again.report_rows, again.bytes) == (first.table_rows, first.report_rows, first.bytes)
    assert files(folder) == before
    assert published(con, folder, full=True).snapshot.number == 2
    cycle(con, 2)  # a cycle without changes: when sites were heard of is published within the hour
    assert published(con, folder, now=NOW + timedelta(minutes=59)).snapshot.number == 2
    assert published(con, folder, now=NOW + timedelta(minutes=60)).snapshot.number == 3


def test_nothing_is_published_before_the_first_cycle(tmp_path: Path) -> None:
    with open_warehouse(tmp_path / "new.duckdb", SCHEMA) as empty, pytest.raises(NothingPublished, match="first cycle"):
        published(empty, tmp_path / "published")
    assert not (tmp_path / "published").exists()


@pytest.mark.long
def test_b16_the_connection_is_as_it_was(con: Connection, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also after an error: no variable, no other database, no leftovers, and what was noted is still to publish."""

    def fails(*_: object) -> None:
        raise OSError("no space left")

    published(con, folder)
    put(con, "stock_line", line("A", "X", 9))
    before = files(folder)
    with monkeypatch.context() as patched:
        patched.setattr(database, "write_parquet", fails)
        with pytest.raises(PublishingFailed, match="no space left; the one before stays current"):
            published(con, folder)
    state = (
        "select getvariable('as_of_at'), current_database(), list(database_name order by 1) "
        "from duckdb_databases() where not internal"
    )
    assert con.execute(state).fetchall() == [(None, "working", ["working"])]
    assert files(folder) == before
    assert published(con, folder).changed_rows == 1


Damage = Callable[[Snapshot], object]


def _about(made: Snapshot, **changed: object) -> None:
    file = made.path.with_suffix("") / "manifest.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changed}))


def _spoil(made: Snapshot) -> None:
    data = bytearray(made.path.read_bytes())
    for place in range(3 * 4096, len(data), 4096):
        data[place] ^= 0xFF
    made.path.write_bytes(data)


DAMAGES: dict[str, Damage] = {
    "no last snapshot: it is cut off": lambda made: os.truncate(made.path, 1_000_000),
    "the last snapshot cannot be read: it is spoiled": _spoil,
    "this version publishes in another form": lambda made: _about(made, form="older"),
}


@pytest.mark.parametrize(
    "damage", [pytest.param(one, marks=[pytest.mark.long] * ("another form" not in one)) for one in DAMAGES]
)
def test_b16_all_is_written_anew_where_the_last_one_is_no_ground(damage: str, con: Connection, folder: Path) -> None:
    DAMAGES[damage](published(con, folder).snapshot)
    put(con, "stock_line", line("A", "X", 9))
    made = published(con, folder)
    assert made.why_full.startswith(damage.split(":")[0])
    assert made.snapshot.number == 2
    with open_snapshot(made.snapshot) as reading:
        assert texts(reading, "(select total_packs from stock_line where id = 'AX')") == [["9.000000"]]


@pytest.mark.long
def test_b16_rows_that_the_last_one_lacks_are_noticed(con: Connection, folder: Path) -> None:
    """A row that was written without being noted is no snapshot's loss."""
    published(con, folder)
    con.execute("delete from replica.stock_line where id = 'AX'")
    put(con, "item", {"id": "another", "code": "another"})  # an idle cycle publishes nothing
    assert published(con, folder).why_full == "rows are missing in the last snapshot"


@pytest.mark.long
def test_b16_a_file_that_grew_or_changed_much_is_written_anew(
    con: Connection, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = published(con, folder).snapshot
    monkeypatch.setattr(predecessor, "SMALL", 0)
    put(con, "stock_line", *(line("A", item, 3) for item in "XYZ"), *(line("B", item, 3) for item in "XYZ"))
    put(con, "item", *({"id": f"new {number}", "code": str(number)} for number in range(20)))
    assert published(con, folder).why_full == "much changed"
    made = current(folder)
    said = manifest(made)
    assert said is not None
    _about(made, full={**said["full"], "bytes": made.path.stat().st_size // 2})
    put(con, "item", {"id": "another", "code": "another"})  # an idle cycle publishes nothing
    assert published(con, folder).why_full == "the file grew"


@pytest.mark.long
def test_b16_what_a_killed_publication_left_goes_and_what_is_not_ours_stays(con: Connection, folder: Path) -> None:
    published(con, folder)
    ours = (".00000002.duckdb.writing", ".00000002.duckdb.writing.wal", ".current.duckdb.writing", "00000003.duckdb")
    theirs = ("notes.duckdb", ".hidden", "analysis.sql", ".00000002.duckdb.writing.mine")
    for name in (*ours, *theirs):
        (folder / name).write_text("x")
    (folder / ".00000002.writing").mkdir()
    (folder / "00000003").mkdir()
    put(con, "item", {"id": "another", "code": "another"})  # an idle cycle publishes nothing
    assert published(con, folder).snapshot.number == 4  # 3 may have been seen by somebody
    assert {path.name for path in folder.iterdir()} == {
        *theirs, "00000001", "00000001.duckdb", "00000004", "00000004.duckdb", "current", "current.duckdb",
    }  # fmt: skip


def test_b16_the_newest_seven_stay_and_the_last_of_each_of_twelve_months() -> None:
    first = date(2024, 1, 1)
    days: dict[int, date | None] = {number: first + timedelta(days=number) for number in range(800)}
    stay = retention.kept(days, date(2026, 3, 11))
    assert {number for number in stay if number < 793} == {
        max(number for number, day in days.items() if day and (day.year, day.month) == month)
        for month in [*((2025, month) for month in range(4, 13)), (2026, 1), (2026, 2)]
    }
    assert set(range(793, 800)) <= stay
    assert retention.kept({1: None, 2: None}, date(2026, 1, 1)) == {1, 2}
    assert retention.kept({}, date(2026, 1, 1)) == set()


@pytest.mark.long
def test_b16_what_does_not_stay_is_removed_and_who_has_it_open_reads_on(con: Connection, folder: Path) -> None:
    """The months are those of the network: at NOW it is July in Auckland, and was an hour before."""
    published(con, folder, now=NOW - timedelta(hours=1))
    _again(folder, 1, 8, NOW - timedelta(days=1))
    (folder / "current.duckdb").unlink()
    (folder / "current.duckdb").symlink_to("00000008.duckdb")
    with open_snapshot(snapshots(folder)[-1]) as reading:
        made = published(con, folder, now=NOW, full=True)
        assert (made.snapshot.number, made.pruned) == (9, (1, 2))
        assert len(texts(reading, "stock_line")) == 6
    assert [one.number for one in snapshots(folder)] == [9, 8, 7, 6, 5, 4, 3]
    assert not (folder / "00000002").exists()


@pytest.mark.long
def test_b16_a_damaged_manifest_stops_no_publication(con: Connection, folder: Path) -> None:
    published(con, folder, now=NOW - timedelta(days=2))
    published(con, folder, now=NOW - timedelta(days=1), full=True)
    (folder / "00000001" / "manifest.json").write_text('{"number": 1}')
    assert published(con, folder, now=NOW, full=True).pruned == ()
    assert [one.number for one in snapshots(folder)] == [3, 2, 1]


@pytest.mark.long
def test_b16_values_kept_for_records_are_published_only_where_their_table_is(con: Connection, folder: Path) -> None:
    """People write the table's name as text: what is none of the published ones may be about a patient."""
    names = ["item", "patient", "Patient", "patients", " patient", "public.patient", "", None]
    put(con, "custom_data", *({"id": f"{number}", "table_name": name} for number, name in enumerate(names)))
    made = published(con, folder)
    with open_snapshot(made.snapshot) as reading:
        assert reading.execute("select distinct table_name from custom_data").fetchall() == [("item",)]


def test_b16_the_current_one_is_never_removed(con: Connection, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "NEWEST", 1)
    monkeypatch.setattr(retention, "MONTHS", 0)
    published(con, folder)
    _again(folder, 1, 4, NOW)
    assert retention.prune(folder, NOW) == (2, 3)
    assert [one.number for one in snapshots(folder)] == [4, 1]


def _again(folder: Path, number: int, last: int, now: datetime) -> None:
    """Snapshots after ``number`` as if they had been published at ``now``; that one stays current."""
    for copied in range(number + 1, last + 1):
        made = Snapshot(copied, folder / f"{copied:08d}.duckdb")
        shutil.copyfile(folder / f"{number:08d}.duckdb", made.path)
        shutil.copytree(folder / f"{number:08d}", made.path.with_suffix(""))
        _about(made, as_of_date=str(now.astimezone(ZoneInfo("Pacific/Auckland")).date()))


def test_copies_are_equal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the kernel's copy, and without where the file system has none."""
    source = tmp_path / "source"
    source.write_bytes(os.urandom(300_000))
    snapshot_files.copy(source, tmp_path / "one")

    def refuses(*_: object) -> int:
        raise OSError("not supported")

    monkeypatch.setattr(os, "copy_file_range", refuses)
    snapshot_files.copy(source, tmp_path / "two")
    assert source.read_bytes() == (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_b16_a_snapshot_cannot_be_written_to(two: Two) -> None:
    with open_snapshot(current(two.folder)) as reading, pytest.raises(duckdb.Error, match="read-only"):
        reading.execute("delete from stock_line")
