"""Exports: the same contents in CSV, XLSX, Parquet and JSON, whatever the text is (issue 5, W4)."""

from __future__ import annotations

import csv
import io
import json
import random
import re
import zipfile
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pyarrow.parquet as pq
import pytest
from openpyxl.reader.excel import load_workbook

from tests.warehouse import golden
from warehouse.connection import Connection
from warehouse.exports.about import about_report
from warehouse.exports.views import NAMES, read
from warehouse.exports.words import MOST_ROWS, About
from warehouse.exports.workbook import MOST_CHARACTERS
from warehouse.exports.write import FORMATS, write

NAIROBI = ZoneInfo("Africa/Nairobi")
AS_OF = datetime(2026, 3, 1, 9, 30, tzinfo=NAIROBI)
Row = tuple[Any, ...]

HOSTILE = [
    "", "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n", "'=1", "''-1", "'plain", " =1", "=HYPERLINK(\"http://a\")",
    "＝1", "a,b", 'say "so"', "two\nlines", "two\r\nlines", "http://example.org", "0012", "1e5", "TRUE", "NULL", "#N/A",
    "_x0041_", "bell\x07", "café 药 💊", " spaces ", "1.50", "2026-01-01", "{=1}", "\u202eright to left", "a;b", "'",
    "a;=1", ";", "a\n-1", "a\t @x", "a;'=1", "\u3000=1", "\x00=1", "'\t'=1",
]  # fmt: skip


def about(frame: pl.DataFrame, **changed: Any) -> About:
    words = {
        "title": "stock_on_hand",
        "meaning": "What is there. One row is: store x item.",
        "as_of_at": AS_OF,
        "snapshot": 12,
        "filters": {"store": "A"},
        "completeness": "as of 2026-03-01 09:30, 2 of 3 stores current; silent: south",
        "columns": {column: f"meaning of {column}" for column in frame.columns},
    }
    return About(**{**words, **changed})


def random_frame(seed: int, rows: int = 60) -> pl.DataFrame:
    dice = random.Random(seed)

    def some(make: Callable[[], object]) -> list[Any]:
        return [None if dice.random() < 0.15 else make() for _ in range(rows)]

    def decimal() -> Decimal:
        return Decimal(dice.randrange(-(10 ** dice.choice([3, 9, 15, 16, 24])), 10**15)).scaleb(-6)

    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return pl.DataFrame(
        {
            "words": some(lambda: "".join(dice.choices(HOSTILE, k=dice.choice([1, 1, 1, 2])))),
            "units": some(decimal),
            "value": some(lambda: Decimal(dice.randrange(10**6)).scaleb(-2)),
            "packs": some(lambda: dice.randrange(-5, 10 ** dice.choice([2, 6, 18]))),
            "months": some(lambda: round(dice.uniform(-2, 50), 2)),
            "expiry_date": some(lambda: date(1899, 12, 30) + timedelta(days=dice.randrange(80_000))),
            "data_as_of_at": some(lambda: moment + timedelta(milliseconds=dice.randrange(10**12))),
            "is_known": some(lambda: dice.random() < 0.5),
            "nothing": [None] * rows,
        },
        schema={
            "words": pl.String(),
            "units": pl.Decimal(38, 6),
            "value": pl.Decimal(18, 2),
            "packs": pl.Int64(),
            "months": pl.Float64(),
            "expiry_date": pl.Date(),
            "data_as_of_at": pl.Datetime("us", "UTC"),
            "is_known": pl.Boolean(),
            "nothing": pl.String(),
        },
    )


def read_csv(content: bytes, frame: pl.DataFrame) -> list[Row]:
    """As the words of `exports` define equality: one apostrophe before what would be a formula is taken away."""
    header, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    assert header == frame.columns
    return [tuple(_from_csv(text, frame[name].dtype) for text, name in zip(row, header, strict=True)) for row in rows]


def _from_csv(text: str, kind: pl.DataType) -> object:
    if isinstance(kind, pl.String):
        text = re.sub(r"^'('*[\t\r\n])", r"\1", text)
        return re.sub(r"(^|[;\t\r\n])'('*(?:[^\S\t\r\n]|\x00)*[=+\-@＝＋－＠])", r"\1\2", text) or None
    return _from_text(text, kind) if text else None


