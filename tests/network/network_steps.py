"""Steps of the network itself: sites that come and go, and edits of topology.toml."""

from __future__ import annotations

from tests.network.right_steps import Edits
from tests.network.script import Script, kind
from tests.oracle.topology import OPTIONS, WantedStore


@kind("a site goes away")
def away(script: Script) -> Edits:
    sites = [site for _, site in sorted(script.oracle.sites.items())]
    up = [site for site in sites if site.is_up]
    if len(up) <= len(sites) * 2 / 3:
        return None
    script.rng.choice(up).is_up = False
    return []


@kind("a site comes back")
def back(script: Script) -> Edits:
    down = [site for _, site in sorted(script.oracle.sites.items()) if not site.is_up]
    if not down:
        return None
    script.rng.choice(down).is_up = True
    return []


@kind("a site is paused or resumed")
def paused(script: Script) -> Edits:
    sites = script.oracle.wanted.sites
    site = next((one for one in sites if not one.enabled), script.rng.choice(sites))
    site.enabled = not site.enabled
    return []


@kind("the collectors of a store change")
def collectors_changed(script: Script) -> Edits:
    store = script.rng.choice(list(script.oracle.wanted.stores.values()))
    if store.central_instance == "transfer":
        return None
    fixed = (store.active_on, script.oracle.wanted.central)
    sites = [site.code for site in script.oracle.wanted.sites if site.code not in fixed]
    store.collector_on = [code for code in sites if script.rng.random() < 0.5]
    return []


@kind("transactions are switched")
def transactions_switched(script: Script) -> Edits:
    store = script.rng.choice(list(script.oracle.wanted.stores.values()))
    store.include_transactions = not store.include_transactions
    return []


@kind("a store stops or starts to send its data")
def data_switched(script: Script) -> Edits:
    central = script.oracle.wanted.central
    store = script.rng.choice([one for one in script.oracle.wanted.stores.values() if one.active_on != central])
    store.central_instance = None if store.central_instance == "transfer" else "transfer"
    if store.central_instance:
        store.collector_on = []
    return []


@kind("an option of the network is switched")
def option_switched(script: Script) -> Edits:
    name = script.rng.choice(OPTIONS)
    setattr(script.oracle.wanted, name, not getattr(script.oracle.wanted, name))
    return []


@kind("local procurement is switched")
def local_procurement_switched(script: Script) -> Edits:
    site = script.rng.choice(script.oracle.wanted.sites)
    site.local_procurement = not site.local_procurement
    return []


@kind("a store is placed")
def placed(script: Script) -> Edits:
    wanted = script.oracle.wanted
    recorded = {one["code"] for one in script.oracle.rows("store").values()}
    unnamed = sorted(recorded - wanted.stores.keys())
    if not unnamed:
        return None
    code = script.rng.choice(unnamed)
    desktops = [site.code for site in wanted.sites if site.kind == "desktop"]
    wanted.stores[code] = WantedStore(code, script.rng.choice(desktops))
    return []
