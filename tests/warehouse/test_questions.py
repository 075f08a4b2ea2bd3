"""B16, W1: saved questions become reports of a snapshot, read what is published, and stop nothing where they fail."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest

from sites.schema import SCHEMA
from tests.warehouse import golden
from tests.warehouse.publishing import NOW, SECRET, fill
from tests.warehouse.test_analysts import blocks
from warehouse.connection import Connection, open_warehouse, query
from warehouse.exports.about import about_report
from warehouse.exports.views import UnknownFilter, read
from warehouse.questions import answers
from warehouse.questions.files import LARGEST, digest, read_questions
from warehouse.snapshots.current import current, manifest, open_snapshot
from warehouse.snapshots.inspection import inspect_snapshot
from warehouse.snapshots.publish import Published, publish

Ask = Callable[..., Published]
GOOD = """-- Items
-- All of them
-- in words.
-- One row is: an item.
-- code: its code
select code, name from item order by code"""


@pytest.fixture
def working(new_warehouse: Callable[[Path], Path], tmp_path: Path) -> Iterator[Connection]:
    with open_warehouse(new_warehouse(tmp_path / "working.duckdb"), SCHEMA) as con:
        fill(con)
        yield con


@pytest.fixture
def ask(working: Connection, tmp_path: Path) -> Ask:
    """Publishes with these questions, by name."""

    def asked(questions: Mapping[str, str], now: datetime = NOW, *, full: bool = False) -> Published:
        folder = tmp_path / "reports"
        folder.mkdir(exist_ok=True)
        for path in folder.iterdir():
            path.unlink()
        for name, sql in questions.items():
            (folder / f"{name}.sql").write_text(sql, encoding="utf-8")
        asked_now = read_questions(folder)
        return publish(working, tmp_path / "published", SCHEMA, now=now, full=full, questions=asked_now)

    return asked


def test_w2_a_question_is_a_table_with_words_a_parquet_file_and_lines_of_the_dictionary(ask: Ask) -> None:
    snapshot = ask({"all_items": GOOD}).snapshot
    with open_snapshot(snapshot) as con:
        assert con.sql("from reports.all_items").fetchall() == [("X", "Item X"), ("Y", "Item Y"), ("Z", "Item Z")]
        said = query(con, "from reports.dictionary where table_name = 'all_items' order by position").to_dicts()
        assert [(row["column_name"], row["meaning"], row["grain"]) for row in said] == [
            ("code", "its code", "an item."), ("name", None, "an item.")]  # fmt: skip
        assert said[0]["table_meaning"] == "Items. All of them in words."
        about = about_report(con, "all_items", {})
        assert (about.meaning, about.columns["code"]) == (
            "Items. All of them in words. One row is: an item.",
            "its code",
        )
        [row] = query(con, "from reports.saved_questions").to_dicts()
        words = {"question_name": "all_items", "title": "Items", "meaning": "All of them in words."}
        assert row == {**words, "row_count": 3, "error": None, "question": GOOD}
    folder = snapshot.path.with_suffix("")
    assert pl.read_parquet(folder / "all_items.parquet")["code"].to_list() == ["X", "Y", "Z"]
    assert (manifest(snapshot) or {})["reports"]["all_items"]["rows"] == 3
    assert pl.read_parquet(folder / "dictionary.parquet").filter(pl.col("table_name") == "all_items").height == 2


@pytest.mark.long
def test_a_question_is_filtered_as_reports_are_as_far_as_it_has_the_columns(ask: Ask) -> None:
    stock = "-- Stock\nselect store_code, item_code, soh_units from reports.stock_on_hand order by all"
    with open_snapshot(ask({"held": stock, "all_items": GOOD}).snapshot) as con:
        assert read(con, "held", store="A", item="X").rows() == [("A", "X", Decimal(70))]
        with pytest.raises(UnknownFilter, match="no column `store_code`"):
            read(con, "all_items", store="A")
        with pytest.raises(KeyError):
            read(con, "no_such_thing")


BROKEN = {
    "a mistake": ("-- T\nselect nothing from item", 'Referenced column "nothing" not found'),
    "not there": ("-- T\nfrom reports.no_such_report", "does not exist"),
    "a patient": ("-- T\nfrom patient", "Table with name patient does not exist"),
    "a patient's replica": ("-- T\nfrom replica.patient", "does not exist"),
    "quarantine": ("-- T\nfrom ledger.quarantine", "does not exist"),
    "prescriptions": ("-- T\nfrom prescription", "does not exist"),
    "passwords": ("-- T\nselect password from site", "password"),
    "people": ("-- T\nfrom reports.new_users", "does not exist"),
    "a file": ("-- T\nfrom read_csv('/etc/passwd')", "file system operations are disabled"),
    "the working warehouse": ("-- T\nfrom 'working.duckdb'", "working.duckdb"),
    "another database": ("-- T\nattach 'x.duckdb' as x", "a question reads, and does nothing else"),
    "a change": ("-- T\ndelete from item", "a question reads, and does nothing else"),
    "a setting": ("-- T\nset threads = 4", "a question reads, and does nothing else"),
    "two": ("-- T\nselect 1 as a; select 2 as b", "one query; there are 2"),
    "none": ("-- T\n", "one query; there are none"),
    "columns that are not known": ("-- T\npivot item on code using count(*)", "name those that `pivot` makes"),
    "a column without a name": ("-- T\nselect count(*) from item", "give it one with `as`"),
    "one name twice": ("-- T\nselect code as a, name as A from item", "two columns are called `a`"),
    "a list": ("-- T\nselect [1] as l", "column `l` is INTEGER[], which no export has a place for"),
    "a column called as a secret": ("-- T\nselect code as patient_id from item", "has a column `patient_id`"),
    "what shows only with rows": ("-- T\nselect cast(code as int) as n from item", "Could not convert string"),
    "no title": ("select 1 as a", "has no title"),
}  # fmt: skip


def test_b16_what_cannot_be_answered_says_why_and_stops_nothing(ask: Ask) -> None:
    named = {what.replace(" ", "_").replace("'", ""): asked for what, asked in BROKEN.items()}
    published = ask({"all_items": GOOD, **{name: sql for name, (sql, _) in named.items()}, "zz_items": GOOD})
    assert published.broken.keys() == named.keys()
    for name, (_, why) in named.items():
        assert why in published.broken[name], name
        assert not (published.snapshot.path.with_suffix("") / f"{name}.parquet").exists()
    with open_snapshot(published.snapshot) as con:
        for name in ("all_items", "zz_items"):
            assert con.sql(f"select count(*) from reports.{name}").fetchall() == [(3,)]
        said = con.sql("select question_name, error from reports.saved_questions where error is not null").fetchall()
        assert dict(said) == published.broken
        for name in named:
            with pytest.raises(duckdb.CatalogException):
                con.sql(f"from reports.{name}")
        assert con.sql("select count(*) from reports.stock_value").fetchall() == [(2,)]


def test_b16_a_question_finds_nothing_of_patients_by_whatever_it_is_asked(ask: Ask) -> None:
    tables = "-- T\nselect database_name || schema_name || table_name as t from duckdb_tables() order by all"
    published = ask(
        {"tables": tables, "everything": "-- T\nselect custom_data::varchar as v from custom_data order by 1"}
    )
    with open_snapshot(published.snapshot) as con:
        assert not [
            name for (name,) in con.sql("from reports.tables").fetchall() if "patient" in name or "ledger" in name
        ]
        assert con.sql("select count(*) from reports.everything").fetchall() == [(1,)]
    assert inspect_snapshot(published.snapshot, SCHEMA).found == []
    assert SECRET.encode() not in published.snapshot.path.read_bytes()


@pytest.mark.long
def test_a_name_that_is_taken_or_is_none_is_told(ask: Ask) -> None:
    names = ["stock_on_hand", "movement", "new_users", "Stock", "1st", "a-b", "ä"]
    published = ask(dict.fromkeys(names, GOOD))
    for name in names:
        assert re.search(r"give `.*` another name|is no name for a report", published.broken[name])
    with open_snapshot(published.snapshot) as con:
        assert con.sql("select count(*) from reports.stock_on_hand").fetchall() == [(6,)]


def test_files_that_are_none_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_bytes(b"-- T\nselect '\xff'")
    (tmp_path / "b.sql").write_text(f"-- T\nselect 1 -- {'x' * LARGEST}", encoding="utf-8")
    (tmp_path / "c.sql").mkdir()
    (tmp_path / "d.txt").write_text("not ours", encoding="utf-8")
    (tmp_path / "e.sql").write_bytes(b"\xef\xbb\xbf-- Title\r\nselect 1 as a")
    problems = {one.name: one.problem for one in read_questions(tmp_path)}
    assert list(problems) == ["a", "b", "c", "e"]
    assert "not UTF-8 text (byte 13)" in problems["a"]
    assert f"a question has up to {LARGEST:,}" in problems["b"]
    assert "cannot be read" in problems["c"]
    assert problems["e"] == ""
    assert read_questions(tmp_path / "nowhere") == ()


ENDLESS = "-- T\nselect count(*) as n from range(100000000) as a, range(1000000) as b where a.range * b.range % 7 = 3"


def test_a_question_that_takes_too_long_is_broken_off(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "SECONDS", 0.3)
    monkeypatch.setattr(answers, "SECONDS_OF_ALL", 0.5)
    published = ask({"a": ENDLESS, "b": ENDLESS.replace("= 3", "= 4"), "c": GOOD})
    assert published.broken["a"] == "it takes longer than 0.3 s"
    assert "it takes longer than 0." in published.broken["b"]
    assert published.broken["c"] == "not worked out: those before it took 0.5 s together"
    assert published.seconds < 10


@pytest.mark.long
def test_a_question_is_bounded_in_rows_and_memory(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MOST_ANSWERED", 100)
    monkeypatch.setattr(answers, "MEMORY", "100MB")
    large = "-- T\nselect list(range::varchar || repeat('x', 1000)).len() as n from range(3000000)"
    published = ask(
        {
            "large": large,
            "many": "-- T\nselect range as n from range(101)",
            "few": "-- T\nselect range as n from range(100)",
        }
    )
    assert "more than 100 rows" in published.broken["many"]
    assert "Out of Memory" in published.broken["large"]
    assert "few" not in published.broken


@pytest.mark.long
def test_b16_another_question_is_published_though_nothing_happened(ask: Ask) -> None:
    assert ask({}).is_new
    assert not ask({}).is_new
    assert ask({"all_items": GOOD}).is_new
    assert not ask({"all_items": GOOD}).is_new
    again = ask({"all_items": GOOD.replace("code, name", "code")}, now=NOW + timedelta(minutes=1))
    assert again.is_new
    assert again.why_full == "", "rows are not written anew for it"
    broken = ask({"all_items": "-- T\nselect"})
    assert not ask({"all_items": "-- T\nselect"}).is_new
    assert ask({"all_items": "-- T\nselect"}).broken == broken.broken
    gone = ask({})
    with open_snapshot(gone.snapshot) as con:
        assert con.sql("from reports.saved_questions").fetchall() == []


@pytest.mark.long
def test_equal_questions_of_equal_rows_give_equal_rows(ask: Ask, tmp_path: Path) -> None:
    unordered = "-- T\nselect item_code, sum(soh_units) as units from reports.stock_on_hand group by all"
    found = []
    for _ in range(3):
        with open_snapshot(ask({"a": unordered}, full=True).snapshot) as con:
            found.append(con.sql("from reports.a").fetchall())
    assert found[0] == found[1] == found[2]
    assert digest(read_questions(tmp_path / "reports")) == digest(read_questions(tmp_path / "reports"))


@pytest.mark.long
def test_values_of_each_kind_come_out_as_they_went_in(ask: Ask) -> None:
    kinds = (
        "-- T\nselect sum(x) as total, 1.25 as d, 2.5::double as f, date '2026-01-02' as day, true as b, 'ö''' as t, "
        "timestamptz '2026-01-02 03:04:05+00' as at from (select 9223372036854775807::bigint as x union all select 1)"
    )
    with open_snapshot(ask({"kinds": kinds}).snapshot) as con:
        [row] = query(con, "from reports.kinds").to_dicts()
    assert (row["total"], row["d"], row["f"], row["b"]) == (Decimal(2**63), Decimal("1.25"), 2.5, True)
    assert (row["t"], row["day"].isoformat(), row["at"].isoformat()) == (
        "ö'",
        "2026-01-02",
        "2026-01-02T03:04:05+00:00",
    )


@pytest.mark.long
def test_w3_the_question_of_the_guide_is_a_report(new_warehouse: Callable[[Path], Path], tmp_path: Path) -> None:
    [sql] = [block for block in blocks("sql") if block.startswith("-- Stores to call")]
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports/stores_to_call.sql").write_text(sql, encoding="utf-8")
    with open_warehouse(new_warehouse(tmp_path / "working.duckdb"), SCHEMA) as con:
        golden.fill(con)
        con.execute("insert into ledger.cycle values (1, ?, 1, 'rules', 0, true)", [golden.AS_OF_AT])
        con.execute("reset variable as_of_at")
        questions = read_questions(tmp_path / "reports")
        published = publish(con, tmp_path / "published", SCHEMA, now=golden.AS_OF_AT, questions=questions)
    assert published.broken == {}
    with open_snapshot(current(tmp_path / "published")) as con:
        asked = (
            "select store_code, count(*) from reports.stock_out where is_out_now and demand_units > 0 "
            "group by 1 order by 2 desc, 1"
        )
        assert [(row[0], row[2]) for row in con.sql("from reports.stores_to_call").fetchall()] == con.sql(
            asked
        ).fetchall()
        assert con.sql("from reports.stores_to_call").fetchall()
        columns = con.sql("select column_name from reports.dictionary where table_name = 'stores_to_call'").fetchall()
        assert ("longest_days_out",) in columns