def _from_text(text: str, kind: pl.DataType) -> object:
    if isinstance(kind, pl.Decimal):
        return Decimal(text)
    if isinstance(kind, pl.Date):
        return date.fromisoformat(text)
    if isinstance(kind, pl.Datetime):
        assert text.endswith("Z")
        return datetime.fromisoformat(text)
    if isinstance(kind, pl.Boolean):
        return {"true": True, "false": False}[text]
    return int(text) if kind.is_integer() else float(text)


def read_json(content: bytes, frame: pl.DataFrame) -> list[Row]:
    rows = json.loads(content)["rows"]
    assert all(list(row) == frame.columns for row in rows)
    return [tuple(_from_json(row[name], frame[name].dtype) for name in frame.columns) for row in rows]


def _from_json(value: object, kind: pl.DataType) -> object:
    if isinstance(kind, pl.Decimal | pl.Date | pl.Datetime) and value is not None:
        assert isinstance(value, str)
        return _from_text(value, kind)
    return value or None if isinstance(kind, pl.String) else value


def read_parquet(content: bytes, frame: pl.DataFrame) -> list[Row]:
    table = pq.read_table(io.BytesIO(content))
    assert table.column_names == frame.columns
    columns = [[value or None if value == "" else value for value in column.to_pylist()] for column in table.columns]
    return list(zip(*columns, strict=True))


def read_xlsx(content: bytes, frame: pl.DataFrame, zone: tzinfo = NAIROBI) -> list[Row]:
    sheet = load_workbook(io.BytesIO(content)).worksheets[0]
    header, *rows = sheet.iter_rows()
    assert [cell.value for cell in header] == frame.columns
    assert not [cell for row in rows for cell in row if cell.data_type == "f" or cell.hyperlink]
    kinds = [frame[name].dtype for name in frame.columns]
    return [tuple(_from_cell(cell.value, kind, zone) for cell, kind in zip(row, kinds, strict=True)) for row in rows]


def _from_cell(value: Any, kind: pl.DataType, zone: tzinfo) -> object:
    if value is None or isinstance(kind, pl.Boolean | pl.Float64):
        return value
    if isinstance(kind, pl.String):
        assert isinstance(value, str)
        # openpyxl leaves these as they are in the file, the second one only where cells have texts of their own
        value = re.sub(r"_x(00[01][0-9A-F])_", lambda found: chr(int(found[1], 16)), value)
        return value.replace("_x005F_", "_") or None
    if isinstance(kind, pl.Decimal):
        return Decimal(value) if isinstance(value, str) else Decimal(repr(value))
    if isinstance(kind, pl.Date):
        return date.fromisoformat(value) if isinstance(value, str) else value.date()
    if isinstance(kind, pl.Datetime):
        return value.replace(tzinfo=zone).astimezone(UTC)
    return int(value)


READERS = {"csv": read_csv, "xlsx": read_xlsx, "parquet": read_parquet, "json": read_json}


def plain(rows: Iterable[Row]) -> list[Row]:
    """Empty text as NULL, numbers with a fraction to the fifteen digits that Excel keeps."""
    return [tuple(float(f"{v:.15g}") if isinstance(v, float) else None if v == "" else v for v in row) for row in rows]


def assert_four_equal(frame: pl.DataFrame, words: About) -> None:
    assert words.as_of_at.tzinfo is not None
    for name in FORMATS:
        more = (words.as_of_at.tzinfo,) if name == "xlsx" else ()
        read = READERS[name](write(frame, words, name), frame, *more)
        assert plain(read) == plain(frame.iter_rows()), f"{words.title} as {name}"


@pytest.mark.parametrize("seed", range(8))
def test_w4_the_four_exports_of_a_random_frame_are_equal(seed: int) -> None:
    frame = random_frame(seed)
    assert_four_equal(frame, about(frame))


@pytest.mark.long
def test_w4_the_four_exports_of_every_report_are_equal(con: Connection) -> None:
    golden.fill(con)
    hostile = ["=1+1", '@SUM(A1)\n"', "-5", "\tx", "０ 药, and more"]
    for item, name in zip("PQRST", hostile, strict=True):
        con.execute("update replica.item set name = ? where id = ?", [name, item])
    rows = 0
    for name in sorted(NAMES):
        frame = read(con, name)
        rows += frame.height
        words = about_report(con, name, {})
        assert list(words.columns) == frame.columns
        assert str(words.as_of_at.tzinfo) == "Pacific/Auckland"
        assert_four_equal(frame, words)
    assert rows > 1000


