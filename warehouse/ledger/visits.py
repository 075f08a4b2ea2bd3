"""What happened with each site in each cycle: the source of the sync report and of `sync`'s table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.words import Outcome, SiteStatus
from warehouse.connection import Connection, query, registered
from warehouse.frames import Delivery, Visit, VisitCounts
from warehouse.statements import statement


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
            statement("enter_visits"),
            [cycle],
        )
        con.execute(
            statement("update_visited_sites"),
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
            statement("enter_deliveries"),
            [now],
        )


def of_cycle(con: duckdb.DuckDBPyConnection, cycle: int) -> pl.DataFrame:
    """The visits of a cycle, by site: site_id, site_code and the columns of ledger.visit."""
    return query(
        con,
        "select s.site_code, v.* from ledger.visit as v join ledger.site as s using (site_id) where cycle = ? order "
        "by site_id",
        [cycle],
    )


def is_busy() -> pl.Expr:
    """Of visits: that something came, went out, or went wrong."""
    return (pl.col("pulled") > 0) | (pl.col("sent") > 0) | (pl.col("outcome") != str(Outcome.OK))


def none() -> FrameOf[VisitCounts]:
    """No visits: what ``of_cycle`` returns where no cycle was admitted."""
    return VisitCounts.empty()


def last_tries(con: duckdb.DuckDBPyConnection) -> dict[int, datetime]:
    """When each site was last tried, reached or not."""
    rows = con.execute("select site_id, max(started_at) from ledger.visit group by site_id").fetchall()
    return {row[0]: row[1] for row in rows}


def site_statuses(con: duckdb.DuckDBPyConnection) -> Mapping[int, SiteStatus]:
    """What each site is told of itself, by site."""
    rows = con.execute(statement("site_statuses")).fetchall()
    return {site_id: SiteStatus(*status) for site_id, *status in rows}


def site_alarms(con: Connection, now: datetime) -> Sequence[dict[str, Any]]:
    """The sites that are not paused, by code, as they stand at ``now``: site_code, status, last_contact_at, last_error,
    rejected, held_removals, held_changes, is_overdue."""
    own = con.cursor()  # what is set of it is nobody else's
    try:
        own.execute("set variable as_of_at = ?", [now])
        return query(own, statement("site_alarms")).to_dicts()
    finally:
        own.close()
