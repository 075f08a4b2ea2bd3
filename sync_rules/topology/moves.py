"""What changes hands between two versions of the topology."""

from __future__ import annotations

from collections.abc import Mapping

from sync_rules.topology.topology import Topology


def moves(before: Topology, after: Topology, recorded: set[str]) -> list[str]:
    """What changes hands from ``before`` to ``after``, in words: central, primary, recorded stores (B18)."""
    roles = (("central", before.central, after.central), ("primary", before.primary, after.primary))
    turned = [
        f"{role}: {_named(before, was)} before, {_named(after, now)} now"
        for role, was, now in roles
        if before.site(was).id != after.site(now).id
    ]
    stores = _moved_stores(before, after, recorded)
    return turned + [f"store `{code}`: {what}" for code, what in stores.items()]


def _moved_stores(before: Topology, after: Topology, recorded: set[str]) -> Mapping[str, str]:
    was = {store.code: before.site(store.active_on) for store in before.stores}
    now = {store.code: after.site(store.active_on) for store in after.stores}
    return {
        code: f"active on {_named(before, was[code].code)} before, on {_named(after, now[code].code)} now"
        if code in now
        else f"no longer placed; was on `{was[code].code}`"
        for code in sorted(was)
        if code in recorded and (code not in now or was[code].id != now[code].id)
    }


def _named(topology: Topology, code: str) -> str:
    return f"`{code}` ({topology.site(code).id})"
