"""Steps of people who edit in the right place."""

from __future__ import annotations

from tests.network.people import Edit
from tests.network.script import CENTRAL, HEADERS, KEYS, LINES, OWNED, SINGLE, Script, kind
from tests.network.world import row
from tests.oracle.tables import DOCUMENTS, TABLES

Edits = list[Edit] | None


@kind("central data is added")
def central_added(script: Script) -> Edits:
    return [script.insert(script.primary_id, script.rng.choice(CENTRAL))]


@kind("central data is changed")
def central_changed(script: Script) -> Edits:
    found = script.pick(script.at(script.primary_id, CENTRAL))
    return [script.update(found)] if found else None


@kind("central data is deleted")
def central_deleted(script: Script) -> Edits:
    primary = script.oracle.sites[script.primary_id]
    free = [one for one in script.at(primary.id, CENTRAL) if not primary.referring(one[1:])]
    found = script.pick(free)
    return [Edit(primary.id, "delete", found[1], found[2], {})] if found else None


@kind("central data in use is deleted")
def used_deleted(script: Script) -> Edits:
    """Something that rows which primary does not have refer to; with the few that refer to it there."""
    primary = script.oracle.sites[script.primary_id]
    used = {
        (parent, record.row[column])
        for (table, record_id), record in script.oracle.records.items()
        if record_id not in primary.rows[table]
        for column, parent in TABLES[table].refers.items()
    }
    found = script.pick(
        [
            one
            for one in script.at(primary.id, CENTRAL)
            if one[1:] in used
            if len(referring := primary.referring(one[1:])) < 5 and not any(map(primary.referring, referring))
        ]
    )
    if found is None:
        return None
    keys = [*dict.fromkeys(primary.referring(found[1:])), found[1:]]
    return [Edit(primary.id, "delete", *one, {}) for one in keys]


@kind("central data is replaced")
def central_replaced(script: Script) -> Edits:
    found = script.pick(script.at(script.primary_id, CENTRAL))
    return [replacement(script, found)] if found else None


@kind("central server data is edited")
def report_edited(script: Script) -> Edits:
    central = script.oracle.wanted.central_id
    found = script.pick(script.at(central, ["dashboard_report"]))
    if found is None or script.rng.random() < 0.4:
        return [script.insert(central, "dashboard_report")]
    return [script.update(found) if script.rng.random() < 0.7 else Edit(central, "delete", *found[1:], {})]


@kind("a store becomes visible")
def store_seen(script: Script) -> Edits:
    primary = script.oracle.sites[script.primary_id]
    stores = script.oracle.stores()
    names = [one["name_id"] for _, one in sorted(stores.records.items()) if one["name_id"] in primary.rows["name"]]
    if not names:
        return None
    viewer = script.rng.choice(sorted(stores.records))
    return [script.insert(primary.id, "name_store_join", name_id=script.rng.choice(names), store_id=viewer)]


@kind("a store is no longer visible")
def store_unseen(script: Script) -> Edits:
    found = script.pick(script.at(script.primary_id, ["name_store_join"]))
    return [Edit(found[0], "delete", *found[1:], {})] if found else None


@kind("an item is set for a store")
def item_set(script: Script) -> Edits:
    primary = script.primary_id
    found = script.pick(script.at(primary, ["item_store_join"]))
    if found is None or script.rng.random() < 0.6:
        store = script.rng.choice([*sorted(script.oracle.stores().records), None])
        return [script.insert(primary, "item_store_join", store_id=store)]
    store = script.rng.choice(sorted(script.oracle.stores().records))
    return [script.update(found, store_id=store)]


@kind("a store record is changed")
def store_changed(script: Script) -> Edits:
    found = script.pick(script.at(script.store_keeper_id, ["store"]))
    if found is None:
        return None
    more = {"mode": script.rng.choice(["store", "dispensary"])} if script.rng.random() < 0.3 else {}
    return [script.update(found, **more)]