def test_w4_a_report_says_as_of_when_and_who_is_silent(con: Connection) -> None:
    golden.fill(con)
    words = about_report(con, "stock_on_hand", {"store": "A"})
    assert words.completeness == "as of 2026-04-15 09:00 Pacific/Auckland, 2 of 3 stores current; silent: far"
    assert words.meaning.endswith("some is on the way.")
    assert words.snapshot is None


def test_w4_a_report_of_an_empty_warehouse_says_so(con: Connection) -> None:
    words = about_report(con, "stock_on_hand", {})
    assert words.completeness.endswith("UTC, 0 of 0 stores current")
    assert_four_equal(read(con, "stock_on_hand"), words)


def test_a_frame_without_rows_is_exported_with_its_columns() -> None:
    frame = random_frame(1).clear()
    assert_four_equal(frame, about(frame))


@pytest.mark.parametrize("name", FORMATS)
def test_equal_input_gives_equal_bytes(name: str) -> None:
    frame = random_frame(3)
    assert write(frame, about(frame), name) == write(frame.clone(), about(frame), name)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_formula_injection_is_defused_in_csv_whatever_the_list_separator_of_the_country(separator: str) -> None:
    """Where Excel splits lines at another character than ours, quotes in the middle of a cell are not quotes to it."""
    frame = pl.DataFrame({"code": ["x"] * len(HOSTILE), "words": HOSTILE})
    content = write(frame, about(frame), "csv").decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(content, newline=""), delimiter=separator) for cell in row]
    assert len(cells) > len(HOSTILE)
    assert [cell for cell in cells if re.match(r"[\s\x00]*[=+\-@＝]", cell)] == []


def test_formula_injection_text_that_begins_with_a_blank_line_or_tab_gets_an_apostrophe() -> None:
    frame = pl.DataFrame({"words": ["=1+1", "\t1", "\r\n", "'\tx", "plain", "-"]})
    rows = csv.reader(io.StringIO(write(frame, about(frame), "csv").decode("utf-8-sig"), newline=""))
    assert [row[0] for row in rows][1:] == ["'=1+1", "'\t1", "'\r\n", "''\tx", "plain", "'-"]


def test_negative_numbers_in_csv_are_numbers() -> None:
    frame = pl.DataFrame({"a": [-1], "b": [Decimal("-1.50")], "c": [-0.5]})
    assert write(frame, about(frame), "csv") == b"\xef\xbb\xbfa,b,c\r\n-1,-1.5,-0.5\r\n"


def test_csv_tells_null_from_empty_text_and_is_read_by_duckdb_and_polars() -> None:
    frame = pl.DataFrame({"a": ["", None, "x"], "b": [1, 2, 3]})
    content = write(frame, about(frame), "csv")
    assert content == b'\xef\xbb\xbfa,b\r\n"",1\r\n,2\r\nx,3\r\n'
    assert pl.read_csv(content).equals(frame)


def test_xlsx_has_typed_cells_a_frozen_header_filters_and_meanings() -> None:
    frame = pl.DataFrame(
        {
            "code": ["0012"],
            "units": [Decimal("1200.000000")],
            "broken": [Decimal("0.125")],
            "long": [Decimal("12345678901234567890.123456")],
            "day": [date(2026, 2, 3)],
            "at": [datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)],
            "is": [True],
        },
        schema_overrides={"units": pl.Decimal(38, 6), "long": pl.Decimal(38, 6)},
    )
    book = load_workbook(io.BytesIO(write(frame, about(frame), "xlsx")))
    sheet = book["stock_on_hand"]
    assert [str(cell.value) for cell in sheet[2]] == [
        "0012", "1200", "0.125", "12345678901234567890.123456", "2026-02-03 00:00:00", "2026-02-03 07:05:06", "True",
    ]  # fmt: skip
    assert [cell.data_type for cell in sheet[2]] == ["s", "n", "n", "s", "d", "d", "b"]
    assert [cell.number_format for cell in sheet[2]] == [
        "General", "#,##0", "#,##0.00####", "General", "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss", "General",
    ]  # fmt: skip
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:G2"
    assert [cell.comment.text for cell in sheet[1] if cell.comment] == [f"meaning of {name}" for name in frame.columns]
    assert all(8 <= sheet.column_dimensions[letter].width <= 50 for letter in "ABCDEFG")


