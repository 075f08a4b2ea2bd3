"""What a site answered to change sets, kept in the site (M4)."""

from __future__ import annotations

from datetime import datetime

from sites.engines.engine import SiteDatabase
from sites.engines.log_tables import APPLIED_TABLE
from sync_rules.words import Answer
from wire import answers


def last_answer(db: SiteDatabase) -> Answer | None:
    """The answer to the latest change set that the database holds."""
    rows = db.execute(f"select answer from {APPLIED_TABLE} order by number desc limit 1")
    return answers.of_text(rows[0][0]) if rows else None


def answer_to(db: SiteDatabase, number: int) -> Answer | None:
    """The answer to change set ``number``; None where it was not applied."""
    rows = db.execute(f"select answer from {APPLIED_TABLE} where number = ?", (number,))
    return answers.of_text(rows[0][0]) if rows else None


def keep_answer(db: SiteDatabase, answer: Answer, now: datetime) -> None:
    """Record an answer, in the transaction of the change set it is about."""
    db.execute(
        f"insert into {APPLIED_TABLE} (number, content_hash, applied_at, answer) values (?, ?, ?, ?)",
        (answer.number, answer.content_hash, now.isoformat(), answers.to_text(answer)),
    )
