"""What central remembers of synchronisation: cycles, sites, topology versions, the sequence, scopes.

Readers return frames or values; writers run inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb
import polars as pl

from sync_rules.leaving import NOTHING, Withheld
from sync_rules.topology import Topology
from sync_rules.words import Identity
from warehouse.connection import first, query, registered


@dataclass(frozen=True)
class KnownSite:
    """What the ledger holds of a site. ``bookmark`` is None until its first pull was admitted."""

    site_id: int
    site_code: str
    identity: Identity | None
    cluster: str
    bookmark: str | None
    withheld: Withheld
    position: int | None
    change_set_number: int


def sites(con: duckdb.DuckDBPyConnection) -> dict[int, KnownSite]:
    """The sites the ledger knows, by id."""
    rows = con.execute(
        "select site_id, site_code, database_uuid, epoch, cluster, bookmark, withheld_everything, withheld_stock, position, "
        "change_set_number from ledger.site order by site_id"
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
    position: int | None,
    number: int,
) -> KnownSite:
    identity = Identity(site_id, code, uuid, epoch) if uuid and epoch else None
    stays = NOTHING if everything is None else Withheld(frozenset(everything), frozenset(stock or ()))
    return KnownSite(site_id, code, identity, cluster or "", bookmark, stays, position, number)


def last_cycle(con: duckdb.DuckDBPyConnection) -> int:
    """The number of the last admitted cycle; 0 before the first."""
    return _value(con, "select coalesce(max(cycle), 0) from ledger.cycle")


def last_seq(con: duckdb.DuckDBPyConnection) -> int:
    """The last number of the central sequence; 0 before the first."""
    return _value(con, "select last_seq from ledger.counter")


def unrouted_cycle(con: duckdb.DuckDBPyConnection) -> int | None:
    """The last admitted cycle when it is not routed yet."""
    row = first(con, "select cycle from ledger.cycle where not is_routed order by cycle desc limit 1")
    return int(row[0]) if row else None


def topology_text(con: duckdb.DuckDBPyConnection) -> str | None:
    """The topology.toml of the last applied version."""
    row = first(con, "select toml from ledger.topology_version order by version desc limit 1")
    return str(row[0]) if row else None


def record_topology(
    con: duckdb.DuckDBPyConnection, text: str, content_hash: str, *, now: datetime, by: str, cycle: int
) -> int:
    """The version of this text: the last one where it is the same, else a new one (T9)."""
    row = first(con, "select version, content_hash from ledger.topology_version order by version desc limit 1")
    if row and row[1] == content_hash:
        return int(row[0])
    version = int(row[0]) + 1 if row else 1
    con.execute(
        "insert into ledger.topology_version values (?, ?, ?, ?, ?, ?)", [version, content_hash, text, now, by, cycle]
    )
    return version


def record_cycle(
    con: duckdb.DuckDBPyConnection, cycle: int, *, now: datetime, topology_version: int, rules_version: str
) -> None:
    """Enters the admitted cycle; it is routed in the next transaction (B3)."""
    con.execute(
        "insert into ledger.cycle values (?, ?, ?, ?, ?, false)",
        [cycle, now, topology_version, rules_version, last_seq(con)],
    )


def was_settled_by(con: duckdb.DuckDBPyConnection, topology_text: str, rules_version: str) -> bool:
    """Whether the last cycle went by this topology and these rules."""
    row = first(
        con,
        "select t.toml, c.rules_version from ledger.cycle as c join ledger.topology_version as t on t.version = c.topology_version "
        "order by c.cycle desc limit 1",
    )
    return row == (topology_text, rules_version)


def mark_routed(con: duckdb.DuckDBPyConnection) -> None:
    """Every admitted cycle is routed."""
    con.execute("update ledger.cycle set is_routed = true where not is_routed")


def tick(con: duckdb.DuckDBPyConnection) -> int:
    """The next number of the sequence, for a change that is no record's: subscriptions turn at it."""
    return _advance(con, 1)


