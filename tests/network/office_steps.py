"""Steps of the office: messages, preferences, orders and payments."""

from __future__ import annotations

from tests.network.people import Edit
from tests.network.right_steps import Edits
from tests.network.script import Script, kind
from tests.network.world import row, value
from tests.oracle.sites import SYNCED_KEYS, TOPOLOGY_KEYS
from tests.oracle.tables import DOCUMENTS, TABLES

HEADERS = ["purchase_order", "purchase_order", "tender", "payment"]
PROCURED = [name for name, table in TABLES.items() if table.policy == "procurement"]
LOCAL_KEYS = ["language", "page_size"]
STATES = ["new", "confirmed", "finalised", "finalised"]
Found = tuple[int, str, str]


@kind("a message is sent")
def message_sent(script: Script) -> Edits:
    site_id = script.rng.choice(sorted(script.oracle.sites))
    senders = [store for _, store in script.active_stores(site_id)]
    return [_message(script, site_id, [*senders, None])]


@kind("a message is forged")
def message_forged(script: Script) -> Edits:
    site_id = script.rng.choice(sorted(script.oracle.sites))
    here = {store for _, store in script.active_stores(site_id)}
    others = [store for store in [*sorted(script.oracle.stores().records), "s1"] if store not in here]
    return [_message(script, site_id, list(others))]


def _message(script: Script, site_id: int, senders: list[str] | list[str | None]) -> Edit:
    receivers = [*sorted(script.oracle.stores().records), None]
    given = {"from_store_id": script.rng.choice(senders), "to_store_id": script.rng.choice(receivers)}
    return script.insert(site_id, "message", **given)


@kind("a message is edited")
def message_edited(script: Script) -> Edits:
    found = script.pick(script.anywhere(["message"]))
    return [_edited(script, found)] if found else None


@kind("a synced preference is set")
def preference_set(script: Script) -> Edits:
    primary = script.primary_id
    found = script.pick(_preferences(script, [primary], SYNCED_KEYS))
    if found is None or script.rng.random() < 0.4:
        return [script.insert(primary, "preference", key=script.rng.choice(sorted(SYNCED_KEYS)))]
    if script.rng.random() < 0.2:
        return [Edit(primary, "update", *found[1:], {"key": script.rng.choice(LOCAL_KEYS)})]
    return [_edited(script, found)]


@kind("a preference is set at a site")
def preference_set_at_site(script: Script) -> Edits:
    """Keys of its own, and its own word for a synced one."""
    sites = sorted(script.oracle.sites)
    found = script.pick(_preferences(script, sites, {*LOCAL_KEYS, *SYNCED_KEYS}))
    if found is None or script.rng.random() < 0.4:
        keys = [*LOCAL_KEYS, *sorted(SYNCED_KEYS)]
        return [script.insert(script.rng.choice(sites), "preference", key=script.rng.choice(keys))]
    if script.rng.random() < 0.2:
        keys = [*LOCAL_KEYS, *sorted(SYNCED_KEYS | TOPOLOGY_KEYS)]
        return [Edit(found[0], "update", *found[1:], {"key": script.rng.choice(keys)})]
    return [_edited(script, found)]


@kind("a preference of the topology is edited")
def topology_preference_edited(script: Script) -> Edits:
    sites = sorted(script.oracle.sites)
    found = script.pick(_preferences(script, sites, TOPOLOGY_KEYS))
    if found is None or script.rng.random() < 0.3:
        key = script.rng.choice(sorted(TOPOLOGY_KEYS))
        return [script.insert(script.rng.choice(sites), "preference", key=key, value="true")]
    if script.rng.random() < 0.2:
        return [Edit(found[0], "update", *found[1:], {"key": script.rng.choice(LOCAL_KEYS)})]
    return [_edited(script, found)]


def _preferences(script: Script, sites: list[int], keys: set[str]) -> list[Found]:
    rows = [one for site_id in sites for one in script.at(site_id, ["preference"])]
    return [one for one in rows if script.oracle.sites[one[0]].rows["preference"][one[2]]["key"] in keys]


def _edited(script: Script, found: Found) -> Edit:
    return script.update(found) if script.rng.random() < 0.7 else Edit(found[0], "delete", *found[1:], {})


# -- procurement


@kind("an order is made")
def order_made(script: Script) -> Edits:
    active = script.active_stores()
    if not active:
        return None
    site_id, store = script.rng.choice(active)
    return _procured(script, site_id, store, is_centralised=script.rng.choice([False, False, None]))


@kind("an order is changed")
def order_changed(script: Script) -> Edits:
    found = script.pick(_bought(script, is_centralised=False, by_buyer=True))
    return _reordered(script, found) if found else None


