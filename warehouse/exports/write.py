"""Reports as files: CSV, XLSX, Parquet and JSON with equal contents.

Equal means: the same columns in the same order, the same rows, and the same values as far as the format can say them.

- Decimals are exact everywhere: text of digits in CSV and JSON (a JSON number would lose digits in most readers),
numbers in Parquet; numbers in XLSX, but text where a number has more digits than Excel keeps (15).
- Moments are UTC in CSV and JSON (``2026-03-01T06:30:00Z``) and Parquet, and without a fraction of a millisecond in
XLSX, where they are in the zone of ``About.as_of_at``, since Excel knows no zones.
- CSV has NULL as nothing and empty text as ``""``; XLSX has an empty cell for both.
- CSV text that a spreadsheet would take for a formula has one apostrophe before it; see ``defused``. The other
formats keep it: a cell of XLSX is written as text.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from typing import IO

import polars as pl
import pyarrow.parquet as pq

from warehouse.exports.rows import ExportRows, rows_of_frame
from warehouse.exports.words import About, about_as_dict, kind_of

# Excel splits at `;` where that is the list separator of the country, then at line ends too: the quotes of a text that
# is not the first of its line mean nothing to it. So what follows these is the beginning of a cell as well.
_LIKE_A_FORMULA = r"(^|[;\t\r\n])('*(?:[^\S\t\r\n]|\x00)*[=+\-@＝＋－＠])"
_BLANK = r"^'*[\t\r\n]"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_CELLS_OF_A_GROUP = 240_000
"""A sixth less than with a quarter of it, for some MB more of memory."""

_MOMENT = "%Y-%m-%dT%H:%M:%S%.f"


def write(frame: pl.DataFrame, about: About, format: str) -> bytes:  # noqa: A002 - the word of the command line
    """The frame as a file: equal frames and words give equal bytes. Raises as `write_to` does."""
    out = io.BytesIO()
    write_to(out, rows_of_frame(frame), about, format)
    return out.getvalue()


def write_to(out: IO[bytes], rows: ExportRows, about: About, format: str) -> None:  # noqa: A002 - the word of the command line
    """Writes the rows as a file, some at a time.

    Raises ValueError for a format that is not one of FORMATS, for a column of a type that no report has, for an
    ``as_of_at`` without a zone, and CannotExport for more rows than a sheet of XLSX holds; before anything is written.
    """
    if format not in _WRITERS:
        raise ValueError(f"`{format}` is no format of an export; allowed: {', '.join(FORMATS)}")
    if about.as_of_at.tzinfo is None:
        raise ValueError("`as_of_at` has no time zone")
    for column in rows.shape.columns:
        kind_of(rows.shape[column])
    _WRITERS[format](out, rows, about)


def defused(text: pl.Expr) -> pl.Expr:
    """Text of a CSV that no spreadsheet takes for a formula.

    One apostrophe goes before ``= + - @``, spaces before them or not, at the beginning and after a semicolon, tab or
    line
    end; and one before a tab or line end that begins the text. Where apostrophes are there already, one more goes
    before them: taking one away from each such place gives back what was written.
    """
    harmless = text.str.replace_all(_LIKE_A_FORMULA, "${1}'${2}")
    return pl.when(text.str.contains(_BLANK)).then("'" + harmless).otherwise(harmless)


def _csv(out: IO[bytes], rows: ExportRows, _: About) -> None:
    """RFC 4180, in UTF-8 with a byte order mark: Excel takes it for another encoding otherwise."""
    out.write(BYTE_ORDER_MARK)
    rows.shape.write_csv(out, line_terminator="\r\n")
    for part in rows.parts():
        harmless = _with_texts(part).with_columns(defused(pl.col(column)).alias(column) for column in _texts_of(part))
        harmless.write_csv(out, include_header=False, line_terminator="\r\n")


def _json(out: IO[bytes], rows: ExportRows, about: About) -> None:
    """One document, each row on a line of its own."""
    words = json.dumps(about_as_dict(rows.shape, about), ensure_ascii=False, indent=2).encode()
    out.write(b'{"about": ' + words + b',\n"rows": [')
    end = b"\n"
    for part in rows.parts():
        lines = _with_texts(part).write_ndjson().encode().rstrip(b"\n").replace(b"\n", b",\n")  # none is within a row
        out.write(end + lines)
        end = b",\n"
    out.write(b"\n]}\n" if end == b",\n" else b"\n\n]}\n")


def _texts_of(frame: pl.DataFrame) -> list[str]:
    return [column for column in frame.columns if kind_of(frame[column]) == "text"]


def _with_texts(frame: pl.DataFrame) -> pl.DataFrame:
    """Decimals as exact text without zeros at the end, moments as text in UTC: what CSV and JSON have in common."""
    return frame.with_columns(_as_text(frame[column]) for column in frame.columns)


def _as_text(column: pl.Series) -> pl.Expr:
    asked, kind = pl.col(column.name), column.dtype
    if isinstance(kind, pl.Decimal):
        digits = asked.cast(pl.String)
        return digits.str.strip_chars_end("0").str.strip_chars_end(".") if kind.scale else digits
    if isinstance(kind, pl.Datetime) and kind.time_zone:
        return asked.dt.convert_time_zone("UTC").dt.strftime(f"{_MOMENT}Z")
    return asked


def _parquet(out: IO[bytes], rows: ExportRows, about: About) -> None:
    """The words are in the file's key-value metadata, as text; what is no text, as JSON."""
    words = {
        key: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for key, value in about_as_dict(rows.shape, about).items()
    }
    schema = rows.shape.to_arrow(compat_level=pl.CompatLevel.oldest()).schema.with_metadata(words)
    with pq.ParquetWriter(out, schema, compression="zstd") as file:  # type: ignore[no-untyped-call]
        for group in _groups(rows):
            file.write_table(group.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(schema))


def _groups(rows: ExportRows) -> Iterator[pl.DataFrame]:
    """Some parts as one: Parquet compresses small groups of rows badly."""
    held: list[pl.DataFrame] = []
    for part in rows.parts():
        held.append(part)
        if sum(one.height for one in held) * max(1, part.width) >= _CELLS_OF_A_GROUP:
            yield pl.concat(held)
            held = []
    if held:
        yield pl.concat(held)


def _xlsx(out: IO[bytes], rows: ExportRows, about: About) -> None:
    from warehouse.exports.workbook import write_workbook  # only who asks for one waits for its library

    write_workbook(out, rows, about)


_WRITERS: dict[str, Callable[[IO[bytes], ExportRows, About], None]] = {
    "csv": _csv,
    "xlsx": _xlsx,
    "parquet": _parquet,
    "json": _json,
}

FORMATS = tuple(_WRITERS)