@kind("a store record is made")
def store_made(script: Script) -> Edits:
    keeper = script.oracle.sites[script.store_keeper_id]
    recorded = {one["code"] for one in script.oracle.rows("store").values()}
    missing = [code for code in script.oracle.wanted.stores if code not in recorded]
    if not keeper.rows["name"] or len(recorded) > 24:
        return None
    new = f"N{script.numbers}"
    code = script.rng.choice([*missing, new]) if script.rng.random() < 0.5 else new
    name_id = script.rng.choice(sorted(keeper.rows["name"]))
    content = row(script.rng, "store", {}, code=code, name_id=name_id)
    record_id = code.lower() if code.lower() not in keeper.rows["store"] else script.new_id("s")
    return [Edit(keeper.id, "insert", "store", record_id, content)]


@kind("a store record gets another code")
def store_renamed(script: Script) -> Edits:
    """The file may not name the new code: then the store is active nowhere, until it is named again."""
    keeper = script.oracle.sites[script.store_keeper_id]
    found = script.pick(script.at(keeper.id, ["store"]))
    if found is None:
        return None
    free = [code for code in script.oracle.wanted.stores if code.lower() == found[2]]
    code = keeper.rows["store"][found[2]]["code"]
    if free and free[0] == code and script.rng.random() < 0.6:
        return None
    new = free[0] if free and free[0] != code else f"N{script.numbers}"
    return [Edit(keeper.id, "update", *found[1:], {"code": new})]


@kind("a store record is deleted")
def store_deleted(script: Script) -> Edits:
    """Mostly one that no site works with yet: what a store has goes with its record."""
    stores = script.oracle.stores()
    found = script.pick(
        [
            one
            for one in script.at(script.store_keeper_id, ["store"])
            if one[2] not in stores.placed or script.rng.random() < 0.01
        ]
    )
    if found is None:
        return None
    return [Edit(found[0], "delete", *found[1:], {})]


@kind("preferences of a store are set")
def preferences_set(script: Script) -> Edits:
    keeper = script.oracle.sites[script.store_keeper_id]
    stores = sorted(keeper.rows["store"])
    if not stores:
        return None
    store = script.rng.choice(stores)
    if store in keeper.rows["store_preference"]:
        return [script.update((keeper.id, "store_preference", store))]
    return [Edit(keeper.id, "insert", "store_preference", store, row(script.rng, "store_preference", {}))]


@kind("a store's record is added")
def owned_added(script: Script) -> Edits:
    active = script.active_stores()
    if not active:
        return None
    site_id, store = script.rng.choice(active)
    return [script.insert(site_id, script.rng.choice(SINGLE), store_id=store) for _ in range(script.rng.randint(1, 3))]


@kind("a store's record is changed")
def owned_changed(script: Script) -> Edits:
    found = script.pick(script.owned(OWNED, by_their_site=True))
    return [script.update(found)] if found else None


@kind("a store's record is deleted")
def owned_deleted(script: Script) -> Edits:
    found = script.pick(script.owned(SINGLE, by_their_site=True))
    return [Edit(found[0], "delete", *found[1:], {})] if found else None


@kind("a store's record is replaced")
def owned_replaced(script: Script) -> Edits:
    found = script.pick(script.owned(OWNED, by_their_site=True))
    return [replacement(script, found)] if found else None


@kind("a replaced record is deleted")
def replaced_and_deleted(script: Script) -> Edits:
    found = script.pick(script.owned(SINGLE, by_their_site=True))
    return [replacement(script, found), Edit(found[0], "delete", *found[1:], {})] if found else None


@kind("a record gets another id")
def id_changed(script: Script) -> Edits:
    found = script.pick(script.owned(SINGLE, by_their_site=True))
    return [Edit(found[0], "change_id", *found[1:], {"id": script.new_id("k")})] if found else None


