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
    typed = raw.select(_typed(pl.col(column.name), column.kind) for column in columns)
    there = raw.null_count().row(0, named=True)
    lost = {name for name, nulls in typed.null_count().row(0, named=True).items() if nulls != there[name]}
    if lost:
        times = [column.name for column in columns if column.name in lost and column.kind is Kind.TIME]
        typed = typed.with_columns(_any_time(raw[name], typed[name]) for name in times)
    ids = printable_ids(raw["id"]) if "id" in lost else typed["id"]
    bad = {column.name: typed[column.name].is_null() & raw[column.name].is_not_null()
           for column in columns if column.name in lost}  # fmt: skip
    cells = [
        MalformedCell.take(
            pl.DataFrame({"record_id": ids.filter(is_bad), "found": _printable(raw[name].filter(is_bad))}).with_columns(
                column=pl.lit(name)
            )
        )
        for name, is_bad in bad.items()
        if is_bad.any()
    ]
    return typed.with_columns(ids), MalformedCell.check(pl.concat([MalformedCell.empty(), *cells]))


def printable_ids(ids: pl.Series) -> pl.Series:
    """Ids as they can be written down: one that is not valid text cleaned and cut, others as they are."""
    valid = ids.to_frame().select(_typed(pl.col(ids.name), Kind.TEXT)).to_series()
    return valid if valid.null_count() == 0 else valid.zip_with(valid.is_not_null(), _printable(ids))


def _printable(text: pl.Series) -> pl.Series:
    return text.str.replace_all("\0", "", literal=True).str.slice(0, FOUND_CHARACTERS)


def _typed(text: pl.Expr, kind: Kind) -> pl.Expr:
    """A column of one kind; null where the text is not a value of that kind, or a time in an unusual form."""
    match kind:
        case Kind.TEXT:
            is_text = (text.str.len_bytes() <= MAX_TEXT_BYTES) & ~text.str.contains("\0", literal=True)
            return pl.when(is_text).then(text)
        case Kind.INTEGER:
            whole = _matching(text, _INTEGER).str.replace(r"\.0+$", "")
            return whole.cast(pl.Int64, strict=False)
        case Kind.DECIMAL:
            number = text.cast(pl.Decimal(18, 6), strict=False)
            return pl.when(number.abs() < MAX_NUMBER).then(number)
        case Kind.DATE:
            return _in_years(_matching(text, _DATE).str.to_date("%Y-%m-%d", strict=False))
        case Kind.TIME:
            usual = _matching(text, _USUAL_TIME)
            times = [usual.str.to_datetime(form, time_unit="us", strict=False) for form in _USUAL_FORMATS]
            return _in_years(pl.coalesce(times).dt.replace_time_zone("UTC")).cast(POLARS_TYPE[Kind.TIME])
        case Kind.BOOLEAN:
            return text.str.to_lowercase().replace_strict(_BOOLEANS, default=None, return_dtype=pl.Boolean)


def _matching(text: pl.Expr, form: str) -> pl.Expr:
    return pl.when(text.str.contains(form)).then(text)


def _in_years(moments: pl.Expr) -> pl.Expr:
    return pl.when(moments.dt.year().is_between(*_YEARS)).then(moments)


def _any_time(text: pl.Series, usual: pl.Series) -> pl.Series:
    """The times of ``text``: those in a usual form are known."""
    others = _unusual_times(text).dt.replace_time_zone("UTC").to_frame()
    return usual.zip_with(
        usual.is_not_null(), others.select(_in_years(pl.col(text.name)).cast(POLARS_TYPE[Kind.TIME])).to_series()
    )


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
