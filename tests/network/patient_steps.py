"""Steps about patients and prescribers: their records, who sees them, what is dispensed to them."""

from __future__ import annotations

from tests.network.people import Edit
from tests.network.right_steps import Edits
from tests.network.script import Script, kind
from tests.network.world import row
from tests.oracle.homes import JOINS, PEOPLE

CHILDREN = ["patient_event", "insurance_policy", "patient_medication_record"]
Found = tuple[int, str, str]


def at_home(script: Script, tables: list[str], *, by_home: bool) -> list[Found]:
    """Rows about patients and prescribers at the home site of those they are about, or at others."""
    stores = script.oracle.stores()
    found = []
    for site_id, table, record_id in script.anywhere(tables):
        rows = script.oracle.sites[site_id].rows
        content = rows[table][record_id]
        person = content if table in PEOPLE else rows["patient"].get(content["patient_id"])
        home = stores.home_site(person["home_store_id"]) if person else None
        if (home == site_id) is by_home:
            found.append((site_id, table, record_id))
    return found


def delete(found: Found) -> Edit:
    return Edit(found[0], "delete", found[1], found[2], {})


def _some_home(script: Script) -> tuple[int, str] | None:
    """A store and the home site of its people; mostly one with a dispensary."""
    stores = script.oracle.stores()
    homes = [(stores.home_site(store), store) for _, store in script.active_stores()]
    found = [(site, store) for site, store in homes if site is not None]
    better = [one for one in found if one[0] in stores.dispensing]
    return script.rng.choice(better if better and script.rng.random() < 0.7 else found) if found else None


def _registered(script: Script, table: str, site_id: int, store: str) -> list[Edit]:
    """A new patient or prescriber, now and then without a home store but with something that tells it."""
    home = store if script.rng.random() < 0.7 else None
    edits = [script.insert(site_id, table, home_store_id=home)]
    person = edits[0].record_id
    active = [one for _, one in script.active_stores(site_id)] or [store]
    if script.rng.random() < 0.5:
        seen = {f"{table}_id": person, "store_id": script.rng.choice(active)}
        edits.append(Edit(site_id, "insert", JOINS[table], script.new_id("v"), seen))
    if script.rng.random() < 0.4:
        site = script.oracle.sites[site_id]
        parents = {**script.parents(site), table: [person]}
        given = {"store_id": script.rng.choice(active), f"{table}_id": person}
        edits.append(
            Edit(
                site_id, "insert", "prescription", script.new_id("d"), row(script.rng, "prescription", parents, **given)
            )
        )
    return edits


@kind("a patient is registered")
def patient_registered(script: Script) -> Edits:
    home = _some_home(script)
    return _registered(script, "patient", *home) if home else None


@kind("a prescriber is registered")
def prescriber_registered(script: Script) -> Edits:
    home = _some_home(script)
    return _registered(script, "prescriber", *home) if home else None


@kind("a patient is registered for another site")
def registered_elsewhere(script: Script) -> Edits:
    home = _some_home(script)
    if home is None:
        return None
    site_id = script.rng.choice(script.others(home[0]))
    return _registered(script, script.rng.choice(PEOPLE), site_id, home[1])


@kind("a patient is changed")
def patient_changed(script: Script) -> Edits:
    found = script.pick(at_home(script, ["patient"], by_home=True))
    return [_changed(script, found)] if found else None


@kind("a prescriber is changed")
def prescriber_changed(script: Script) -> Edits:
    found = script.pick(at_home(script, ["prescriber"], by_home=True))
    return [_changed(script, found)] if found else None


def _changed(script: Script, found: Found) -> Edit:
    """Mostly something about the person; now and then the home, to a store here or anywhere, or to none."""
    if script.rng.random() < 0.7:
        return script.update(found)
    here = [store for _, store in script.active_stores(found[0])]
    anywhere = [*sorted(script.oracle.stores().records), None]
    home = script.rng.choice(here if here and script.rng.random() < 0.6 else anywhere)
    return script.update(found, home_store_id=home)


@kind("a patient or prescriber is deleted")
def person_deleted(script: Script) -> Edits:
    people = at_home(script, list(PEOPLE), by_home=True)
    found = script.pick([one for one in people if not script.oracle.sites[one[0]].referring(one[1:])])
    return [delete(found)] if found else None


@kind("a patient's record is added")
def child_added(script: Script) -> Edits:
    found = script.pick(at_home(script, ["patient"], by_home=True))
    return [script.insert(found[0], script.rng.choice(CHILDREN), patient_id=found[2])] if found else None


@kind("a patient's record is edited")
def child_edited(script: Script) -> Edits:
    found = script.pick(at_home(script, CHILDREN, by_home=True))
    if found is None:
        return None
    if script.rng.random() < 0.2:
        return [delete(found)]
    patients = [one for _, _, one in script.at(found[0], ["patient"])]
    more = {"patient_id": script.rng.choice(patients)} if script.rng.random() < 0.3 else {}
    return [script.update(found, **more)]


@kind("a patient or prescriber is edited elsewhere")
def person_edited_elsewhere(script: Script) -> Edits:
    found = script.pick(at_home(script, [*PEOPLE, *CHILDREN], by_home=False))
    if found is None:
        return None
    if script.rng.random() < 0.2:
        return [delete(found)]
    here = [store for _, store in script.active_stores(found[0])]
    taking = (
        {"home_store_id": script.rng.choice(here)} if here and found[1] in PEOPLE and script.rng.random() < 0.4 else {}
    )
    return [script.update(found, **taking)]


@kind("a patient or prescriber becomes visible")
def becomes_visible(script: Script) -> Edits:
    found = script.pick(at_home(script, list(PEOPLE), by_home=True))
    return [_visible(script, found, [store for _, store in script.active_stores(found[0])])] if found else None


