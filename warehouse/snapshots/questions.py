"""Saved questions in a snapshot: their answers as reports, with words, and what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sync_rules.schema import Schema
from warehouse.connection import Connection, transaction
from warehouse.identifiers import literal, quote
from warehouse.questions.answers import QuestionResult
from warehouse.statements import statement


def withheld_columns(schema: Schema) -> frozenset[str]:
    """Names of columns that no snapshot has: of secrets, and those that tell of one patient."""
    secret = {column.name for columns in schema.tables.values() for column in columns if column.is_secret}
    return frozenset(secret | {"patient_id", "date_of_birth"})


def put_answers(own: Connection, answers: Sequence[QuestionResult], folder: Path) -> tuple[str, ...]:
    """Makes a report of ``snap`` of each answer in ``folder``, and says what became of all; the reports' names."""
    with transaction(own):
        for answer in answers:
            if answer.rows is not None:
                _put(own, answer, folder)
            own.execute("insert into snap.reports.saved_questions values (?, ?, ?, ?, ?, ?)", _said(answer))
    return tuple(one.question.name for one in answers if one.rows is not None)


def _put(own: Connection, answer: QuestionResult, folder: Path) -> None:
    question = answer.question
    place = f"snap.reports.{quote(question.name)}"
    own.execute(f"create table {place} as from read_parquet({literal(folder / question.name)} || '.parquet')")
    own.execute(f"comment on table {place} is {literal(question.comment)}")
    columns = own.execute(f"describe {place}").fetchall()
    for name, *_ in columns:
        if name in question.columns:
            own.execute(f"comment on column {place}.{quote(name)} is {literal(question.columns[name])}")
    meaning, _, grain = question.comment.partition(" One row is: ")
    own.execute(statement("enter_question"), {"name": question.name, "meaning": meaning, "grain": grain})


def _said(answer: QuestionResult) -> list[object]:
    question = answer.question
    return [question.name, question.title or None, question.meaning or None, answer.rows, answer.error or None,
            question.sql or None]  # fmt: skip
