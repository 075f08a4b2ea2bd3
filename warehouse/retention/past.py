"""What a cycle has the ledger forget, in its transaction: decided by the cycle's file and the ledger alone (B54)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sync_rules.topology.topology import Retention
from warehouse.connection import Connection, first, value
from warehouse.records import sequence
from warehouse.statements import statement


@dataclass(frozen=True)
class Forgotten:
    """What was forgotten last: of landed pulls all up to cycle ``pulls_to``; the sequence is whole after cycle
    ``known_after``."""

    pulls_to: int
    known_after: int


def last_prune(con: Connection) -> datetime | None:
    """When the ledger forgot last, or began; None before the first cycle."""
    row = first(
        con, "select coalesce((select max(pruned_at) from ledger.prune), (select min(started_at) from ledger.cycle))"
    )
    return row[0] if row else None


def forgotten(con: Connection) -> Forgotten:
    """How far back central can still tell what was."""
    row = first(con, "select pulls_to, known_after from ledger.prune")
    return Forgotten(*row) if row else Forgotten(0, 0)


def cycle_before(con: Connection, moment: datetime) -> int:
    """The last cycle that began before a moment; 0 for none."""
    return value(con, "select coalesce(max(cycle), 0) from ledger.cycle where started_at < ?", [moment])


def forget_past(
    con: Connection, kept: Retention, *, cycle: int, now: datetime, pulls_to: int, backups: Sequence[int]
) -> Mapping[str, int]:
    """Forgets what ``kept`` says is old at ``now`` and nothing needs any more; returns how many rows went, by table.

    ``pulls_to``: landed pulls of cycles up to that one go; ``backups``: the last cycles of backups that a server may be
    restored from. In the caller's transaction; a second time it finds nothing.
    """
    before = now - timedelta(days=kept.pulls_days)
    last = cycle_before(con, before)
    gone = {"sequence": _forget_sequence(con, kept, last, now)}
    gone["site_scope"] = _forget_scopes(con, last)
    gone["change_set"] = value(con, statement("forget_change_sets"), [last, before])
    gone["skipped"] = value(
        con, "delete from ledger.skipped where not is_open and (site_id, number) not in "
             "(select site_id, number from ledger.change_set)"
    )  # fmt: skip
    gone["visit"] = value(con, statement("forget_visits"), [last])
    gone["delivery"] = value(con, "delete from ledger.delivery where cycle <= ?", [min(last, cycle - 1)])
    gone["gap"] = value(con, statement("forget_gaps"), [last])
    gone["queue_of_day"] = value(con, "delete from ledger.queue_of_day where day < ?", [before.date()])
    gone["quarantine"] = value(con, statement("forget_closed_entries"), [now - timedelta(days=kept.closed_days)])
    con.execute(statement("forget_bookmarks"), [now - timedelta(days=kept.bookmarks_days), list(backups)])
    gone["bookmark"] = value(con, "delete from ledger.bookmark where bookmark is null and cycle <= ?", [pulls_to])
    con.execute("delete from ledger.prune")
    con.execute("insert into ledger.prune values (?, ?, ?, ?)", [cycle, now, pulls_to, last])
    return {table: rows for table, rows in gone.items() if rows}


def sequence_holders(con: Connection, kept: Retention, *, now: datetime) -> list[str]:
    """The codes of sites that lack entries of the sequence which are old enough to go, and are not away for long."""
    last = cycle_before(con, now - timedelta(days=kept.pulls_days))
    found = con.execute(
        "select site_code from ledger.site where is_in_topology and coalesce(last_success_at, data_as_of_at) >= ? and "
        "position < (select coalesce(max(last_seq), 0) from ledger.cycle where cycle = ?) order by all",
        [now - timedelta(days=kept.away_days), last],
    ).fetchall()
    return [code for (code,) in found]


def _forget_sequence(con: Connection, kept: Retention, last: int, now: datetime) -> int:
    """B5: what is below the positions of all sites; sites that are away for long do not hold it, but of what they lack
    enough stays to tell what it came to."""
    return sequence.forget_entries(con, _bound(con, kept, last, now), away_since=now - timedelta(days=kept.away_days))


def _bound(con: Connection, kept: Retention, last: int, now: datetime) -> int:
    lowest = first(
        con, "select min(position) from ledger.site where is_in_topology and position is not null and "
             "coalesce(last_success_at, data_as_of_at) >= ?", [now - timedelta(days=kept.away_days)]
    )  # fmt: skip
    old = value(con, "select coalesce(max(last_seq), 0) from ledger.cycle where cycle = ?", [last])
    return min(old, lowest[0]) if lowest and lowest[0] is not None else old


def _forget_scopes(con: Connection, last: int) -> int:
    """Scopes that sites had before what the sequence still tells, and before where they are."""
    return value(
        con, "delete from ledger.site_scope as c using ledger.site as s where s.site_id = c.site_id and c.to_seq <= "
             "(select coalesce(max(last_seq), 0) from ledger.cycle where cycle = ?) "
             "and c.to_seq <= coalesce(s.position, c.to_seq)",
        [last],
    )  # fmt: skip
