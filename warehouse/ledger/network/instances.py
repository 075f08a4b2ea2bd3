"""The network as it is now: instances, subscriptions, and the stores whose data stays at their site (T4 to T7)."""

from __future__ import annotations

import duckdb
import polars as pl

from sync_rules.egress import Withheld
from sync_rules.frame import FrameOf
from sync_rules.frames import SiteScope
from sync_rules.topology.frames import Instance
from warehouse.connection import query, registered


def withheld_stores(con: duckdb.DuckDBPyConnection) -> Withheld:
    """The stores whose data did not leave their site in the last cycle."""
    rows = con.execute("select store_id, is_everything from ledger.withheld").fetchall()
    return Withheld(frozenset(row[0] for row in rows if row[1]), frozenset(row[0] for row in rows if not row[1]))


def put_withheld_stores(con: duckdb.DuckDBPyConnection, now: Withheld) -> None:
    """Remembers what is withheld in this cycle."""
    con.execute("delete from ledger.withheld")
    rows = [(store, True) for store in sorted(now.everything)] + [(store, False) for store in sorted(now.stock)]
    if rows:
        con.executemany("insert into ledger.withheld values (?, ?)", rows)


def put_instances(con: duckdb.DuckDBPyConnection, instances: FrameOf[Instance]) -> None:
    """Replaces the instances of the network."""
    with registered(con, instances=instances):
        con.execute("delete from ledger.instance")
        con.execute("insert into ledger.instance select site_id, store_id, sync_type from instances")


def subscriptions_now(con: duckdb.DuckDBPyConnection) -> FrameOf[SiteScope]:
    """Every subscription that holds now."""
    return SiteScope.check(query(con, "select site_id, scope from ledger.site_scope where to_seq is null"))


def change_subscriptions(con: duckdb.DuckDBPyConnection, gained: pl.DataFrame, lost: pl.DataFrame, seq: int) -> None:
    """Opens and closes subscriptions (site_id, scope) at ``seq``."""
    with registered(con, gained=gained, lost=lost):
        con.execute(
            "update ledger.site_scope set to_seq = ? from lost as l "
            "where l.site_id = site_scope.site_id and l.scope = site_scope.scope and to_seq is null",
            [seq],
        )
        con.execute("insert into ledger.site_scope select site_id, scope, ?, null from gained order by all", [seq])
