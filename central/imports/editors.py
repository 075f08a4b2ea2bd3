"""Where what is imported may be edited now: stores and central data may be on their way to another site (R2, B47)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from central import cycle_file
from central.project import Project, ProjectError
from central.working_warehouse import behind_its_cycles
from sync_rules.topology.placement import stores_by_code
from sync_rules.topology.topology import Topology
from sync_rules.words import CENTRAL_DATA, MoveState
from warehouse.connection import Connection, open_warehouse
from warehouse.ledger.network.moves import StoredMove, all_moves, open_moves
from warehouse.records import replicas

_UNCERTAIN = (MoveState.CUT, MoveState.FILLING)
"""The old site may have handed it over already, and the new one has not got it yet."""


@dataclass(frozen=True)
class Editors:
    """The sites that may edit what is imported, by the topology that is in force and the moves that are under way.
    ``stores``: by code of the store, the id of the site; ``moving``: why nobody may edit a store now, by its code;
    ``central_data``: why nobody may edit central data now."""

    topology: Topology
    stores: Mapping[str, int]
    moving: Mapping[str, str]
    central_data: str | None = None

    def of_table(self, table: str) -> int:
        """The id of the site that edits a table of the catalogue. Raises ProjectError while nobody does."""
        is_central = table == "store" and self.topology.options.store_records_on != "primary"
        if is_central:
            return self.topology.central_id
        if self.central_data is not None:
            raise ProjectError(f"nothing was written: {self.central_data}")
        return self.topology.primary_id


def editors_of(project: Project) -> Editors:
    """Who may edit now. Raises ProjectError where central lost what it knew of that, WarehouseBusy while a cycle goes
    on."""
    topology = project.topology
    active = {store.code: topology.site(store.active_on).id for store in topology.stores}
    if not project.warehouse.exists() and cycle_file.last_number(project.pulls) == 0:
        return Editors(topology, active, {})
    with open_warehouse(project.warehouse, project.schema) as con:
        if behind := behind_its_cycles(project, con):
            raise ProjectError(f"where records are edited is not known now, and nothing was written: {behind}")
        return _with_moves(con, topology, active)


def _with_moves(con: Connection, topology: Topology, active: Mapping[str, int]) -> Editors:
    now = replace(topology, moves=all_moves(con))
    codes = {store_id: code for code, store_id in stores_by_code(topology, replicas.stores(con)).items()}
    found, moving, central_data = dict(active), dict[str, str](), None
    for one in open_moves(con):
        reason = _reason(topology, one) if one.move.state in _UNCERTAIN else None
        if one.move.store_id == CENTRAL_DATA:
            central_data = f"central data {reason}" if reason else None
        elif (code := codes.get(one.move.store_id)) is not None:
            found[code] = one.move.editor or found[code]
            moving |= {code: f"it {reason}"} if reason else {}
    return Editors(now, found, moving, central_data)


def _reason(topology: Topology, one: StoredMove) -> str:
    sites = {site.id: site.code for site in topology.sites}
    before, after = (sites.get(site, str(site)) for site in (one.move.from_site, one.move.to_site))
    return (
        f"is on its way from `{before}` to `{after}`, and what is written meanwhile is refused: "
        f"`supplysync moves show {one.number}` says what that waits for"
    )
