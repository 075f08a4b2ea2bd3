"""What a change of the topology needs before it can be applied, each with what meets it (B27, B29)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sync_rules import egress
from sync_rules.topology.differences import Difference, What
from sync_rules.topology.placement import placement, stores_by_code
from sync_rules.topology.topology import Topology
from warehouse.connection import Connection
from warehouse.ledger.network.moves import StoredMove, open_moves
from warehouse.ledger.sites import contacted_sites, known_sites
from warehouse.records import replicas


def unmet(con: Connection, before: Topology, after: Topology, found: Sequence[Difference]) -> Iterator[str]:
    """What keeps ``found``, the differences of two topologies, from being applied."""
    for one in found:
        if (one.subject, one.key, one.what) == ("network", "central", What.MOVED):
            yield (
                f"network.central: moving the server is no change of the topology: write `{one.before}`, and move the "
                "project folder to the other machine"
            )
    yield from _of_primary(con, before, after)
    yield from _of_stores(con, before, after)
    yield from _of_sites(con, before, after)


def _of_primary(con: Connection, before: Topology, after: Topology) -> Iterator[str]:
    wanted = after.site(after.primary).id
    for one in open_moves(con):
        if not one.move.is_of_store and wanted != before.site(before.primary).id:
            yield from _of_ongoing("central data", one, before, wanted)


def _of_stores(con: Connection, before: Topology, after: Topology) -> Iterator[str]:
    placed = placement(before, replicas.stores(con))
    stays, will_stay = egress.withheld(placed), egress.withheld(placement(after, replicas.stores(con)))
    ids, will_be = (stores_by_code(one, replicas.stores(con)) for one in (before, after))
    sites = {store.code: after.site(store.active_on).id for store in after.stores}
    wanted = {store_id: sites[code] for code, store_id in will_be.items()}
    ongoing = {one.move.store_id: one for one in open_moves(con)}
    for store in sorted(before.stores, key=lambda one: one.code):
        store_id = ids.get(store.code)
        if store_id is None:
            continue
        if store_id not in wanted:
            yield (
                f"store `{store.code}` has a record: keep its [[store]]; a store is closed by disabling its record "
                "where store records are edited, and gets another code by changing that there first"
            )
            continue
        is_moved = wanted[store_id] != before.site(store.active_on).id
        if (is_moved or store_id in ongoing) and store_id in will_stay.everything | will_stay.stock:
            yield f"store `{store.code}` moves: its data has to reach central until it is there: apply that by itself"
        if not is_moved:
            continue
        says = f"store `{store.code}`: central has no copy to move: apply"
        if store_id in stays.everything:
            yield f'{says} central_instance = "collector" first, and sync'
        elif store_id in stays.stock:
            yield f"{says} include_transactions = true first, and sync"
        elif move := ongoing.get(store_id):
            yield from _of_ongoing(f"store `{store.code}`", move, before, wanted[store_id])


def _of_ongoing(what: str, one: StoredMove, before: Topology, wanted: int) -> Iterator[str]:
    """What is on its way stays on it, or goes back to where it is still edited (precision 22)."""
    codes = {site.id: site.code for site in before.sites}
    way = f"{what} is on its way to `{codes.get(one.move.to_site, one.move.to_site)}`"
    if one.move.state.is_before_cut:
        if wanted != one.move.from_site:
            yield f"{way}: call it off first with `supplysync moves cancel {one.number}`"
    else:
        yield f"{way}, and was handed over: `supplysync moves redirect {one.number} --to SITE` sends it elsewhere"


def _of_sites(con: Connection, before: Topology, after: Topology) -> Iterator[str]:
    yield from _of_used_ids(con, before, after)
    kept, contacted = {site.id for site in after.sites}, set(contacted_sites(con))
    recorded = stores_by_code(before, replicas.stores(con))
    for site in before.sites:
        if site.id in kept or site.id not in contacted:
            continue
        moving = {one.move.store_id for one in open_moves(con) if site.id in (one.move.from_site, one.move.to_site)}
        stores = sorted(
            one.code
            for one in before.stores
            if one.code in recorded and (before.site(one.active_on).id == site.id or recorded[one.code] in moving)
        )
        if stores:
            listed = ", ".join(f"`{code}`" for code in stores)
            yield f"site `{site.code}` has stores ({listed}): keep its [[site]] until they have moved"


def _of_used_ids(con: Connection, before: Topology, after: Topology) -> Iterator[str]:
    """What was sent and taken goes by the id of a site: who comes anew has one that no site had."""
    known, there = known_sites(con), {site.id for site in before.sites}
    free = max((*known, *there, *(site.id for site in after.sites)), default=0) + 1
    for site in after.sites:
        was = None if site.id in there else known.get(site.id)
        if was is not None and was.identity is not None and was.site_code != site.code:
            said = f"site `{site.code}` has the id {site.id} of `{was.site_code}`, which was removed"
            yield f"{said}: write `id = {free}`"
