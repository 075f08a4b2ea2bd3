"""The sites as central knows them: identity, cursor, position, and what waits for them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb
import polars as pl

from sync_rules.egress import NOTHING, Withheld
from sync_rules.frame import FrameOf
from sync_rules.frames import RecordKey
from sync_rules.topology.topology import Topology
from sync_rules.words import Identity
from warehouse.connection import first, query, registered
from warehouse.ledger.network.frames import ReadUpTo, SiteInFile
from warehouse.statements import statement


@dataclass(frozen=True)
class KnownSite:
    """What the ledger holds of a site. ``bookmark`` is None until its first pull was admitted."""

    site_id: int
    site_code: str
    identity: Identity | None
    cluster: str
    bookmark: str | None
    withheld: Withheld
    capture: str | None  # how its tables were captured then (`sites.capture.generations`)
    leaves: Mapping[str, str]  # the rules by which its tables left when they were read (`egress.signatures`)
    position: int | None
    change_set_number: int
    line: str | None  # the server's, when it was pulled last


def known_sites(con: duckdb.DuckDBPyConnection) -> dict[int, KnownSite]:
    """The sites the ledger knows, by id."""
    rows = con.execute(
        "select site_id, site_code, database_uuid, epoch, cluster, bookmark, withheld_everything, withheld_stock, "
        "capture, leaves, position, "
        "change_set_number, line from ledger.site order by site_id"
    ).fetchall()
    return {row[0]: _known_site(*row) for row in rows}


def _known_site(
    site_id: int,
    code: str,
    uuid: str | None,
    epoch: int | None,
    cluster: str | None,
    bookmark: str | None,
    everything: list[str] | None,
    stock: list[str] | None,
    capture: str | None,
    leaves: str | None,
    position: int | None,
    number: int,
    line: str | None,
) -> KnownSite:
    identity = Identity(site_id, code, uuid, epoch) if uuid and epoch else None
    stays = NOTHING if everything is None else Withheld(frozenset(everything), frozenset(stock or ()))
    rules = json.loads(leaves) if leaves else {}
    return KnownSite(site_id, code, identity, cluster or "", bookmark, stays, capture, rules, position, number, line)


def put_capture(con: duckdb.DuckDBPyConnection, site_id: int, capture: str) -> None:
    """Remembers how the tables of a site are captured."""
    con.execute("update ledger.site set capture = ? where site_id = ?", [capture, site_id])


def captures_that_lack(con: duckdb.DuckDBPyConnection) -> dict[int, str]:
    """How the tables are captured of those sites that have not got all of them, or not all columns, by site."""
    rows = con.execute(
        "select site_id, capture from ledger.site where capture is not null and json_exists(capture, '$.lacking')"
    ).fetchall()
    return dict(rows)


def put_sites(con: duckdb.DuckDBPyConnection, topology: Topology, *, waits_for_apply: bool = False) -> None:
    """Enters the sites of the topology, and what it says of those that are known; whether its file asks for something
    else."""
    rows = sorted((site.id, site.code, site.is_enabled) for site in topology.sites)
    options = topology.options
    spans = [options.overdue_after, options.late_after]
    tracer = [topology.tracer.master_list or None, sorted(topology.tracer.items)]
    network = [topology.time_zone, topology.currency, waits_for_apply, *tracer]
    if con.execute(statement("sites_in_file"), spans).fetchall() == [(*row, True, *network) for row in rows]:
        return
    wanted = SiteInFile.of(rows)
    con.execute("delete from ledger.network")
    con.execute(
        "insert into ledger.network (time_zone, currency, waits_for_apply, tracer_list, tracer_items) "
        "values (?, ?, ?, ?, ?)",
        network,
    )
    with registered(con, wanted=wanted):
        con.execute(statement("put_sites"))
        con.execute("update ledger.site set is_in_topology = site_id in (select site_id from wanted)")
        con.execute(
            "update ledger.site set site_code = w.code, is_enabled = w.is_enabled, "
            "overdue_after = cast(? as interval), late_after = cast(? as interval) from wanted as w where w.site_id "
            "= site.site_id",
            spans,
        )


def presume_contact(con: duckdb.DuckDBPyConnection, sites: Sequence[int]) -> None:
    """Lets sites count as pulled, with nothing in them: what would be theirs can be worked out then."""
    con.execute(
        "update ledger.site set bookmark = '', position = (select last_seq from ledger.counter) "
        "where bookmark is null and site_id in (select unnest(?::bigint[]))",
        [list(sites)],
    )


def release_removal(con: duckdb.DuckDBPyConnection, site_code: str) -> None:
    """Lets the next change set of a site remove as much as it has to (M8)."""
    con.execute("update ledger.site set is_released = true where site_code = ?", [site_code])


def site_of(con: duckdb.DuckDBPyConnection, site_code: str) -> int:
    """The number of the site with a code; -1 where there is none any more."""
    row = first(con, "select site_id from ledger.site where site_code = ?", [site_code])
    return int(row[0]) if row else -1


def from_elsewhere(
    con: duckdb.DuckDBPyConnection, present: FrameOf[RecordKey], site_id: int, stores: Sequence[str]
) -> FrameOf[RecordKey]:
    """Those records of ``present`` that the site did not make, and that no store of ``stores`` owns. What central never
    had is the site's own (O3)."""
    with registered(con, present=present):
        return RecordKey.check(query(con, statement("from_elsewhere"), [site_id, sorted(stores)]))


