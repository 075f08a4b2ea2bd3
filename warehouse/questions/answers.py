"""Saved questions worked out: each on the finished snapshot alone, so that it reads what is published and nothing
else (B16), by one query that only reads, with bounds on time, memory and rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from time import monotonic

import duckdb

from warehouse.connection import Connection, read_only
from warehouse.identifiers import quote
from warehouse.questions.files import QuestionFile

SECONDS = 30.0
"""So long a question may take."""

SECONDS_OF_ALL = 120.0
"""So long all questions of a publication may take together."""

MOST_ANSWERED = 1_000_000
"""So many rows a question may have."""

MEMORY = "1GB"
"""What DuckDB may keep for one."""

_AT_ONCE = 50_000
_KINDS = frozenset(
    {"VARCHAR", "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
     "UBIGINT", "FLOAT", "DOUBLE", "DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", '"NULL"'}
)  # fmt: skip


@dataclass(frozen=True)
class QuestionResult:
    """What became of a question: ``rows`` in the Parquet file of its name, or ``error``, why there are none."""

    question: QuestionFile
    rows: int | None = None
    error: str = ""


class _Refused(ValueError):
    """The question is not one, or its answer has no place in a report."""


def work_out(
    database: Path, questions: Sequence[QuestionFile], folder: Path, withheld: Collection[str]
) -> tuple[QuestionResult, ...]:
    """Writes the answer of each question to ``folder/NAME.parquet``; what fails is told and stops no other.

    ``database`` is a snapshot that nobody has open. ``withheld`` are names of columns that no snapshot has.
    """
    if not questions:
        return ()
    until = monotonic() + SECONDS_OF_ALL
    with read_only(database, memory=MEMORY) as con:
        return tuple(_answer(con, one, folder, withheld, until) for one in questions)


def problem_of(con: Connection, question: QuestionFile, withheld: Collection[str]) -> str:
    """Why a snapshot that is open read-only cannot answer a question, as far as that shows before it is worked out."""
    if question.problem:
        return question.problem
    try:
        _bound(con, question, withheld)
    except (_Refused, duckdb.Error) as error:
        return _words(error)
    return ""


def _answer(
    con: Connection, question: QuestionFile, folder: Path, withheld: Collection[str], until: float
) -> QuestionResult:
    if question.problem:
        return QuestionResult(question, error=question.problem)
    seconds = min(SECONDS, until - monotonic())
    if seconds <= 0:
        return QuestionResult(question, error=f"not worked out: those before it took {SECONDS_OF_ALL:g} s together")
    file = folder / f"{question.name}.parquet"
    try:
        with _within(con, seconds):
            return QuestionResult(question, _write(_bound(con, question, withheld), file))
    except duckdb.InterruptException:
        error = f"it takes longer than {seconds:.2g} s"
    except (_Refused, duckdb.Error) as found:
        error = _words(found)
    file.unlink(missing_ok=True)
    return QuestionResult(question, error=error)


def _bound(con: Connection, question: QuestionFile, withheld: Collection[str]) -> duckdb.DuckDBPyRelation:
    """The question, understood by DuckDB and not worked out. Raises _Refused, duckdb.Error."""
    statements = con.extract_statements(question.sql)
    if len(statements) != 1:
        raise _Refused(f"a question is one query; there are {len(statements) or 'none'}")
    if statements[0].type == duckdb.StatementType.MULTI:
        raise _Refused("a question has the same columns always: name those that `pivot` makes with `in (...)`")
    if statements[0].type != duckdb.StatementType.SELECT:
        raise _Refused("a question reads, and does nothing else: write `select ...` or `from ...`")
    found = con.sql(question.sql)
    _require_columns(found, withheld)
    return found


def _require_columns(found: duckdb.DuckDBPyRelation, withheld: Collection[str]) -> None:
    folded = [name.lower() for name in found.columns]
    for name, kind in zip(found.columns, found.types, strict=True):
        try:
            quote(name)
        except ValueError:
            raise _Refused(
                f"`{name}` is no name for a column: give it one with `as`, of letters, digits and `_`"
            ) from None
        if folded.count(name.lower()) > 1:
            raise _Refused(f"two columns are called `{name}`: name one otherwise with `as`")
        if name.lower() in withheld:
            raise _Refused(f"no snapshot has a column `{name}`: it is secret, or about single patients")
        if str(kind) not in _KINDS and not str(kind).startswith("DECIMAL("):
            raise _Refused(
                f"column `{name}` is {kind}, which no export has a place for: cast it, as in `{name}::varchar`"
            )


def _write(found: duckdb.DuckDBPyRelation, file: Path) -> int:
    """The rows written, some at a time."""
    import pyarrow.parquet as pq  # takes long to load, and most networks ask no question
    from pyarrow.lib import ArrowException

    rows = 0
    batches = found.to_arrow_reader(_AT_ONCE)
    try:
        with pq.ParquetWriter(file, batches.schema, compression="zstd") as out:  # type: ignore[no-untyped-call]
            for batch in batches:
                rows += batch.num_rows
                if rows > MOST_ANSWERED:
                    raise _Refused(f"it has more than {MOST_ANSWERED:,} rows: add up, or choose fewer")
                out.write_batch(batch)
    except ArrowException as error:
        raise _Refused(_words(error)) from None
    return rows


@contextmanager
def _within(con: Connection, seconds: float, timer: Callable[..., Timer] = Timer) -> Iterator[None]:
    """Breaks off what runs longer."""
    watch = timer(seconds, con.interrupt)
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()
        watch.join()


def _words(error: Exception) -> str:
    """DuckDB's own words, with the line that it means."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    at = next((line.partition(":")[0] for line in lines[1:] if line.startswith("LINE ")), "")
    return f"{lines[0]} ({at.lower()})" if at else lines[0]
