"""Steps of people who merge records, and of those who have not heard of it yet."""

from __future__ import annotations

from tests.network.patient_steps import at_home
from tests.network.people import Edit
from tests.network.right_steps import Edits
from tests.network.script import Script, kind
from tests.network.world import row, value
from tests.oracle.homes import PEOPLE
from tests.oracle.tables import MERGES, TABLES

KINDS_OF_MERGE = {table: name for name, table in MERGES.items()}


@kind("items are merged")
def items_merged(script: Script) -> Edits:
    return _merged(script, "item", _at(script, "item"))


@kind("units are merged")
def units_merged(script: Script) -> Edits:
    return _merged(script, "unit", _at(script, "unit"))


@kind("names are merged")
def names_merged(script: Script) -> Edits:
    """Mostly names that are no stores'."""
    names = _at(script, "name")
    of_stores = {one["name_id"] for one in script.oracle.rows("store").values()}
    free = [one for one in names if one not in of_stores]
    return _merged(script, "name", free if script.rng.random() < 0.6 else names)


def _at(script: Script, table: str) -> list[str]:
    return sorted(script.oracle.sites[script.primary_id].rows[table])


def _merged(script: Script, table: str, ids: list[str]) -> Edits:
    if len(ids) < 2:
        return None
    kept, gone = script.rng.sample(ids, 2)
    return [merge(script, script.primary_id, table, kept, gone)]


def merge(script: Script, site_id: int, table: str, kept: str | None, gone: str | None, **given: object) -> Edit:
    content = {"kept_id": kept, "merged_id": gone, "merged_at": value(script.rng, "moment"), **given}
    return Edit(site_id, "insert", KINDS_OF_MERGE[table], script.new_id("m"), content)


@kind("patients are merged")
def patients_merged(script: Script) -> Edits:
    return _people_merged(script, "patient")


@kind("prescribers are merged")
def prescribers_merged(script: Script) -> Edits:
    return _people_merged(script, "prescriber")


def _people_merged(script: Script, table: str) -> Edits:
    """At their home site; on primary those of two homes."""
    primary = script.primary_id
    chosen = script.pick(at_home(script, [table], by_home=True))
    if chosen is None:
        return None
    if script.rng.random() < 0.4:
        ids = [one for _, _, one in script.at(primary, [table])]
        return [merge(script, primary, table, *script.rng.sample(ids, 2))] if len(ids) > 1 else None
    ids = [one for site, _, one in at_home(script, [table], by_home=True) if site == chosen[0] and one != chosen[2]]
    return [merge(script, chosen[0], table, chosen[2], script.rng.choice(ids))] if ids else None


@kind("locations are merged")
def locations_merged(script: Script) -> Edits:
    """Mostly of one store, where one may be new; now and then of two."""
    found = script.pick(script.owned(["location"], by_their_site=True))
    if found is None:
        return None
    rows = script.oracle.sites[found[0]].rows["location"]
    store = rows[found[2]]["store_id"]
    ids = [one for one in sorted(rows) if one != found[2] and rows[one]["store_id"] == store]
    if script.rng.random() < 0.15:
        ids = [one for one in sorted(rows) if one != found[2]]
    if ids and script.rng.random() < 0.7:
        return [merge(script, found[0], "location", found[2], script.rng.choice(ids), store_id=store)]
    new = script.insert(found[0], "location", store_id=store)
    pair = script.rng.sample([new.record_id, found[2]], 2)
    return [new, merge(script, found[0], "location", *pair, store_id=store)]


@kind("records are merged in the wrong place")
def merged_elsewhere(script: Script) -> Edits:
    table = script.rng.choice(sorted(KINDS_OF_MERGE))
    if table in PEOPLE:
        found = script.pick(at_home(script, [table], by_home=False))
    elif table == "location":
        found = script.pick(script.owned([table], by_their_site=False))
    else:
        found = script.pick([one for one in script.anywhere([table]) if one[0] != script.primary_id])
    if found is None:
        return None
    rows = script.oracle.sites[found[0]].rows[table]
    others = [one for one in sorted(rows) if one != found[2]]
    if not others:
        return None
    given = {"store_id": rows[found[2]]["store_id"]} if table == "location" else {}
    return [merge(script, found[0], table, found[2], script.rng.choice(others), **given)]


