"""B9: every kind of value, what is allowed and what it becomes, through a real database of each engine."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from sites.engines.connection import open_site
from sites.engines.values import MAX_TEXT_BYTES, normalise
from sync_rules.schema import POLARS_TYPE, Column, Kind

BAD = object()
NOON = datetime(2026, 1, 2, 12, 30, tzinfo=UTC)

# as the engines print it: what it becomes, BAD for malformed
CASES = [
    (Kind.DECIMAL, "0", Decimal(0)),
    (Kind.DECIMAL, "-0.0", Decimal(0)),
    (Kind.DECIMAL, "12.5", Decimal("12.5")),
    (Kind.DECIMAL, "1.500000", Decimal("1.5")),
    (Kind.DECIMAL, ".5", Decimal("0.5")),
    (Kind.DECIMAL, "1e3", Decimal(1000)),
    (Kind.DECIMAL, "1.0e-06", Decimal("0.000001")),
    (Kind.DECIMAL, "0.1234567", Decimal("0.123457")),
    (Kind.DECIMAL, "999999999.999999", Decimal("999999999.999999")),
    (Kind.DECIMAL, "-999999999.999999", Decimal("-999999999.999999")),
    (Kind.DECIMAL, "1000000000", BAD),
    (Kind.DECIMAL, "999999999.9999999", BAD),  # rounds to ten digits before the point
    (Kind.DECIMAL, "1.0e+20", BAD),
    (Kind.DECIMAL, "NaN", BAD),
    (Kind.DECIMAL, "Infinity", BAD),
    (Kind.DECIMAL, "-Inf", BAD),
    (Kind.DECIMAL, "", BAD),
    (Kind.DECIMAL, "ten", BAD),
    (Kind.DECIMAL, "1,5", BAD),
    (Kind.INTEGER, "0", 0),
    (Kind.INTEGER, "-17", -17),
    (Kind.INTEGER, "3.0", 3),
    (Kind.INTEGER, "9223372036854775807", 2**63 - 1),
    (Kind.INTEGER, "9223372036854775808", BAD),
    (Kind.INTEGER, "1.5", BAD),
    (Kind.INTEGER, "1e3", BAD),
    (Kind.INTEGER, "", BAD),
    (Kind.DATE, "2024-02-29", date(2024, 2, 29)),
    (Kind.DATE, "1900-01-01", date(1900, 1, 1)),
    (Kind.DATE, "2999-12-31", date(2999, 12, 31)),
    (Kind.DATE, "2023-02-29", BAD),
    (Kind.DATE, "1899-12-31", BAD),
    (Kind.DATE, "3000-01-01", BAD),
    (Kind.DATE, "2024-2-9", BAD),
    (Kind.DATE, "31/12/2024", BAD),
    (Kind.DATE, "0044-03-15 BC", BAD),
    (Kind.DATE, "infinity", BAD),
    (Kind.TIME, "2026-01-02T12:30:00.000000Z", NOON),
    (Kind.TIME, "2026-01-02 12:30:00+00", NOON),
    (Kind.TIME, "2026-01-02 12:30:00", NOON),
    (Kind.TIME, "2026-01-02T12:30", NOON),
    (Kind.TIME, "2026-01-02T12:30Z", NOON),
    (Kind.TIME, "2026-01-02t12:30:00z", NOON),
    (Kind.TIME, "2026-01-03T01:30:00+13:00", NOON),
    (Kind.TIME, "2026-01-02 09:00:00-0330", NOON),
    (Kind.TIME, "2026-01-02 14:30:00 +02", NOON),
    (Kind.TIME, "2026-01-02T12:30:00.5Z", NOON.replace(microsecond=500_000)),
    (Kind.TIME, "2026-01-02T12:30:00,000001", NOON.replace(microsecond=1)),
    (Kind.TIME, "2026-01-02T12:30:00.1234567+00:00", NOON.replace(microsecond=123_456)),
    (Kind.TIME, "2026-01-02", datetime(2026, 1, 2, tzinfo=UTC)),
    (Kind.TIME, "2026-01-02T25:00:00Z", BAD),
    (Kind.TIME, "2026-01-02T12:30:60Z", BAD),
    (Kind.TIME, "2026-02-30T12:30:00Z", BAD),
    (Kind.TIME, "1899-12-31T23:00:00Z", BAD),
    (Kind.TIME, "1900-01-01T01:00:00+02:00", BAD),  # 1899 in UTC
    (Kind.TIME, "noon", BAD),
    (Kind.TIME, "1767357000", BAD),
    (Kind.BOOLEAN, "0", False),
    (Kind.BOOLEAN, "1", True),
    (Kind.BOOLEAN, "t", True),
    (Kind.BOOLEAN, "FALSE", False),
    (Kind.BOOLEAN, "2", BAD),
    (Kind.BOOLEAN, "", BAD),
    (Kind.BOOLEAN, "yes", BAD),
    (Kind.TEXT, "", ""),
    (Kind.TEXT, " é☃ ", " é☃ "),
    (Kind.TEXT, "x" * MAX_TEXT_BYTES, "x" * MAX_TEXT_BYTES),
    (Kind.TEXT, "é" * (MAX_TEXT_BYTES // 2) + "x", BAD),
]


@pytest.mark.parametrize(("kind", "text", "expected"), CASES, ids=[f"{kind}:{text[:30]}" for kind, text, _ in CASES])
def test_b9_a_value(kind, text, expected):
    raw = pl.DataFrame({"id": ["a", "b"], "v": [text, None]})
    typed, malformed = normalise(raw, (Column("id", Kind.TEXT), Column("v", kind)))
    assert typed.schema["v"] == POLARS_TYPE[kind]
    assert typed["v"].to_list() == [None if expected is BAD else expected, None]
    assert malformed.rows() == ([("a", "v", text[:80])] if expected is BAD else [])


def test_b9_usual_and_unusual_times_may_stand_in_one_column():
    raw = pl.DataFrame({"id": ["a", "b", "c"], "v": ["2026-01-02T12:30:00Z", "2026-01-02 14:30+02", "never"]})
    typed, malformed = normalise(raw, (Column("id", Kind.TEXT), Column("v", Kind.TIME)))
    assert typed["v"].to_list() == [NOON, NOON, None]
    assert malformed["record_id"].to_list() == ["c"]


def test_b9_a_malformed_id_is_cleaned_so_that_its_row_can_be_named():
    typed, malformed = normalise(pl.DataFrame({"id": ["\0a\\xff", "b"]}), (Column("id", Kind.TEXT),))
    assert typed["id"].to_list() == ["a\\xff", "b"]
    assert malformed.rows() == [("a\\xff", "id", "a\\xff")]


# what people's programs manage to put into SQLite columns, which take anything
STORED = [
    ("total", "0.1 + 0.2", Decimal("0.3")),
    ("total", "'12.50'", Decimal("12.5")),
    ("total", "123456789.123456", Decimal("123456789.123456")),
    ("total", "1e300 * 1e300", BAD),
    ("total", "'ten'", BAD),
    ("total", "x'00ff'", BAD),
    ("number", "7.0", 7),
    ("number", "7.5", BAD),
    ("is_held", "true", True),
    ("is_held", "5", BAD),
    ("day", "date('2026-01-31')", date(2026, 1, 31)),
    ("day", "20260131", BAD),
    ("made_at", "datetime('2026-01-02 12:30:00')", NOON),
    ("made_at", "strftime('%Y-%m-%dT%H:%M:%fZ', '2026-01-02 12:30:00')", NOON),
    ("comment", "'a' || char(0) || 'b'", BAD),
    ("comment", "cast(x'61ff' as text)", BAD),
    ("comment", "42", "42"),
]


@pytest.mark.parametrize(("column", "sql", "expected"), STORED, ids=[f"{column}:{sql}" for column, sql, _ in STORED])
def test_b9_what_sqlite_stores(sqlite_site, column, sql, expected):
    sqlite_site.db.execute(f"insert into invoice (id, {column}) values ('v', {sql})")
    pulled = sqlite_site.pull()
    assert pulled.rows["invoice"][column].to_list() == [None if expected is BAD else expected]
    assert (pulled.changes["malformed"].null_count() == 0) == (expected is BAD)


def test_b9_an_id_that_is_no_text_is_pulled_and_marked(sqlite_site):
    sqlite_site.pull()
    sqlite_site.db.execute("insert into item values (cast(x'61ff' as text), 'odd'), ('b', 'sound')")
    pulled = sqlite_site.pull()
    assert pulled.changes.select("record_id", "op", "malformed").rows() == [
        ("a\\xff", "upsert", "id: a\\xff"),
        ("b", "upsert", None),
    ]
    assert pulled.rows["item"].rows() == [("a\\xff", "odd"), ("b", "sound")]


def test_b9_one_bad_value_spoils_no_other(site):
    site.db.execute(
        "insert into invoice (id, day) values ('a', '2026-01-01'), ('b', '1066-10-14'), ('c', '2026-01-03')"
    )
    pulled = site.pull()
    assert pulled.rows["invoice"]["day"].to_list() == [date(2026, 1, 1), None, date(2026, 1, 3)]
    assert pulled.changes["malformed"].to_list() == [None, "day: 1066-10-14", None]


def test_b9_numbers_come_back_exactly(site_url):
    numbers = [Decimal(n) / 1_000_000 for n in (1, 999_999, 123_456_789_123_456, 999_999_999_999_999, -100_000_001)]
    frame = pl.DataFrame({"id": list("abcde"), "n": numbers}, schema={"id": pl.String, "n": pl.Decimal(18, 6)})
    with open_site(site_url, Path()) as db:
        db.execute("create table item (id text primary key, n numeric(15, 6))")
        db.insert_rows("item", frame)
        raw = db.read("select id, n from item order by id", columns=["id", "n"])
    assert normalise(raw, (Column("id", Kind.TEXT), Column("n", Kind.DECIMAL)))[0].equals(frame)