def _advance(con: duckdb.DuckDBPyConnection, by: int) -> int:
    con.execute("update ledger.counter set last_seq = last_seq + ?", [by])
    return last_seq(con)


def put_sites(con: duckdb.DuckDBPyConnection, topology: Topology) -> None:
    """Enters the sites of the topology, and what it says of those that are known."""
    rows = [(site.id, site.code, site.is_enabled) for site in topology.sites]
    wanted = pl.DataFrame(
        rows, schema={"site_id": pl.Int64(), "code": pl.String(), "is_enabled": pl.Boolean()}, orient="row"
    )
    options = topology.options
    con.execute("delete from ledger.network")
    con.execute("insert into ledger.network values (?, ?)", [topology.time_zone, topology.currency])
    with registered(con, wanted=wanted):
        con.execute(
            "insert into ledger.site (site_id, site_code, change_set_number, consecutive_failures, is_in_topology, is_enabled, "
            "overdue_after, late_after) select site_id, code, 0, 0, true, is_enabled, to_days(0), to_days(0) from wanted "
            "where site_id not in (select site_id from ledger.site) order by site_id"
        )
        con.execute("update ledger.site set is_in_topology = site_id in (select site_id from wanted)")
        con.execute(
            "update ledger.site set site_code = w.code, is_enabled = w.is_enabled, "
            "overdue_after = cast(? as interval), late_after = cast(? as interval) from wanted as w where w.site_id = site.site_id",
            [options.overdue_after, options.late_after],
        )


def last_decision(con: duckdb.DuckDBPyConnection) -> int:
    """The number of the last decision of an operator that a cycle acted on."""
    return _value(con, "select coalesce(max(number), 0) from ledger.decision")


def record_decision(
    con: duckdb.DuckDBPyConnection,
    number: int,
    kind: str,
    site_code: str,
    entry: int | None,
    reason: str | None,
    *,
    at: str,
    by: str,
    cycle: int,
    record_id: str | None = None,
) -> None:
    """Enters a decision of an operator that ``cycle`` acts on."""
    con.execute(
        "insert into ledger.decision values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [number, cycle, kind, site_code, reason, at, by, entry, record_id],
    )


def release(con: duckdb.DuckDBPyConnection, site_code: str) -> None:
    """Lets the next change set of a site remove as much as it has to (M8)."""
    con.execute("update ledger.site set is_released = true where site_code = ?", [site_code])


def put_queue_out(con: duckdb.DuckDBPyConnection, queued: pl.DataFrame) -> None:
    """Remembers how many records wait for each site: site_id, queue_out (M6)."""
    with registered(con, queued=queued):
        con.execute("update ledger.site set queue_out = q.queue_out from queued as q where q.site_id = site.site_id")


def record_pull(
    con: duckdb.DuckDBPyConnection,
    identity: Identity,
    *,
    cluster: str,
    bookmark: str,
    withheld: Withheld,
    before_seq: int,
    at: datetime,
) -> None:
    """Moves a site's cursor; its position starts just before the cycle of its first contact."""
    con.execute(
        "update ledger.site set database_uuid = ?, epoch = ?, cluster = ?, bookmark = ?, withheld_everything = ?, withheld_stock = ?, "
        "position = coalesce(position, ?), data_as_of_at = ?, queue_in = 0, queue_in_as_of_at = ? where site_id = ?",
        [
            identity.database_uuid,
            identity.epoch,
            cluster,
            bookmark,
            sorted(withheld.everything),
            sorted(withheld.stock),
            before_seq,
            at,
            at,
            identity.site_id,
        ],
    )


def append(con: duckdb.DuckDBPyConnection, entries: pl.DataFrame, cycle: int) -> int:
    """Appends ``entries`` (ENTRIES without seq, in order) to the sequence; returns the last number."""
    start = last_seq(con)
    if entries.is_empty():
        return start
    numbered = entries.with_row_index("n", offset=start + 1)
    with registered(con, entries=numbered):
        con.execute(
            "insert into ledger.sequence "
            "select n, ?, kind, table_name, record_id, op, maker, for_site, scopes_before from entries order by n",
            [cycle],
        )
    return _advance(con, entries.height)


