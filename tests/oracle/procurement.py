"""Procurement: whose a row is, and what the switches refuse (B37)."""

from __future__ import annotations

from tests.oracle.sites import Change
from tests.oracle.tables import TABLES
from tests.oracle.topology import Row, Wanted

ORDERS = ("purchase_order", "tender")


def switched_off(wanted: Wanted, change: Change) -> str | None:
    """The switch that keeps a site from ordering, or paying, by itself, from when it reached it."""
    table, site_id = change.table, change.site_id
    if site_id == wanted.primary_id or change.is_early:
        return None
    if table == "payment":
        return "centralised_payments" if wanted.centralised_payments else None
    is_local = wanted.site(site_id).local_procurement
    return "centralised_procurement" if wanted.centralised_procurement and not is_local else None


def is_finished(document: Row | None, table: str) -> bool:
    """Whether an order is finalised as central holds it; payments never are."""
    is_order = (TABLES[table].lines_of or table) in ORDERS
    return is_order and document is not None and document["status"] == "finalised"


def is_local_only(wanted: Wanted, table: str, active_site: int | None) -> bool:
    """Whether primary may not enter a centralised row for a store that is active there."""
    if table not in ORDERS or not wanted.centralised_procurement or active_site is None:
        return False
    return wanted.site(active_site).local_procurement
