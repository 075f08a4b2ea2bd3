"""T6: a store that is saved gets its people again, in random networks: what was spoilt at its site is mended by it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.network.comparing import differences, play, write_all
from tests.network.deck import Script
from tests.network.people import Edit
from tests.network.real import RealNetwork
from tests.seeds import seeds

SPOILT = {
    "abbreviation": "expansion",
    "item_direction": "directions",
    "patient": "first_name",
    "prescriber": "first_name",
}
LOST = ("patient_store_join", "prescriber_store_join")
"""What nothing refers to: it can be deleted whatever the engine."""


@pytest.mark.long
@pytest.mark.parametrize(
    ("seed", "steps"),
    [(3, 12), *(pytest.param(seed, 60, id=f"{seed}-long") for seed in seeds(3, 6, since=301))],
)
def test_t6_a_saved_store_gets_again_what_its_people_need(seed, steps, new_network):
    script = Script(seed)
    for store in script.oracle.wanted.stores.values():
        store.resyncs_patients = True
    network = new_network(script.oracle.wanted, {site.id: site.engine for site in script.oracle.sites.values()})
    way = play(script, network, steps)
    assert not way, "\n".join(way)
    spoilt = [one for site in script.oracle.sites.values() for one in _spoil(script, network, site.id)]
    assert spoilt
    found = differences(script.oracle, network)
    assert found
    saved = list(_saved(script))
    for edit in saved:
        edit.to_oracle(script.oracle)
    write_all(saved, script.oracle, network)
    for _ in range(3):
        script.oracle.cycle()
        network.cycle()
    assert not (found := differences(script.oracle, network)), "\n".join(found)
    assert network.sent == 0


def _spoil(script: Script, network: RealNetwork, site_id: int) -> Iterator[str]:
    """Spoils copies, unseen by any trigger, at a site where stores are active that are saved later: of what is edited
    elsewhere, of patients those who are shown in such a store."""
    oracle, stores = script.oracle, script.oracle.stores()
    saved = oracle.sites[script.store_keeper_id].rows["store"]
    here = {one for one in saved if stores.active_site(one) == site_id and stores.placed[one].resyncs_patients}
    if site_id in (oracle.wanted.primary_id, oracle.wanted.central_id):
        return
    joins = oracle.rows("patient_store_join").values()
    belonging = oracle.belongs(oracle.sites[site_id])
    shown = {row["patient_id"] for row in joins if row["store_id"] in here}
    held = network.site_rows(site_id, [*SPOILT, *LOST])
    with network.person(site_id) as db, db.transaction(write=True):
        db.mark_delivery(is_delivery=True)
        for table, rows in held.items():
            for record_id, row in sorted(oracle.rows(table).items()):
                is_asked_for = (
                    row["store_id"] in here
                    if table in LOST
                    else here and row.get("home_store_id") not in here and (table != "patient" or record_id in shown)
                )
                is_known = SPOILT.get(table) not in oracle.sites[site_id].lacking.get(table, ())
                if record_id in rows and (table, record_id) in belonging and is_asked_for and is_known:
                    change = (
                        f"delete from {table}" if table in LOST else f"update {table} set {SPOILT[table]} = 'spoilt'"
                    )
                    db.execute(f"{change} where id = ?", (record_id,))
                    yield f"{site_id} {table} {record_id}"
        db.mark_delivery(is_delivery=False)


def _saved(script: Script) -> Iterator[Edit]:
    keeper = script.oracle.sites[script.store_keeper_id]
    for record_id, row in sorted(keeper.rows["store"].items()):
        yield Edit(keeper.id, "update", "store", record_id, {"is_disabled": not row["is_disabled"]})
