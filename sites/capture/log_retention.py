"""What a site's database need not keep any more: entries of its log that were read, and old answers (B55)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sites.capture.bookmark import Bookmark, bookmark_now, is_in_log
from sites.engines.engine import SiteDatabase
from sites.engines.log_tables import APPLIED_TABLE, CHANGE_LOG_TABLE
from sites.engines.sql import SqlCondition


@dataclass(frozen=True)
class OldAtSite:
    """How many entries of the log and how many answers a site can do without."""

    log: int
    answers: int


def count_old(db: SiteDatabase, bookmark: str | None, *, answers_before: datetime) -> OldAtSite:
    """How much ``forget_old`` would take out; nothing is written."""
    with db.transaction(write=False):
        read = _read_entries(db, bookmark)
        counts = [_count(db, CHANGE_LOG_TABLE, *read)] if read else [0]
        return OldAtSite(counts[0], _count(db, APPLIED_TABLE, *_old_answers(answers_before)))


def forget_old(db: SiteDatabase, bookmark: str | None, *, answers_before: datetime) -> OldAtSite:
    """Takes out what was read up to the place ``bookmark``, but for the entry that marks it, and the answers from
    before a moment, but for the last. The log has no gap by it, as it is tended by us (precision 29). Raises SiteFailed
    or Unreachable, with nothing taken out."""
    found = count_old(db, bookmark, answers_before=answers_before)
    if found == OldAtSite(0, 0):
        return found
    with db.transaction(write=True):
        read = _read_entries(db, bookmark)
        if read:
            db.tend_log(is_tended=True)
            db.execute(f"delete from {CHANGE_LOG_TABLE} where {read[0]}", read[1])
            db.tend_log(is_tended=False)
        condition, parameters = _old_answers(answers_before)
        db.execute(f"delete from {APPLIED_TABLE} where {condition}", parameters)
    return found


def _read_entries(db: SiteDatabase, bookmark: str | None) -> SqlCondition | None:
    """The condition for entries that a place has behind it; None where it is no place of this log, or of another
    cluster, whose numbers of transactions mean nothing here: then all stays until a later place is old enough."""
    if bookmark is None:
        return None
    place = Bookmark.of_text(bookmark)
    if not is_in_log(db, place) or place.cluster != bookmark_now(db).cluster:
        return None
    return db.entries_before(place.seq, place.snapshot)


def _old_answers(before: datetime) -> SqlCondition:
    return (
        f"applied_at < ? and number < (select max(number) from {APPLIED_TABLE})",
        (before.isoformat(),),
    )


def _count(db: SiteDatabase, table: str, condition: str, parameters: tuple[object, ...]) -> int:
    rows = db.execute(f"select count(*) from {table} where {condition}", parameters)
    return int(rows[0][0])