def put_records(con: duckdb.DuckDBPyConnection, records: pl.DataFrame) -> None:
    """Replaces the record entries of ``records``: table_name, record_id, owner, maker, document, scopes, seq, about,
    part, shared."""
    with registered(con, records=records):
        con.execute(
            "delete from ledger.record where (table_name, record_id) in (select table_name, record_id from records)"
        )
        con.execute(
            "insert into ledger.record "
            "select table_name, record_id, owner, maker, document, scopes, seq, about, part, shared from records"
        )


def lines_of(con: duckdb.DuckDBPyConnection, headers: pl.DataFrame) -> pl.DataFrame:
    """The held lines of documents that are not what their document is: HELD columns and new_owner, new_about,
    new_part.

    ``headers`` has table_name (of the lines), document, new_owner, new_about and new_part.
    """
    with registered(con, headers=headers):
        return query(
            con,
            "select r.table_name, r.record_id, r.owner, r.maker, r.document, r.scopes, r.shared, h.new_owner, h.new_about, h.new_part "
            "from ledger.record as r join headers as h on h.table_name = r.table_name and h.document = r.document "
            "where (r.owner, r.about, r.part) is distinct from (h.new_owner, h.new_about, h.new_part)",
        )


def owned_by(con: duckdb.DuckDBPyConnection, owners: Sequence[str], parts: pl.DataFrame) -> pl.DataFrame:
    """table_name, record_id, owner, scopes of the records of ``parts`` (table_name, part) that ``owners`` own, sorted;
    those that are part of a transfer left out."""
    with registered(con, parts=parts):
        return query(
            con,
            "select table_name, record_id, owner, scopes from ledger.record where owner in (select unnest(?::varchar[])) and len(shared) = 0 "
            "and (table_name, part) in (select table_name, part from parts) order by table_name, record_id",
            [list(owners)],
        )


def withheld(con: duckdb.DuckDBPyConnection) -> Withheld:
    """The stores whose data did not leave their site in the last cycle."""
    rows = con.execute("select store_id, is_everything from ledger.withheld").fetchall()
    return Withheld(frozenset(row[0] for row in rows if row[1]), frozenset(row[0] for row in rows if not row[1]))


def put_withheld(con: duckdb.DuckDBPyConnection, now: Withheld) -> None:
    """Remembers what is withheld in this cycle."""
    con.execute("delete from ledger.withheld")
    rows = [(store, True) for store in sorted(now.everything)] + [(store, False) for store in sorted(now.stock)]
    if rows:
        con.executemany("insert into ledger.withheld values (?, ?)", rows)


def put_instances(con: duckdb.DuckDBPyConnection, instances: pl.DataFrame) -> None:
    """Replaces the instances of the network (an INSTANCES frame)."""
    with registered(con, instances=instances):
        con.execute("delete from ledger.instance")
        con.execute("insert into ledger.instance select site_id, store_id, sync_type from instances")


def open_scopes(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """site_id and scope of every subscription that holds now."""
    return query(con, "select site_id, scope from ledger.site_scope where to_seq is null")


def turn_scopes(con: duckdb.DuckDBPyConnection, gained: pl.DataFrame, lost: pl.DataFrame, seq: int) -> None:
    """Opens and closes subscriptions (site_id, scope) at ``seq``."""
    with registered(con, gained=gained, lost=lost):
        con.execute(
            "update ledger.site_scope set to_seq = ? from lost as l "
            "where l.site_id = site_scope.site_id and l.scope = site_scope.scope and to_seq is null",
            [seq],
        )
        con.execute("insert into ledger.site_scope select site_id, scope, ?, null from gained order by all", [seq])


def contacted(con: duckdb.DuckDBPyConnection) -> list[int]:
    """The ids of the sites that were pulled at least once."""
    return [
        row[0]
        for row in con.execute("select site_id from ledger.site where bookmark is not null order by site_id").fetchall()
    ]


def _value(con: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = first(con, sql)
    return int(row[0]) if row else 0