@kind("a merge makes no sense")
def merged_badly(script: Script) -> Edits:
    """One record with itself, with nothing, with what nobody knows, or a record that was merged before."""
    table = script.rng.choice(["item", "unit", "name", "patient"])
    site_id = script.primary_id
    ids = sorted(script.oracle.sites[site_id].rows[table])
    if not ids:
        return None
    one, other = script.rng.choice(ids), script.rng.choice(ids)
    merged = sorted(record_id for name, record_id in script.oracle.merged.kept if name == table)
    pairs: list[tuple[str | None, str | None]] = [
        (one, one),
        (one, None),
        (None, one),
        ("unknown", one),
        (one, "unknown"),
    ]
    if merged:
        gone = script.rng.choice(merged)
        pairs += [(one, gone), (script.oracle.merged.kept[table, gone], gone), (gone, one), (gone, other)]
    return [merge(script, site_id, table, *script.rng.choice(pairs))]


@kind("records are merged in a chain")
def merged_in_a_chain(script: Script) -> Edits:
    """Several merges of one site at once: each sees those before it, and one may close a circle."""
    table = script.rng.choice(["item", "unit", "name", "patient"])
    site_id = script.primary_id
    ids = sorted(script.oracle.sites[site_id].rows[table])
    if len(ids) < 3:
        return None
    first, second, third = script.rng.sample(ids, 3)
    pairs = [(second, first), (third, second), (third, first), (first, third)]
    return [merge(script, site_id, table, *one) for one in script.rng.sample(pairs, 2)]


@kind("a merge is edited")
def merge_edited(script: Script) -> Edits:
    found = script.pick(script.anywhere(sorted(MERGES)))
    if found is None:
        return None
    if script.rng.random() < 0.3:
        return [Edit(found[0], "delete", *found[1:], {})]
    return [script.update(found)]


@kind("a merged record is used late")
def merged_used(script: Script) -> Edits:
    """Somebody changes or names a record that was merged away elsewhere and is still here."""
    found = script.pick(_going(script))
    if found is None:
        return None
    site_id, table, record_id = found
    site = script.oracle.sites[site_id]
    if script.rng.random() < 0.4:
        return [script.update(found)]
    tables = [
        name for name, facts in TABLES.items() if table in facts.named.values() and facts.policy != "sync_settings"
    ]
    name = script.rng.choice(tables)
    column = next(one for one, named in TABLES[name].named.items() if named == table)
    given: dict[str, object] = {column: record_id}
    if "store_id" in TABLES[name].columns:
        stores = [store for _, store in script.active_stores(site_id)] or sorted(script.oracle.stores().records)
        given["store_id"] = script.rng.choice(stores or [None])
    if name == "store":
        return [script.update(found)]
    return [Edit(site_id, "insert", name, script.new_id(), row(script.rng, name, script.parents(site), **given))]


def _going(script: Script) -> list[tuple[int, str, str]]:
    """Records that a merge takes away, at the sites that still have them."""
    gone = {(table, one["merged_id"]) for site in script.oracle.sites.values() for name, table in MERGES.items()
            for record_id, one in site.rows[name].items() if (name, record_id) in site.log}  # fmt: skip
    gone |= script.oracle.merged.kept.keys()
    return [(site_id, *key) for site_id, site in sorted(script.oracle.sites.items())
            for key in sorted(one for one in gone if one[1]) if key[1] in site.rows[key[0]]]  # fmt: skip


@kind("a merged record is used by its next user")
def merged_used_again(script: Script) -> Edits:
    """A row is changed that names a record which was merged away and is still here."""
    rows = [
        (site_id, name, one)
        for site_id, table, record_id in _going(script)
        for name, one in script.oracle.sites[site_id].referring((table, record_id))
        if TABLES[name].policy not in ("store_record", "sync_settings")
    ]
    found = script.pick(rows)
    return [script.update(found)] if found else None