def test_w4_xlsx_says_what_it_is_and_as_of_when() -> None:
    frame = random_frame(1)
    sheet = load_workbook(io.BytesIO(write(frame, about(frame), "xlsx")))["About"]
    said = {row[0].value: row[2].value for row in sheet.iter_rows() if row[0].value}
    assert said["What it is"] == "What is there."
    assert said["One row is"] == "store x item."
    assert said["As of"] == "2026-03-01 09:30:00"
    assert said["Times are in"] == "Africa/Nairobi"
    assert said["Snapshot"] == "12"
    assert said["Filters"] == "store: A"
    assert said["Complete?"] == "as of 2026-03-01 09:30, 2 of 3 stores current; silent: south"
    assert said["Rows"] == "60"
    assert {name: said[name] for name in frame.columns} == {name: f"meaning of {name}" for name in frame.columns}


def test_w4_json_and_parquet_say_the_same_words() -> None:
    frame = random_frame(1)
    words = json.loads(write(frame, about(frame), "json"))["about"]
    assert words["as_of_at"] == "2026-03-01T06:30:00Z"
    assert words["types"]["units"] == "decimal"
    metadata = pq.read_metadata(io.BytesIO(write(frame, about(frame), "parquet"))).metadata
    kept = {key.decode(): value.decode() for key, value in metadata.items()}
    for name, said in words.items():
        assert kept[name] == (said if isinstance(said, str) else json.dumps(said, ensure_ascii=False))


@pytest.mark.parametrize("file_format", FORMATS)
def test_what_is_written_in_parts_is_the_same_file(monkeypatch: pytest.MonkeyPatch, file_format: str) -> None:
    frame = random_frame(5)
    whole = write(frame, about(frame), file_format)
    monkeypatch.setattr("warehouse.exports.rows.CELLS_AT_ONCE", 7 * frame.width)
    parts = write(frame, about(frame), file_format)
    assert READERS[file_format](parts, frame) == READERS[file_format](whole, frame)
    assert parts == whole or file_format == "parquet", "Parquet has a group of rows for each part"
    assert parts == write(frame, about(frame), file_format)


def test_workbooks_are_written_row_by_row() -> None:
    frame = random_frame(5)
    content = write(frame, about(frame), "xlsx")
    assert "xl/sharedStrings.xml" not in zipfile.ZipFile(io.BytesIO(content)).namelist()


def test_a_text_longer_than_a_cell_is_cut_and_the_workbook_says_so() -> None:
    frame = pl.DataFrame({"long": ["x" * MOST_CHARACTERS, "💊" * MOST_CHARACTERS]})
    book = load_workbook(io.BytesIO(write(frame, about(frame), "xlsx")))
    kept, cut = (row[0].value for row in book.worksheets[0].iter_rows(min_row=2))
    assert kept == "x" * MOST_CHARACTERS
    assert cut == "💊" * ((MOST_CHARACTERS - 1) // 2) + "…"
    assert "1 texts longer" in str([row[2].value for row in book["About"].iter_rows()])


@pytest.mark.parametrize("title", ["About", "a/b:c*?[d]", "'quoted'", "", "x" * 40])
def test_any_title_makes_a_workbook(title: str) -> None:
    frame = pl.DataFrame({"a": [1]})
    assert load_workbook(io.BytesIO(write(frame, about(frame, title=title), "xlsx"))).worksheets[0]["A2"].value == 1


def test_what_cannot_be_exported_is_refused() -> None:
    frame = pl.DataFrame({"a": [1]})
    with pytest.raises(ValueError, match="`pdf` is no format of an export; allowed: csv, xlsx, parquet, json"):
        write(frame, about(frame), "pdf")
    with pytest.raises(ValueError, match="time zone"):
        write(frame, about(frame, as_of_at=AS_OF.replace(tzinfo=None)), "csv")
    with pytest.raises(ValueError, match="column `a` is List"):
        write(pl.DataFrame({"a": [[1]]}), about(frame), "csv")
    with pytest.raises(ValueError, match="1,048,576 rows"):
        write(pl.DataFrame({"a": pl.int_range(MOST_ROWS + 1, eager=True)}), about(frame), "xlsx")
