"""What follows from the topology and the store records after a merge: what stays at its site, each site's own
view of the network, and who subscribes to what (T4 to T7, B26)."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from central.cycle_file import Cycle
from central.frames import OwnedPart
from central.project import Project
from sync_rules import egress
from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD
from sync_rules.scopes import NETWORK_TABLES, site_scopes
from sync_rules.table.policies import Authority
from sync_rules.table.rules import PARTS
from sync_rules.topology.frames import Instance, Parties, Placement
from sync_rules.topology.instances import instances
from sync_rules.topology.moves import as_held, instances_told
from sync_rules.topology.placement import stores_by_code
from sync_rules.topology.site_rows import is_from_topology, topology_part, topology_rows
from sync_rules.version import rules_version
from sync_rules.words import Move
from warehouse.connection import Connection
from warehouse.ledger import papers, people, transfers
from warehouse.ledger.cycles import WentBy, went_by
from warehouse.ledger.network.instances import (
    change_subscriptions,
    put_instances,
    put_withheld_stores,
    subscriptions_now,
    withheld_stores,
)
from warehouse.ledger.network.moves import note_filled
from warehouse.ledger.sites import contacted_sites
from warehouse.records import replicas
from warehouse.records.door import Records
from warehouse.records.facts import records_owned_by
from warehouse.records.sequence import last_seq, tables_since, take_seq


def purge_withheld(records: Records, placed: FrameOf[Placement], stays: egress.Withheld, *, anew: bool) -> None:
    """What no longer leaves its site leaves the warehouse and the collectors; its own site keeps it (B26). Halves of
    transfers leave all the same (B22). ``anew``: the rules are others, so all that stays is looked at."""
    con = records.con
    before = egress.NOTHING if anew else withheld_stores(con)
    if stays == before:
        return
    put_withheld_stores(con, stays)
    parts = OwnedPart.of(
        (name, part, rule.table.is_stock)
        for name, rules in PARTS.items()
        for part, rule in rules.items()
        if rule.authority is Authority.OWNER and egress.is_kept_by_owner(name)
    )
    gone = pl.concat(
        [
            records_owned_by(con, sorted(stays.everything - before.everything), parts),
            records_owned_by(con, sorted(stays.stock - before.stock), parts.filter("is_stock")),
        ]
    ).unique(RECORD, maintain_order=True)
    gone = gone.join(papers.halves_among(con, gone), on=RECORD, how="anti", maintain_order="left")
    makers = placed.select(owner="store_id", maker="active_site")
    records.withdraw(gone.join(makers, on="owner", how="left", maintain_order="left").select(*RECORD, "maker"))


@dataclass(frozen=True)
class NetworkBasis:
    """What the network rests on, as a cycle finds it: what the ``last`` one went by, where the sequence ends, the sites
    that were pulled, the stores that deal, those that move."""

    last: WentBy | None
    seq: int
    contacted: list[int]
    parties: FrameOf[Parties]
    moves: tuple[Move, ...]


def network_basis(con: Connection, project: Project) -> NetworkBasis:
    """The basis as it is now; the project has its moves."""
    moves = project.topology.moves
    return NetworkBasis(went_by(con), last_seq(con), contacted_sites(con), transfers.parties(con), moves)


def is_unmoved(con: Connection, before: NetworkBasis, project: Project, cycle: Cycle) -> bool:
    """Whether nothing happened since that instances or scopes of sites follow from, and topology and rules are those
    that they were worked out by."""
    last = before.last
    if last is None or (last.topology, last.rules) != (cycle.topology, rules_version()):
        return False
    is_known = {one.site_id for one in cycle.pulled} <= set(before.contacted)
    if not is_known or project.topology.moves != before.moves:
        return False
    if last_seq(con) != before.seq and tables_since(con, before.seq) & NETWORK_TABLES:
        return False
    return transfers.parties(con).equals(before.parties)


def settle_network(records: Records, project: Project, placed: FrameOf[Placement]) -> None:
    """Which records are bound to which places, instances, each site's view of them and the subscriptions, from what is
    admitted now (T4 to T7, T10, B47)."""
    con, topology = records.con, project.topology
    replicas.bind_stores(con, stores_by_code(topology, replicas.stores(con)))
    visible, parties, everyone = replicas.visible_names(con), transfers.parties(con), people.everyone(con)
    held = as_held(topology, placed)
    found = [instances(of, one, visible, parties) for of, one in held]
    told = instances_told(topology, found)
    put_instances(con, told)
    _write_topology_rows(records, project, told, placed)
    scopes = [site_scopes(of, one, own, everyone) for (of, one), own in zip(held, found, strict=True)]
    _settle_subscriptions(con, pl.concat(scopes).unique().sort("site_id", "scope"))
    note_filled(con)


def _write_topology_rows(
    records: Records, project: Project, network: FrameOf[Instance], placed: FrameOf[Placement]
) -> None:
    """Each site's own view of the topology (T7, B15): what differs from the replicas is central's change."""
    for table, wanted in topology_rows(project.topology, network, placed).items():
        _replace_rows(records, table, wanted)


def _replace_rows(records: Records, table: str, wanted: pl.DataFrame) -> None:
    current = replicas.every_row(records.con, table, records.schema).filter(is_from_topology(table))
    fresh = wanted.join(current, on=current.columns, how="anti", nulls_equal=True).sort("id")
    gone = current.join(wanted, on="id", how="anti").sort("id")
    changes = pl.concat(
        [
            fresh.select(record_id="id", op=pl.lit("upsert"), owner="of_site"),
            gone.select(record_id="id", op=pl.lit("delete"), owner=pl.lit(None, pl.String)),
        ]
    ).with_columns(
        table_name=pl.lit(table),
        maker=pl.lit(None, pl.Int64),
        about=pl.lit(None, pl.String),
        part=pl.lit(topology_part(table)),
        document=pl.lit(None, pl.String),
        shared=pl.lit([], pl.List(pl.String)),
    )
    records.write(changes, {table: fresh})


def _settle_subscriptions(con: Connection, wanted: pl.DataFrame) -> None:
    """Opens and closes the subscriptions of the sites that were pulled at least once."""
    wanted = wanted.filter(pl.col("site_id").is_in(contacted_sites(con)))
    current = subscriptions_now(con)
    gained = wanted.join(current, on=["site_id", "scope"], how="anti")
    lost = current.join(wanted, on=["site_id", "scope"], how="anti")
    if gained.height or lost.height:
        change_subscriptions(con, gained, lost, take_seq(con))