def put_queue_out(con: duckdb.DuckDBPyConnection, queued: pl.DataFrame, *, now: datetime) -> None:
    """Remembers how many records wait for each site, now and as the last count of the day: site_id, queue_out (M6)."""
    rows = queued.select("site_id", "queue_out").sort("site_id").rows()
    if rows == con.execute(statement("queues"), [now]).fetchall():
        return
    with registered(con, queued=queued):
        con.execute("update ledger.site set queue_out = q.queue_out from queued as q where q.site_id = site.site_id")
        con.execute(statement("forget_queues_of_day"), [now])
        con.execute(statement("put_queues_of_day"), [now])


def record_pulls(
    con: duckdb.DuckDBPyConnection,
    read: FrameOf[ReadUpTo],
    *,
    leaves: Mapping[str, str],
    line: str | None,
    before_seq: int,
    at: datetime,
) -> None:
    """Moves the cursors of sites; a position starts just before the cycle of the first contact. ``leaves``: by what
    rules they were read; ``line``: by which line of this server."""
    if read.is_empty():
        return
    with registered(con, pulled=read):
        con.execute(statement("record_pulls"), [json.dumps(dict(leaves), sort_keys=True), line, before_seq, at, at])


def forget_other_rules(con: duckdb.DuckDBPyConnection, leaves: Mapping[str, str]) -> None:
    """Of every site forgets by which rules tables left it, but for those that leave by the same ones now: the others
    are read whole when the site is pulled next, though the rules be the old ones again by then (P9)."""
    for (text,) in con.execute("select distinct leaves from ledger.site where leaves is not null").fetchall():
        kept = {table: rule for table, rule in json.loads(text).items() if leaves.get(table) == rule}
        con.execute("update ledger.site set leaves = ? where leaves = ?", [json.dumps(kept, sort_keys=True), text])


def remember_withheld(con: duckdb.DuckDBPyConnection, stays: Withheld) -> None:
    """What the warehouse does not keep of any site is not known of any, whenever the site was pulled last: once it
    leaves again, it is read whole (P9)."""
    for column, stores in (("withheld_everything", stays.everything), ("withheld_stock", stays.stock)):
        if not stores:
            continue
        con.execute(
            f"update ledger.site set {column} = list_sort(list_distinct(list_concat({column}, $1))) "
            f"where bookmark is not null and not list_has_all({column}, $1)",
            [sorted(stores)],
        )


def last_contacts(con: duckdb.DuckDBPyConnection) -> dict[int, datetime]:
    """When each site that was pulled at least once was reached last."""
    found = con.execute("select site_id, last_success_at from ledger.site where last_success_at is not null").fetchall()
    return dict(found)


def unheard_sites(con: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """The codes of the sites that were never pulled."""
    found = con.execute("select site_code from ledger.site where bookmark is null").fetchall()
    return frozenset(code for (code,) in found)


def contacted_sites(con: duckdb.DuckDBPyConnection) -> list[int]:
    """The ids of the sites that were pulled at least once."""
    return [
        row[0]
        for row in con.execute("select site_id from ledger.site where bookmark is not null order by site_id").fetchall()
    ]
