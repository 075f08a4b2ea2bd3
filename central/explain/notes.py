"""What else there is to say of a record, and why central may not hold it (O7)."""

from __future__ import annotations

from central.project import Project
from sync_rules import egress
from sync_rules.for_people.network import Network
from sync_rules.table.policies import Authority
from sync_rules.table.rules import PARTS, RULES, is_only_local
from sync_rules.topology.placement import placement
from warehouse.connection import Connection
from warehouse.ledger.cycles import last_cycle
from warehouse.ledger.sites import contacted_sites
from warehouse.records import replicas


def notes_on(
    con: Connection, project: Project, table: str, state: str, network: Network, *, is_held_back: bool
) -> list[str]:
    """What a reader must know besides: ``["no cycle has run yet: central holds nothing"]``."""
    notes = []
    if project.waits_for_apply:
        notes.append(f"{project.waits_for_apply}; what is said here is as applied")
    if state == "unknown" and is_held_back:
        notes.append("central holds no such record: what it was sent of it was not admitted")
    elif state == "unknown":
        notes += _unknown(con, project, table, network)
    return notes


def _unknown(con: Connection, project: Project, table: str, network: Network) -> list[str]:
    """Why central may not hold a record that a site has."""
    if last_cycle(con) == 0:
        return ["no cycle has run yet: central holds nothing"]
    rules = PARTS[table].values()
    if is_only_local(table):
        return ["data of this kind is local: it never leaves its site, and central does not know it (P3)"]
    said = ["central was never sent such a record"]
    if any(rule.authority is Authority.LOCAL for rule in rules):
        said.append("rows of this table are local unless they are one of the synced ones (P3)")
    now = egress.withheld(placement(project.topology, replicas.stores(con)))
    kept = egress.is_kept_by_owner(table)
    if kept and now.everything:
        said.append(f"nothing but transfers leaves the site of these stores, which are transfer instances on central "
                    f"(T6): {network.codes(now.everything)}")  # fmt: skip
    if kept and now.stock and RULES[table].table.is_stock:
        said.append(f"these dispensaries keep records of this kind to themselves, but for transfers: "
                    f"include_transactions is off (B22): {network.codes(now.stock)}")  # fmt: skip
    never = [site.code for site in project.topology.sites if site.id not in set(contacted_sites(con))]
    if never:
        said.append(f"these sites were never pulled: {', '.join(never)}")
    return said