@kind("an order is edited elsewhere")
def order_edited_elsewhere(script: Script) -> Edits:
    found = script.pick(_bought(script, is_centralised=False, by_buyer=False))
    return _reordered(script, found) if found else None


@kind("a centralised order is made")
def centralised_made(script: Script) -> Edits:
    stores = sorted(script.oracle.stores().records)
    if not stores:
        return None
    return _procured(script, script.primary_id, script.rng.choice(stores), is_centralised=True)


@kind("a centralised order is changed")
def centralised_changed(script: Script) -> Edits:
    found = script.pick(_bought(script, is_centralised=True, by_buyer=True))
    return _reordered(script, found) if found else None


@kind("a centralised order is edited elsewhere")
def centralised_edited_elsewhere(script: Script) -> Edits:
    found = script.pick(_bought(script, is_centralised=True, by_buyer=False))
    if found is not None and script.rng.random() < 0.7:
        return _reordered(script, found)
    active = [one for one in script.active_stores() if one[0] != script.primary_id]
    return _procured(script, *script.rng.choice(active), is_centralised=True) if active else None


@kind("an order changes hands")
def order_changes_hands(script: Script) -> Edits:
    """Somebody sets or takes away the mark of a centralised row."""
    headers = [name for name in PROCURED if TABLES[name].lines_of is None]
    found = script.pick(script.anywhere(headers))
    if found is None:
        return None
    now = script.oracle.sites[found[0]].rows[found[1]][found[2]]["is_centralised"]
    return [Edit(found[0], "update", *found[1:], {"is_centralised": not now})]


@kind("ordered goods are received")
def goods_received(script: Script) -> Edits:
    orders = [
        (site_id, record_id, content["store_id"])
        for site_id, site in sorted(script.oracle.sites.items())
        for record_id, content in sorted(site.rows["purchase_order"].items())
        if (site_id, content["store_id"]) in script.active_stores(site_id)
    ]
    central = [one for one in orders if script.oracle.sites[one[0]].rows["purchase_order"][one[1]]["is_centralised"]]
    if not orders:
        return None
    site_id, order, store = script.rng.choice(central if central and script.rng.random() < 0.8 else orders)
    edits = script.document(site_id, "goods_received", store)
    edits[0] = Edit(
        site_id, "insert", "goods_received", edits[0].record_id, {**edits[0].row, "purchase_order_id": order}
    )
    return edits


def _procured(script: Script, site_id: int, store: str, *, is_centralised: bool | None) -> list[Edit]:
    table = script.rng.choice(HEADERS)
    edits = (
        script.document(site_id, table, store)
        if table in DOCUMENTS
        else [script.insert(site_id, table, store_id=store)]
    )
    first = edits[0]
    edits[0] = Edit(site_id, "insert", table, first.record_id, {**first.row, "is_centralised": is_centralised})
    return edits


def _bought(script: Script, *, is_centralised: bool, by_buyer: bool) -> list[Found]:
    """Procurement rows at the site that may edit them, or at others."""
    stores, primary = script.oracle.stores(), script.primary_id
    found = []
    for site_id, table, record_id in script.anywhere(PROCURED):
        rows = script.oracle.sites[site_id].rows
        parent = TABLES[table].lines_of
        content = rows[table][record_id]
        document = rows[parent][content[f"{parent}_id"]] if parent else content
        buyer = primary if document["is_centralised"] else stores.active_site(document["store_id"])
        if bool(document["is_centralised"]) is is_centralised and (buyer == site_id) is by_buyer:
            found.append((site_id, table, record_id))
    return found


def _reordered(script: Script, found: Found) -> list[Edit] | None:
    """Another state, other values, a line more, or a delete."""
    site_id, table, record_id = found
    site = script.oracle.sites[site_id]
    chance = script.rng.random()
    if chance < 0.15:
        return [Edit(site_id, "delete", *one, {}) for one in [*site.referring((table, record_id)), (table, record_id)]]
    if "status" in TABLES[table].columns and chance < 0.5:
        return [Edit(site_id, "update", table, record_id, {"status": script.rng.choice(STATES)})]
    if table in DOCUMENTS and chance < 0.7:
        lines = DOCUMENTS[table]
        content = row(script.rng, lines, {**script.parents(site), table: [record_id]})
        return [Edit(site_id, "insert", lines, script.new_id("l"), content)]
    if table == "tender" and chance < 0.7:
        return [Edit(site_id, "update", table, record_id, {"description": value(script.rng, "text")})]
    return [script.update(found)]
