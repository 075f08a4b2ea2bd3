"""The facts that a record's scopes follow from, read as the last cycle read them."""

from __future__ import annotations

import polars as pl

from central.explain.explanation import KnownRecord
from central.project import Project
from sync_rules.for_people.network import Network, Person, StoreFacts
from sync_rules.for_people.scopes import PEOPLE_OF
from sync_rules.frame import FrameOf
from sync_rules.scopes import is_quiet
from sync_rules.table.rules import RULES
from sync_rules.topology.frames import Placement, StoreKey
from sync_rules.topology.placement import dispensing_sites, home_sites, placement
from warehouse.connection import Connection
from warehouse.ledger import history, people
from warehouse.records import replicas
from warehouse.records.facts import held_records


def network_of(con: Connection, project: Project, table: str, known: KnownRecord | None) -> Network:
    """The facts that the record's scopes follow from, read as the last cycle read them."""
    placed = placement(project.topology, replicas.stores(con))
    stores = {
        row["store_id"]: StoreFacts(row["store_code"], row["active_site"], row["central_type"], row["is_quiet"])
        for row in placed.with_columns(is_quiet=is_quiet().fill_null(False)).to_dicts()
    }
    instances = {(row[0], row[1]): row[2] for row in history.instances(con).iter_rows()}
    scopes = [scope.split(":", 1) for scope in known.scopes if ":" in scope] if known else []
    named = {(subject, name) for kind, name in scopes for subject in PEOPLE_OF.get(kind, ())}
    subject = RULES[table].table.subject
    named |= {(subject, known.about)} if known and known.about and subject else set()
    orders = frozenset(name for kind, name in scopes if kind == "order" and history.is_centralised_order(con, name))
    return Network(
        project.topology,
        stores,
        instances,
        frozenset(dispensing_sites(placed)["site_id"].to_list()),
        {key: _person(con, project, placed, *key) for key in sorted(named)},
        orders,
    )


def _person(con: Connection, project: Project, placed: FrameOf[Placement], subject: str, record_id: str) -> Person:
    """A patient or prescriber, as far as scopes follow: rows may name one whom central does not hold any more."""
    held = held_records(con, pl.DataFrame({"table_name": [subject], "record_id": [record_id]}))
    homes = home_sites(project.topology, placed, StoreKey.check(held.select(store_id="owner")))
    seen = people.visible(con, pl.DataFrame({"table_name": [subject], "about": [record_id]}))
    return Person(
        held["owner"].item() if held.height else None,
        homes["site_id"].item() if held.height else None,
        frozenset(seen["store_id"].to_list()),
        frozenset(history.used_in(con, subject, record_id)),
        frozenset(history.merged_at(con, record_id)),
    )
