"""Steps of people who edit in the wrong place, and of programs that write nonsense."""

from __future__ import annotations

from tests.network.people import Edit
from tests.network.right_steps import Edits, replacement
from tests.network.script import CENTRAL, HEADERS, OWNED, SINGLE, Script, kind
from tests.network.world import row
from tests.oracle.sites import WRONG_WORD
from tests.oracle.tables import DOCUMENTS, TABLES

JUNK = {"number": "a lot", "day": "31/12/2027", "moment": "yesterday", "whole": "seven"}


@kind("central data is added elsewhere")
def central_added(script: Script) -> Edits:
    site_id = script.rng.choice(script.others(script.primary_id))
    return [script.insert(site_id, script.rng.choice(CENTRAL))]


@kind("central data is changed elsewhere")
def central_changed(script: Script) -> Edits:
    found = script.pick(_elsewhere(script, CENTRAL, script.primary_id))
    return [script.update(found) if script.rng.random() < 0.6 else replacement(script, found)] if found else None


@kind("central data is deleted elsewhere")
def central_deleted(script: Script) -> Edits:
    found = script.pick(
        [
            one
            for one in _elsewhere(script, CENTRAL, script.primary_id)
            if not script.oracle.sites[one[0]].referring(one[1:])
        ]
    )
    return [Edit(found[0], "delete", *found[1:], {})] if found else None


@kind("central server data is edited elsewhere")
def report_edited(script: Script) -> Edits:
    found = script.pick(_elsewhere(script, ["dashboard_report"], script.oracle.wanted.central_id))
    if found is None:
        site_id = script.rng.choice(script.others(script.oracle.wanted.central_id))
        return [script.insert(site_id, "dashboard_report")]
    return [script.update(found) if script.rng.random() < 0.5 else Edit(found[0], "delete", *found[1:], {})]


@kind("visibility is edited elsewhere")
def visibility_edited(script: Script) -> Edits:
    tables = ["name_store_join", "item_store_join"]
    found = script.pick(_elsewhere(script, tables, script.primary_id))
    if found is None or script.rng.random() < 0.3:
        site_id = script.rng.choice(script.others(script.primary_id))
        store = script.rng.choice([*sorted(script.oracle.stores().records), "s1"])
        return [script.insert(site_id, script.rng.choice(tables), store_id=store)]
    return [script.update(found) if script.rng.random() < 0.5 else Edit(found[0], "delete", *found[1:], {})]


@kind("a store record is edited elsewhere")
def store_edited(script: Script) -> Edits:
    found = script.pick(_elsewhere(script, ["store", "store_preference"], script.store_keeper_id))
    if found is None:
        return None
    more = {"mode": "dispensary"} if found[1] == "store" else {}
    return [script.update(found, **more) if script.rng.random() < 0.7 else Edit(found[0], "delete", *found[1:], {})]


@kind("the site's view of the network is edited")
def view_edited(script: Script) -> Edits:
    found = script.pick(script.anywhere(["store_site", "site"]))
    if found is None:
        return None
    if script.rng.random() < 0.3:
        return [Edit(found[0], "delete", *found[1:], {})]
    more = {"sync_type": "active"} if found[1] == "store_site" else {"code": "mine"}
    return [Edit(found[0], "update", *found[1:], more)]


@kind("another store's record is changed")
def others_changed(script: Script) -> Edits:
    found = script.pick(script.owned(OWNED, by_their_site=False))
    return [script.update(found)] if found else None


@kind("another store's record is deleted")
def others_deleted(script: Script) -> Edits:
    found = script.pick(script.owned(SINGLE, by_their_site=False))
    return [Edit(found[0], "delete", *found[1:], {})] if found else None


@kind("another store's record is taken over")
def others_taken(script: Script) -> Edits:
    held = [one for one in script.owned([*SINGLE, *HEADERS], by_their_site=False) if script.active_stores(one[0])]
    found = script.pick(held)
    if found is None:
        return None
    _, store = script.rng.choice(script.active_stores(found[0]))
    return [Edit(found[0], "update", *found[1:], {"store_id": store})]


@kind("an id of another store's record is used")
def id_used(script: Script) -> Edits:
    active = script.active_stores()
    held = [key for key in sorted(script.oracle.records) if key[0] in SINGLE]
    if not active or not held:
        return None
    site_id, store = script.rng.choice(active)
    table, record_id = script.rng.choice(held)
    if record_id in script.oracle.sites[site_id].rows[table]:
        return None
    content = row(script.rng, table, script.parents(script.oracle.sites[site_id]), store_id=store)
    return [Edit(site_id, "insert", table, record_id, content)]


@kind("a record is made in another store's name")
def forged(script: Script) -> Edits:
    active = script.active_stores()
    if not active:
        return None
    home, store = script.rng.choice(active)
    site_id = script.rng.choice(script.others(home))
    if script.rng.random() < 0.4:
        return script.document(site_id, script.rng.choice(HEADERS), store)
    return [script.insert(site_id, script.rng.choice(SINGLE), store_id=store)]


@kind("a record is given away")
def given_away(script: Script) -> Edits:
    found = script.pick(script.owned([*SINGLE, *HEADERS], by_their_site=True))
    elsewhere = [store for site_id, store in script.active_stores() if found and site_id != found[0]]
    if found is None or not elsewhere:
        return None
    return [Edit(found[0], "update", *found[1:], {"store_id": script.rng.choice(elsewhere)})]