@kind("a record comes and goes")
def came_and_went(script: Script) -> Edits:
    edits = owned_added(script)
    return [edits[0], Edit(edits[0].site_id, "delete", edits[0].table, edits[0].record_id, {})] if edits else None


@kind("a record goes and comes back")
def went_and_came(script: Script) -> Edits:
    found = script.pick(script.owned(SINGLE, by_their_site=True))
    if found is None:
        return None
    content = {**script.oracle.sites[found[0]].rows[found[1]][found[2]]}
    del content["id"]
    return [Edit(found[0], "delete", *found[1:], {}), Edit(found[0], "insert", *found[1:], content)]


@kind("a document is made")
def document_made(script: Script) -> Edits:
    active = script.active_stores()
    if not active:
        return None
    site_id, store = script.rng.choice(active)
    return script.document(site_id, script.rng.choice(HEADERS), store)


@kind("a line is added")
def line_added(script: Script) -> Edits:
    found = script.pick(script.owned(HEADERS, by_their_site=True))
    if found is None:
        return None
    lines = DOCUMENTS[found[1]]
    content = row(script.rng, lines, {**script.parents(script.oracle.sites[found[0]]), found[1]: [found[2]]})
    return [Edit(found[0], "insert", lines, script.new_id("l"), content)]


@kind("a line is deleted")
def line_deleted(script: Script) -> Edits:
    found = script.pick(script.owned(LINES, by_their_site=True))
    return [Edit(found[0], "delete", *found[1:], {})] if found else None


@kind("a document is deleted")
def document_deleted(script: Script) -> Edits:
    found = script.pick(script.owned(HEADERS, by_their_site=True))
    if found is None:
        return None
    lines = script.oracle.sites[found[0]].referring(found[1:])
    return [Edit(found[0], "delete", *one, {}) for one in [*lines, found[1:]]]


@kind("a document passes to another store of its site")
def document_passed(script: Script) -> Edits:
    found = script.pick(script.owned(HEADERS, by_their_site=True))
    if found is None:
        return None
    now = script.oracle.sites[found[0]].rows[found[1]][found[2]]["store_id"]
    others = [store for _, store in script.active_stores(found[0]) if store != now]
    return [Edit(found[0], "update", *found[1:], {"store_id": script.rng.choice(others)})] if others else None


@kind("a line passes to another document")
def line_passed(script: Script) -> Edits:
    found = script.pick(script.owned(LINES, by_their_site=True))
    if found is None:
        return None
    header = TABLES[found[1]].lines_of or ""
    others = [one for one in script.owned([header], by_their_site=True) if one[0] == found[0]]
    return [Edit(found[0], "update", *found[1:], {f"{header}_id": script.rng.choice(others)[2]})]


@kind("a user is made")
def user_made(script: Script) -> Edits:
    return [script.insert(script.rng.choice(sorted(script.oracle.sites)), "user_account")]


@kind("a user is changed")
def user_changed(script: Script) -> Edits:
    found = script.pick(script.anywhere(["user_account"]))
    if found is None:
        return None
    return [script.update(found) if script.rng.random() < 0.7 else Edit(found[0], "delete", *found[1:], {})]


@kind("local data is edited")
def local_edited(script: Script) -> Edits:
    tables = ["reminder", "adverse_drug_reaction"]
    found = script.pick(script.anywhere(tables))
    if found is None or script.rng.random() < 0.5:
        return [script.insert(script.rng.choice(sorted(script.oracle.sites)), script.rng.choice(tables))]
    return [script.update(found)]


def replacement(script: Script, found: tuple[int, str, str]) -> Edit:
    """A whole new row in the place of one, with its keys."""
    site_id, table, record_id = found
    site = script.oracle.sites[site_id]
    old = site.rows[table][record_id]
    keys = {name: old[name] for name in TABLES[table].columns if name.endswith("_id") or name in KEYS}
    return Edit(site_id, "replace", table, record_id, row(script.rng, table, script.parents(site), **keys))
