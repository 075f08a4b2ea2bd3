"""Values of site tables: what is allowed, whatever the engine keeps them as (B9).

All of it works on whole columns.
"""

from __future__ import annotations

import polars as pl

from sites.frames import MalformedCell
from sync_rules.frame import FrameOf
from sync_rules.schema import POLARS_TYPE, Column, Kind

MAX_TEXT_BYTES = 1 << 20
MAX_NUMBER = 10**9  # with 6 decimals these are the 15 significant digits that a double keeps exactly
FOUND_CHARACTERS = 80

_YEARS = (1900, 2999)
_INTEGER = r"^[+-]?\d+(?:\.0+)?$"
_DATE = r"^\d{4}-\d{2}-\d{2}$"
_BOOLEANS = {"0": False, "1": True, "f": False, "t": True, "false": False, "true": True}
# the two forms that fill whole columns, ours and PostgreSQL's in UTC; the parser alone is too lenient
_USUAL_TIME = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:[0-5]\d(?:\.\d{1,9})?(?:Z|\+00)$"
_USUAL_FORMATS = ("%Y-%m-%dT%H:%M:%S%.fZ", "%Y-%m-%d %H:%M:%S%.f+00")
_ANY_TIME = (
    r"^(?<day>\d{4}-\d{2}-\d{2})"
    r"(?:[Tt ](?<hour>\d{2}):(?<minute>\d{2})(?::(?<second>[0-5]\d)(?:[.,](?<fraction>\d+))?)?"
    r" ?(?:[Zz]|(?<sign>[+-])(?<off_hour>[01]\d)(?::?(?<off_minute>[0-5]\d))?)?)?$"
)


def normalise(raw: pl.DataFrame, columns: tuple[Column, ...]) -> tuple[pl.DataFrame, FrameOf[MalformedCell]]:
    """Rows as text into rows as typed by ``words.POLARS_TYPE``, and what could not be.

    Returns the typed frame, in which a malformed cell is null, and the malformed cells, by column and row. A malformed
    id stays, cleaned and cut, so that its row can be spoken of.
    """
    typed = pl.DataFrame([_typed(raw[column.name], column.kind) for column in columns])
    ids = printable_ids(raw["id"])
    is_bad = {column.name: typed[column.name].is_null() & raw[column.name].is_not_null() for column in columns}
    cells = [
        MalformedCell.take(
            pl.DataFrame({"record_id": ids.filter(bad), "found": _printable(raw[name].filter(bad))}).with_columns(
                column=pl.lit(name)
            )
        )
        for name, bad in is_bad.items()
        if bad.any()
    ]
    return typed.with_columns(ids), MalformedCell.check(pl.concat([MalformedCell.empty(), *cells]))


def printable_ids(ids: pl.Series) -> pl.Series:
    """Ids as they can be written down: one that is not valid text cleaned and cut, others as they are."""
    valid = _typed(ids, Kind.TEXT)
    return valid if valid.null_count() == 0 else valid.zip_with(valid.is_not_null(), _printable(ids))


def _printable(text: pl.Series) -> pl.Series:
    return text.str.replace_all("\0", "", literal=True).str.slice(0, FOUND_CHARACTERS)


def _typed(text: pl.Series, kind: Kind) -> pl.Series:
    """A column of one kind; null where the text is not a value of that kind."""
    match kind:
        case Kind.TEXT:
            is_text = (text.str.len_bytes() <= MAX_TEXT_BYTES) & ~text.str.contains("\0", literal=True)
            return text.zip_with(is_text.fill_null(True), pl.Series(text.name, [None], dtype=pl.String))
        case Kind.INTEGER:
            whole = text.set(~text.str.contains(_INTEGER), None).str.replace(r"\.0+$", "")
            return whole.cast(pl.Int64, strict=False)
        case Kind.DECIMAL:
            number = text.cast(pl.Decimal(18, 6), strict=False)
            return number.set(number.abs() >= MAX_NUMBER, None)
        case Kind.DATE:
            day = text.set(~text.str.contains(_DATE), None).str.to_date("%Y-%m-%d", strict=False)
            return _in_years(day)
        case Kind.TIME:
            return _in_years(_times(text)).cast(POLARS_TYPE[Kind.TIME])
        case Kind.BOOLEAN:
            return text.str.to_lowercase().replace_strict(_BOOLEANS, default=None, return_dtype=pl.Boolean)


def _in_years(moments: pl.Series) -> pl.Series:
    return moments.set(~moments.dt.year().is_between(*_YEARS), None)


def _times(text: pl.Series) -> pl.Series:
    usual_text = text.set(~text.str.contains(_USUAL_TIME), None)
    usual = [usual_text.str.to_datetime(form, time_unit="us", strict=False) for form in _USUAL_FORMATS]
    times = usual[0].zip_with(usual[0].is_not_null(), usual[1])
    if times.null_count() == text.null_count():
        return times.dt.replace_time_zone("UTC")
    return times.zip_with(times.is_not_null(), _unusual_times(text)).dt.replace_time_zone("UTC")


def _unusual_times(text: pl.Series) -> pl.Series:
    """Any ISO form: space or T, seconds or none, a fraction, an offset, Z or none (then UTC)."""
    part = {
        name: pl.col("text").struct.field(name)
        for name in ("day", "hour", "minute", "second", "fraction", "sign", "off_hour", "off_minute")
    }
    clock = [part[name].fill_null("00") for name in ("hour", "minute", "second")]
    moment = pl.format("{}T{}:{}:{}", part["day"], *clock).str.to_datetime(
        "%Y-%m-%dT%H:%M:%S", time_unit="us", strict=False
    )
    microseconds = part["fraction"].str.pad_end(6, "0").str.slice(0, 6).cast(pl.Int64).fill_null(0)
    minutes = part["off_hour"].cast(pl.Int64) * 60 + part["off_minute"].cast(pl.Int64).fill_null(0)
    east = pl.when(part["sign"] == "-").then(-minutes).otherwise(minutes).fill_null(0)
    utc = moment + pl.duration(microseconds=microseconds) - pl.duration(minutes=east)
    groups = text.rename("text").str.extract_groups(_ANY_TIME)
    return groups.to_frame().select(utc.alias(text.name)).to_series()