@kind("a patient or prescriber becomes visible anywhere")
def becomes_visible_anywhere(script: Script) -> Edits:
    """Primary may make any of them visible in any store."""
    found = script.pick(script.at(script.primary_id, list(PEOPLE)))
    return [_visible(script, found, sorted(script.oracle.stores().records))] if found else None


@kind("a patient or prescriber is made visible by another site")
def visible_elsewhere(script: Script) -> Edits:
    people = at_home(script, list(PEOPLE), by_home=script.rng.random() < 0.3)
    found = script.pick([one for one in people if one[0] != script.primary_id])
    return [_visible(script, found, [*sorted(script.oracle.stores().records), "s1", None])] if found else None


def _visible(script: Script, found: Found, stores: list[str] | list[str | None]) -> Edit:
    seen = {f"{found[1]}_id": found[2], "store_id": script.rng.choice(stores) if stores else None}
    return Edit(found[0], "insert", JOINS[found[1]], script.new_id("v"), seen)


@kind("visibility of a patient or prescriber is edited")
def visibility_edited(script: Script) -> Edits:
    found = script.pick(script.at(script.primary_id, list(JOINS.values())))
    return [_revised(script, found)] if found else None


@kind("visibility of a patient or prescriber is edited elsewhere")
def visibility_edited_elsewhere(script: Script) -> Edits:
    joins = script.anywhere(list(JOINS.values()))
    found = script.pick([one for one in joins if one[0] != script.primary_id])
    return [_revised(script, found)] if found else None


def _revised(script: Script, found: Found) -> Edit:
    if script.rng.random() < 0.4:
        return delete(found)
    store = script.rng.choice(sorted(script.oracle.stores().records) or ["s1"])
    return Edit(found[0], "update", found[1], found[2], {"store_id": store})


@kind("a prescription is written")
def prescription_written(script: Script) -> Edits:
    active = [one for one in script.active_stores() if script.oracle.sites[one[0]].rows["patient"]]
    if not active:
        return None
    site_id, store = script.rng.choice(active)
    return script.document(site_id, "prescription", store)


@kind("a repeat is made")
def repeat_made(script: Script) -> Edits:
    found = script.pick(at_home(script, ["patient"], by_home=True))
    return [script.insert(found[0], "repeat", patient_id=found[2])] if found else None


@kind("a repeat is made elsewhere")
def repeat_made_elsewhere(script: Script) -> Edits:
    found = script.pick(at_home(script, ["patient"], by_home=False))
    return [script.insert(found[0], "repeat", patient_id=found[2])] if found else None


@kind("a repeat is edited at home")
def repeat_edited(script: Script) -> Edits:
    found = script.pick(at_home(script, ["repeat"], by_home=True))
    return [_repeated(script, found)] if found else None


@kind("a repeat is edited elsewhere")
def repeat_edited_elsewhere(script: Script) -> Edits:
    found = script.pick(at_home(script, ["repeat"], by_home=False))
    return [_repeated(script, found)] if found else None


@kind("a repeat is edited on two sites")
def repeat_edited_twice(script: Script) -> Edits:
    sites: dict[str, list[int]] = {}
    for site_id, _, record_id in script.anywhere(["repeat"]):
        sites.setdefault(record_id, []).append(site_id)
    shared = sorted(one for one, found in sites.items() if len(found) > 1)
    if not shared:
        return None
    record_id = script.rng.choice(shared)
    return [_repeated(script, (site, "repeat", record_id)) for site in script.rng.sample(sites[record_id], 2)]


@kind("a repeat is dispensed elsewhere")
def repeat_dispensed_elsewhere(script: Script) -> Edits:
    """Mostly finished; now and then counted off where it was dispensed, or taken back."""
    found = script.pick(at_home(script, ["repeat"], by_home=False))
    here = [store for _, store in script.active_stores(found[0])] if found else []
    if found is None or not here:
        return None
    site_id, _, repeat = found
    given = {"patient_id": script.oracle.sites[site_id].rows["repeat"][repeat]["patient_id"]}
    status = "finalised" if script.rng.random() < 0.7 else "new"
    head = script.insert(site_id, "prescription", store_id=script.rng.choice(here), status=status, **given)
    line = script.insert(site_id, "prescription_line", prescription_id=head.record_id, repeat_id=repeat)
    edits = [head, line]
    if script.rng.random() < 0.5:
        edits.append(Edit(site_id, "update", "repeat", repeat, {"remaining": script.rng.randint(0, 9)}))
    return edits


@kind("what was dispensed of a repeat is changed")
def dispensing_changed(script: Script) -> Edits:
    lines = script.owned(["prescription_line"], by_their_site=True)
    rows = [(one, script.oracle.sites[one[0]].rows["prescription_line"][one[2]]) for one in lines]
    found = script.pick([one for one, row in rows if row["repeat_id"] is not None])
    if found is None:
        return None
    row = script.oracle.sites[found[0]].rows["prescription_line"][found[2]]
    head = (found[0], "prescription", row["prescription_id"])
    repeats = sorted(script.oracle.sites[found[0]].rows["repeat"])
    match script.rng.choice(["deleted", "of another", "of none", "not yet", "now"]):
        case "deleted":
            return [delete(found)]
        case "of another":
            return [script.update(found, repeat_id=script.rng.choice(repeats) if repeats else None)]
        case "of none":
            return [script.update(found, repeat_id=None)]
        case "not yet":
            return [script.update(head, status="confirmed")]
    return [script.update(head, status="finalised")]


def _repeated(script: Script, found: Found) -> Edit:
    return script.update(found) if script.rng.random() < 0.85 else delete(found)
