"""What happened with each site in each cycle: the source of the sync report and of `sync`'s table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb
import polars as pl

from sync_rules.frame import FrameOf
from warehouse.connection import query, registered
from warehouse.frames import Delivery, Visit, VisitCounts


@dataclass(frozen=True)
class Delivered:
    """How a delivery went: ``error`` is None when the site answered, ``outcome`` as of a visit."""

    site_id: int
    outcome: str
    error: str | None
    sent: int
    seconds: float


def enter_visits(
    con: duckdb.DuckDBPyConnection, cycle: int, visits: FrameOf[Visit], judged: pl.DataFrame, now: datetime
) -> None:
    """Enters the visits of a cycle with the verdicts on the sites' changes.

    ``judged`` has site_id, verdict and is_pulled (false for a change that waited from before).
    """
    with registered(con, visits=visits, judged=judged.select("site_id", "verdict")):
        con.execute(
            "insert into ledger.visit "
            "select ?, v.site_id, v.started_at, v.outcome, v.error, v.pulled, "
            "count(*) filter (j.verdict = 'admitted'), count(*) filter (j.verdict = 'rejected'), "
            "count(*) filter (j.verdict = 'waiting'), 0, v.pull_seconds, 0 "
            "from visits as v left join judged as j on j.site_id = v.site_id group by all order by v.site_id",
            [cycle],
        )
        con.execute(
            "update ledger.site set last_contact_at = case v.outcome when 'unreachable' then last_contact_at else ? end, "
            "last_outcome = v.outcome, last_error = v.error, queue_in = case v.outcome when 'ok' then queue_in end, consecutive_failures = case when v.outcome = 'ok' then consecutive_failures else consecutive_failures + 1 end "
            "from visits as v where v.site_id = site.site_id",
            [now],
        )


def enter_deliveries(
    con: duckdb.DuckDBPyConnection, cycle: int, deliveries: Sequence[Delivered], *, now: datetime
) -> None:
    """Completes the visits of a cycle with what was delivered."""
    rows = [(one.site_id, one.outcome, one.error, one.sent, one.seconds) for one in deliveries]
    with registered(con, delivered=Delivery.of(rows)):
        con.execute(
            "update ledger.visit set sent = d.sent, deliver_seconds = d.seconds, outcome = d.outcome, error = d.error "
            "from delivered as d where d.site_id = visit.site_id and cycle = ?",
            [cycle],
        )
        con.execute(
            "update ledger.site set last_error = d.error, last_outcome = d.outcome, "
            "last_success_at = case d.outcome when 'ok' then ? else last_success_at end, "
            "consecutive_failures = case d.outcome when 'ok' then 0 else consecutive_failures + 1 end "
            "from delivered as d where d.site_id = site.site_id",
            [now],
        )


def of_cycle(con: duckdb.DuckDBPyConnection, cycle: int) -> pl.DataFrame:
    """The visits of a cycle, by site: site_id, site_code and the columns of ledger.visit."""
    return query(
        con,
        "select s.site_code, v.* from ledger.visit as v join ledger.site as s using (site_id) where cycle = ? order by site_id",
        [cycle],
    )


def none() -> FrameOf[VisitCounts]:
    """No visits: what ``of_cycle`` returns where no cycle was admitted."""
    return VisitCounts.empty()


def last_tries(con: duckdb.DuckDBPyConnection) -> dict[int, datetime]:
    """When each site was last tried, reached or not."""
    rows = con.execute("select site_id, max(started_at) from ledger.visit group by site_id").fetchall()
    return {row[0]: row[1] for row in rows}
