"""What is wrong in a topology: what breaks T1 to T4."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from sync_rules.texts.likeness import allowed, guessed
from sync_rules.topology.topology import Store, Topology
from sync_rules.words import SiteKind, SyncType

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True)
class Mistake:
    """What is wrong in a topology: ``key`` as in the file, e.g. ``site[2].code``."""

    key: str
    rule: str
    message: str


def mistakes(topology: Topology) -> list[Mistake]:
    """What breaks T1 to T4 in ``topology``, in the order of the file; empty where all is well."""
    return [*_network_mistakes(topology), *_site_mistakes(topology), *_store_mistakes(topology)]


def _network_mistakes(topology: Topology) -> list[Mistake]:
    codes = [site.code for site in topology.sites]
    return [
        Mistake(f"network.{role}", "T1", _no_site(code, codes))
        for role, code in (("central", topology.central), ("primary", topology.primary))
        if code not in codes
    ]


def _no_site(code: str, codes: Sequence[str]) -> str:
    return f"`{code}` is not the code of a site; {allowed(code, codes)}"


def _site_mistakes(topology: Topology) -> list[Mistake]:
    found = []
    for what in ("id", "code", "database"):
        values = [_same_file(site.database) if what == "database" else getattr(site, what) for site in topology.sites]
        counts = Counter(values)
        for number, value in enumerate(values):
            if counts[value] > 1 and value != "":
                shown = "this database" if what == "database" else f"`{value}`"
                found.append(Mistake(f"site[{number}].{what}", "T1", f"{shown} is used by {counts[value]} sites"))
    found += [
        Mistake(f"site[{number}].id", "T1", f"`{site.id}` is not allowed: a site's id is 1 or more")
        for number, site in enumerate(topology.sites)
        if site.id < 1
    ]
    return found


def _same_file(database: str) -> str:
    """A URL such that two spellings of one file are the same text."""
    scheme, separator, path = database.partition(":///")
    return f"{scheme}{separator}{posixpath.normpath(path)}" if separator else database


def _store_mistakes(topology: Topology) -> list[Mistake]:
    found = []
    codes = {site.code for site in topology.sites}
    counts = Counter(store.code for store in topology.stores)
    active = Counter(store.active_on for store in topology.stores)
    mobile = {site.code for site in topology.sites if site.kind is SiteKind.MOBILE}
    for number, store in enumerate(topology.stores):
        key = f"store[{number}]"
        if counts[store.code] > 1:
            found.append(Mistake(f"{key}.code", "T2", f"`{store.code}` is placed {counts[store.code]} times"))
        for name, code in [("active_on", store.active_on), *(("collector_on", one) for one in store.collector_on)]:
            if code not in codes:
                found.append(Mistake(f"{key}.{name}", "T2", _no_site(code, sorted(codes))))
        if idle := sorted({store.active_on, topology.central} & set(store.collector_on)):
            message = f"`{idle[0]}` keeps no collector beside what it has: it is central, or where the store is active"
            found.append(Mistake(f"{key}.collector_on", "T4", message))
        if store.active_on in mobile and active[store.active_on] > 1:
            message = f"`{store.active_on}` is mobile and may have one active store, not {active[store.active_on]}"
            found.append(Mistake(f"{key}.active_on", "T2", message))
        found += _instance_mistakes(topology, store, key)
    return found


def _instance_mistakes(topology: Topology, store: Store, key: str) -> list[Mistake]:
    on_central = store.active_on == topology.central
    if store.central_instance is SyncType.ACTIVE and not on_central:
        message = f"`active` is not allowed: the store is active on `{store.active_on}`"
        return [Mistake(f"{key}.central_instance", "T2", message)]
    if on_central and store.central_instance not in (None, SyncType.ACTIVE):
        message = f"`{store.central_instance}` is not allowed: the store is active on central"
        return [Mistake(f"{key}.central_instance", "T3", message)]
    if store.central_instance is SyncType.TRANSFER and store.collector_on:
        message = "no collector is possible: a store that is `transfer` on central sends nothing but transfers (T6)"
        return [Mistake(f"{key}.collector_on", "T6", message)]
    return []


def code_mistake(code: str) -> str | None:
    """What is wrong with the code of a site or store; None where it is one."""
    return None if _CODE.fullmatch(code) else f"`{code}` is not a code; allowed: letters, digits, _ - ."


def zone_mistake(zone: str) -> str | None:
    """What is wrong with a time zone, and which may be meant; None where it is one."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zones = sorted(one for one in available_timezones() if "/" in one)
        places = [one for one in zones if one.rpartition("/")[2].lower() == zone.lower().replace(" ", "_")]
        guess = f"did you mean `{places[0]}`?" if places else guessed(zone, zones)
        return f"`{zone}` is not a time zone; {guess} write for example `Pacific/Auckland`".replace("  ", " ")
    return None