@kind("a line is put into another store's document")
def line_forged(script: Script) -> Edits:
    found = script.pick(script.owned(HEADERS, by_their_site=False))
    if found is None:
        return None
    lines = DOCUMENTS[found[1]]
    content = row(script.rng, lines, {**script.parents(script.oracle.sites[found[0]]), found[1]: [found[2]]})
    return [Edit(found[0], "insert", lines, script.new_id("l"), content)]


@kind("two sites make one record")
def made_twice(script: Script) -> Edits:
    wanted = script.oracle.wanted
    active = [one for one in script.active_stores() if one[0] not in (wanted.central_id, wanted.primary_id)]
    if len({site_id for site_id, _ in active}) < 2:
        return None
    table, record_id = script.rng.choice(SINGLE), script.new_id("t")
    first = script.rng.choice(active)
    second = script.rng.choice([one for one in active if one[0] != first[0]])
    return [
        Edit(
            site_id, "insert", table, record_id,
            row(script.rng, table, script.parents(script.oracle.sites[site_id]), store_id=store),
        )
        for site_id, store in (first, second)
    ]  # fmt: skip


@kind("a user of another site is made again")
def user_made_again(script: Script) -> Edits:
    users = sorted(record_id for table, record_id in script.oracle.records if table == "user_account")
    sites = sorted(script.oracle.sites)
    if not users:
        return None
    user, site_id = script.rng.choice(users), script.rng.choice(sites)
    if user in script.oracle.sites[site_id].rows["user_account"]:
        return None
    return [Edit(site_id, "insert", "user_account", user, row(script.rng, "user_account", {}))]


@kind("a cell is filled with nonsense")
def spoiled(script: Script) -> Edits:
    rows = script.owned(OWNED, by_their_site=True) + script.at(script.primary_id, CENTRAL)
    found = script.pick([one for one in rows if _junk_column(script, one)])
    if found is None:
        return None
    column = _junk_column(script, found)
    return [Edit(found[0], "spoil", *found[1:], {column: JUNK[TABLES[found[1]].columns[column]]})]


@kind("a document is made with a nonsense line")
def document_spoiled(script: Script) -> Edits:
    active = [one for one in script.active_stores() if script.oracle.sites[one[0]].engine == "sqlite"]
    if not active:
        return None
    site_id, store = script.rng.choice(active)
    edits = script.document(site_id, "invoice", store)
    bad = script.rng.choice(edits)
    column = "created_at" if bad.table == "invoice" else "expiry_date"
    return [*edits, Edit(site_id, "spoil", bad.table, bad.record_id, {column: "some day"})]


@kind("a word is not of its list")
def misspelt(script: Script) -> Edits:
    documents = [name for name in HEADERS if "status" in TABLES[name].columns]
    rows = [one for one in script.owned(documents, by_their_site=True) if _is_loose(script, one[0])]
    found = script.pick([one for one in rows if not script.oracle.sites[one[0]].bad.get(one[1:])])
    return [Edit(found[0], "misspell", *found[1:], {"status": WRONG_WORD})] if found else None


def _is_loose(script: Script, site_id: int) -> bool:
    """Whether a program there can leave the checks of its tables out."""
    return script.oracle.sites[site_id].engine == "sqlite"


@kind("data of a store that is placed nowhere")
def placed_nowhere(script: Script) -> Edits:
    stores = script.oracle.stores()
    nowhere = [store for store in sorted(stores.records) if store not in stores.placed]
    unknown = [code.lower() for code in script.oracle.wanted.stores if code.lower() not in stores.records]
    if not nowhere and not unknown:
        return None
    site_id = script.rng.choice(sorted(script.oracle.sites))
    return [script.insert(site_id, script.rng.choice(SINGLE), store_id=script.rng.choice(nowhere + unknown))]


@kind("data that refers to what central does not have")
def dangling(script: Script) -> Edits:
    active = [one for one in script.active_stores() if one[0] != script.primary_id]
    if not active:
        return None
    site_id, store = script.rng.choice(active)
    item = script.insert(site_id, "item")
    if script.rng.random() < 0.5:
        return [item, script.insert(site_id, "stock_line", store_id=store, item_id=item.record_id)]
    edits = script.document(site_id, "requisition", store)
    edits[-1] = Edit(site_id, "insert", "requisition_line", edits[-1].record_id,
                     {**edits[-1].row, "item_id": item.record_id})  # fmt: skip
    return [item, *edits]


@kind("what was missing comes")
def cured(script: Script) -> Edits:
    primary = script.oracle.sites[script.primary_id]
    missing = sorted(
        {key[1] for _, key in script.oracle.held_back if key[0] == "item" and key[1] not in primary.rows["item"]}
    )
    if not missing:
        return None
    content = row(script.rng, "item", script.parents(primary))
    return [Edit(primary.id, "insert", "item", script.rng.choice(missing), content)]


def _elsewhere(script: Script, tables: list[str], right: int) -> list[tuple[int, str, str]]:
    return [one for one in script.anywhere(tables) if one[0] != right]


def _junk_column(script: Script, found: tuple[int, str, str]) -> str:
    """A column of a SQLite row that takes any text, though its kind does not; none on PostgreSQL, and none of a row
    that has another such cell: the oracle knows one a row."""
    site = script.oracle.sites[found[0]]
    if site.engine != "sqlite" or site.bad.get(found[1:]):
        return ""
    kinds = TABLES[found[1]].columns
    return next((name for name, kind_of in sorted(kinds.items()) if kind_of in JUNK), "")
