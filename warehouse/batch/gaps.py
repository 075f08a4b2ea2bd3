"""Tables that were read whole because capture was interrupted: what their sites lack, and what became of it (B57)."""

from __future__ import annotations

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import CHANGE
from warehouse.connection import Connection, query, registered
from warehouse.frames import Compared, Gap, Missing
from warehouse.records.facts import as_central_has_them
from warehouse.statements import statement


def missing(
    con: Connection, compared: FrameOf[Compared], present: pl.DataFrame, at_home: pl.DataFrame
) -> FrameOf[Missing]:
    """The records of ``compared`` tables that central holds, that the site had at its position, and that are not
    ``present`` (site_id, table_name, record_id) in what was read; none that is under way, was skipped or waits.

    ``at_home``: store_id, site_id of the stores that are active. Records that the site may have deleted ``is_own``; of
    the others only those that belong there.
    """
    if compared.is_empty():
        return Missing.empty()
    with registered(con, compared=compared, present=present, at_home=at_home):
        gone = Missing.check(query(con, statement("missing")))
    settled = as_central_has_them(con, gone.select(CHANGE))
    return Missing.check(gone.join(settled, on=CHANGE, how="semi", maintain_order="left"))


def known_of(con: Connection, sites: list[int]) -> pl.DataFrame:
    """site_id, table_name, record_id of what ``sites`` did not take as it was sent, and of their changes that are
    listed: that central has it otherwise is known."""
    return query(
        con,
        "select site_id, table_name, record_id from ledger.skipped where is_open and site_id in "
        "(select unnest($1::bigint[])) union select site_id, table_name, record_id from ledger.quarantine "
        "where state = 'open' and site_id in (select unnest($1::bigint[])) order by all",
        [sites],
    )


def on_their_way(con: Connection, sites: list[int]) -> pl.DataFrame:
    """site_id, table_name, record_id of what ``sites`` are to have as central has it, or to lose, and were not
    delivered."""
    return query(
        con,
        "select distinct q.for_site as site_id, q.table_name, q.record_id from ledger.sequence as q "
        "join ledger.site as s on s.site_id = q.for_site where q.seq > coalesce(s.position, 0) "
        "and q.kind in ('correct', 'remove') and q.for_site in (select unnest(?::bigint[])) order by all",
        [sites],
    )


def kept_of(con: Connection, compared: FrameOf[Compared], at_home: pl.DataFrame) -> pl.DataFrame:
    """site_id, table_name, kept: how much central holds of each compared table from its site."""
    with registered(con, compared=compared, at_home=at_home):
        return query(con, statement("kept_of_tables"))


def enter(con: Connection, found: FrameOf[Gap]) -> None:
    """Writes down what was found in each compared table."""
    if found.is_empty():
        return
    with registered(con, found=found):
        con.execute(f"insert into ledger.gap select {', '.join(Gap.names())} from found")


def held_tables(con: Connection, cycle: int) -> dict[int, list[str]]:
    """The tables of which a cycle held what was found, by site."""
    found: dict[int, list[str]] = {}
    sql = "select site_id, table_name from ledger.gap where cycle = ? and is_held order by all"
    for site_id, table in con.execute(sql, [cycle]).fetchall():
        found.setdefault(site_id, []).append(table)
    return found


def release(con: Connection, site_code: str) -> None:
    """Lets the changes go that are held at a site, at its next pull."""
    con.execute("update ledger.site set is_gap_released = true where site_code = ?", [site_code])


def take_releases(con: Connection, sites: list[int]) -> list[int]:
    """Those of ``sites`` whose changes were let go. A release is for one time, and waits for its own site."""
    rows = con.execute(
        "update ledger.site set is_gap_released = false where is_gap_released and site_id in "
        "(select unnest(?::bigint[])) returning site_id",
        [sites],
    ).fetchall()
    return [int(site_id) for (site_id,) in rows]
