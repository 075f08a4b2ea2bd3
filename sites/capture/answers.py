"""What a site answered to change sets, kept in the site (M4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sites.engines.engine import SiteDatabase
from sites.engines.errors import SiteFailed
from sites.engines.log_tables import APPLIED_TABLE
from sync_rules.codes import FAILURES
from sync_rules.words import Answer
from wire import answers


def last_answer(db: SiteDatabase) -> Answer | None:
    """The answer to the latest change set that the database holds."""
    rows = db.execute(f"select answer from {APPLIED_TABLE} order by number desc limit 1")
    return answers.of_text(rows[0][0]) if rows else None


def is_known(db: SiteDatabase, made: Mapping[int, str], *, last: int) -> bool:
    """Whether central knows the last change set that the database holds: it made that, or one after it is known to be
    applied. ``made``, ``last``: as for ``require_not_ahead``."""
    held = last_answer(db) if db.has_table(APPLIED_TABLE) else None
    return held is None or held.number < last or made.get(held.number) == held.content_hash


def require_not_ahead(db: SiteDatabase, made: Mapping[int, str], *, last: int) -> None:
    """Raises SiteFailed where the database holds a change set that central never made: central went back, or another
    one sends to this site, and what was done since would be done again.

    ``made``: the hashes of central's by number, from ``last`` on, the one that it knows to be applied.
    """
    held = None if is_known(db, made, last=last) else last_answer(db)
    if held is None:
        return
    if held.number in made:
        found = f"change set {held.number}, with other content than central's"
    else:
        found = f"change set {held.number}; central's last is {max(made, default=last)}"
    failure = FAILURES["site_is_ahead"]
    raise SiteFailed(f"{failure.code} ({found}): {failure.explanation}")


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
