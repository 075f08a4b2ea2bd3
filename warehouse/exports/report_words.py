"""Reports whatever they are made of: those of files of ours, and saved questions, which the snapshot tells of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from warehouse.connection import Connection, first
from warehouse.reports.files import report_files

_FILES = {file.name: file for file in report_files()}
_HAS_QUESTIONS = (
    "select 1 from duckdb_tables() where database_name = current_database() and schema_name = 'reports' "
    "and table_name = 'saved_questions'"
)
_COLUMNS = (
    "select column_name, coalesce(comment, '') from duckdb_columns() where database_name = current_database() "
    "and schema_name = 'reports' and table_name = ? order by column_index"
)


@dataclass(frozen=True)
class ReportWords:
    """What a report is, as its comment says, and its columns: what each means, in their order."""

    comment: str
    columns: Mapping[str, str]


def saved_questions(con: Connection) -> dict[str, str | None]:
    """Every saved question, by name, with why it is no report; None of one that is. None are known to a working
    warehouse, and where an older version has published."""
    if first(con, _HAS_QUESTIONS) is None:
        return {}
    found = con.execute("select question_name, error from reports.saved_questions order by question_name").fetchall()
    return {str(name): error for name, error in found}


def words_of(con: Connection, name: str) -> ReportWords:
    """What a report says of itself. Raises KeyError for a name that is neither a report's nor a saved question's."""
    if name in _FILES:
        return ReportWords(_FILES[name].comment, _FILES[name].columns)
    if saved_questions(con).get(name, "") is not None:
        raise KeyError(name)
    sql = (
        "select comment from duckdb_tables() where database_name = current_database() and schema_name = 'reports' "
        "and table_name = ?"
    )
    (comment,) = first(con, sql, [name]) or ("",)
    return ReportWords(str(comment), dict(con.execute(_COLUMNS, [name]).fetchall()))


def columns_of(con: Connection, name: str) -> Sequence[str]:
    """The columns of a report, in their order. Raises KeyError."""
    return tuple(words_of(con, name).columns)
