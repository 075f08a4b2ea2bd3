"""An option or a store's key that is changed reaches the records that exist, and those that it concerned before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from sites.engines.connection import open_site
from sites.schema import SCHEMA
from tests.central.clinics import Clinics, make_clinics, patient, prescription, seen
from tests.central.small_network import put

Setting = Mapping[str, Any]
SETTINGS: Mapping[str, tuple[Setting, Setting]] = {
    "what leaves": (
        {"prescriptions_follow_patient": True},
        {"NDS": {"include_transactions": False}, "NTH": {"central_instance": "transfer"}},
    ),
    "who gets it": (
        {},
        {"NDB": {"central_instance": "transfer"}, "NTH": {"collector_on": ["south"]}, "NDS": {"collector_on": []}},
    ),
}
"""What is set in [options], and of stores."""


def work(clinics: Clinics) -> None:
    """Every kind of record whose way an option decides."""
    stores, dispensaries = ("NDS", "NDB", "NTH"), ("NDS", "NDB")
    clinics.people_put("central", "patient", patient("abroad", "CMS"))
    clinics.people_put("central", "patient_store_join", *(seen("abroad", store) for store in ("NDB", "SDS")))
    clinics.cycle()
    rows = {
        "patient": [patient(f"p-{store}", store) for store in dispensaries],
        "prescription": [
            *(prescription(f"rx-{store}", store, f"p-{store}") for store in dispensaries),
            prescription("rx-abroad", "NDB", "abroad"),
        ],
        "prescription_line": [
            {"id": f"rxl-{store}", "prescription_id": f"rx-{store}", "item_id": "amoxicillin"} for store in dispensaries
        ],
        "stocktake_line": [
            {"id": f"stl-{store}", "stocktake_id": f"st-{store}", "item_id": "amoxicillin"} for store in stores
        ],
    }
    for table in ("stock_line", "customer_stock_history"):
        rows[table] = [{"id": f"{table}-{store}", "store_id": store, "item_id": "amoxicillin"} for store in stores]
    for table, short in (("stocktake", "st"), ("location", "lo"), ("requisition", "rq")):
        rows[table] = [{"id": f"{short}-{store}", "store_id": store} for store in stores]
    with open_site(clinics.urls["north"], clinics.folder) as db, db.transaction(write=True):
        for table in SCHEMA.tables:
            put(db, table, *rows.get(table, ()))
    clinics.cycle()


def from_the_start(folder: Path, setting: tuple[Setting, Setting], new_warehouse: Callable[[Path], Path]) -> Clinics:
    """Clinics that never knew another setting."""
    clinics = make_clinics(folder, "sqlite:///north.sqlite", "sqlite:///south.sqlite")
    new_warehouse(clinics.project.warehouse)
    clinics.configure(setting[0], **setting[1])
    clinics.cycle()
    work(clinics)
    return clinics


@pytest.mark.long
@pytest.mark.parametrize("name", ["what leaves", "who gets it"])
def test_r3_a_setting_that_comes_later_gives_what_it_gives_from_the_start_and_goes_as_it_came(
    unheard_clinics: Clinics, tmp_path: Path, new_warehouse: Callable[[Path], Path], name: str
) -> None:
    clinics, (options, stores) = unheard_clinics, SETTINGS[name]
    clinics.cycle()
    work(clinics)
    without = clinics.contents()
    clinics.configure(options, **stores)
    clinics.cycle()
    assert clinics.contents() == from_the_start(tmp_path / "other", (options, stores), new_warehouse).contents()
    assert clinics.contents() != without
    clinics.configure()
    clinics.cycle()
    assert clinics.contents() == without
