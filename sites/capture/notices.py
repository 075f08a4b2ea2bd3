"""What central tells the people at a site, kept in its database for their own program to show."""

from __future__ import annotations

from dataclasses import astuple
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from sites.capture.identity import read_identity
from sites.capture.switches import seed_switches
from sites.engines.engine import SiteDatabase
from sites.engines.errors import Unreachable
from sites.engines.log_tables import NOTICE_TABLE, STATUS_TABLE, SWITCH_TABLE
from sites.engines.sql import template_statements
from sync_rules.words import SiteStatus

KEPT_FOR = timedelta(days=90)
"""How long a site keeps a notice."""

FRESH_FOR = timedelta(hours=1)
"""How old the status of a site may become."""
_STATUS = ("result", "rejected", "waiting", "not_taken", "to_come")


def create_notices(db: SiteDatabase) -> None:
    """Makes the tables where they are not there yet; switches that reached the site before hold from the beginning."""
    is_new, known = not db.has_table(SWITCH_TABLE), read_identity(db)
    db.script(template_statements(Path(__file__).parent / "notices.sql", {}))
    if is_new and known:
        seed_switches(db, known.site_id)


def keep_notices(db: SiteDatabase, notices: pl.DataFrame, now: datetime) -> None:
    """Writes notices (wire.frames.Notice) and drops those of more than 90 days ago; in the delivery's transaction.

    A site whose capture is older than notices are has no table for them.
    """
    if db.has_table(NOTICE_TABLE):
        db.upsert_rows(NOTICE_TABLE, notices)
        db.execute(f"delete from {NOTICE_TABLE} where noticed_at < ?", ((now - KEPT_FOR).isoformat(),))


def keep_status(db: SiteDatabase, status: SiteStatus, now: datetime) -> None:
    """Writes when central was here last and what waits."""
    if db.has_table(STATUS_TABLE):
        others = ", ".join(f"{name} = excluded.{name}" for name in ("last_exchange_at", *_STATUS))
        names = ", ".join(("only_row", "last_exchange_at", *_STATUS))
        db.execute(
            f"insert into {STATUS_TABLE} ({names}) values (1, ?, ?, ?, ?, ?, ?) "
            f"on conflict (only_row) do update set {others}",
            (now.isoformat(), *astuple(status)),
        )


def refresh_status(db: SiteDatabase, status: SiteStatus | None, now: datetime) -> datetime | None:
    """Writes the status, if it is known, where it is another one or an hour old: a site where nothing happens is left
    alone. Returns when what stands there was written; None where the database is locked just now: it is told another
    time."""
    if status is None or not db.has_table(STATUS_TABLE):
        return now
    rows = db.execute(f"select last_exchange_at, {', '.join(_STATUS)} from {STATUS_TABLE}")
    if rows and tuple(rows[0][1:]) == astuple(status) and rows[0][0] > (now - FRESH_FOR).isoformat():
        return datetime.fromisoformat(rows[0][0])
    try:
        keep_status(db, status, now)
    except Unreachable:
        return None
    return now
