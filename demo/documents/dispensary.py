"""The patients of the dispensaries, who prescribes for them, and what was dispensed to them in the year."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import polars as pl

from demo.reference.dice import Dice
from demo.reference.frames import Tables, numbered, records, rows
from demo.reference.lists import store_items
from demo.reference.places import STORES, DemoStore, fixed_id

_PATIENTS = 45  # of each dispensary
_PRESCRIBERS = 3
_TO_PATIENTS = 0.8  # of what a dispensary issued
FIRST_NAMES = ("Aroha", "Bela", "Chidi", "Dina", "Emeka", "Farah", "Goran", "Hana", "Isaac", "Jasmin", "Kofi", "Lupe")
LAST_NAMES = ("Abara", "Brown", "Chen", "Diallo", "Eketone", "Fifita", "Green", "Hassan", "Ivanova", "Jones", "Kahu")
DIRECTIONS = ("1 tablet twice a day with food", "1 tablet at night", "2 tablets three times a day", "As directed")

DISPENSARIES = tuple(store for store in STORES if store.mode == "dispensary")


def patient_id(store_code: str, number: int) -> str:
    """The id of a dispensary's patient, the same in every demo network."""
    return fixed_id("patient", f"{store_code}:{number}")


def dispensary_tables(made: Tables, seed: int, now: datetime) -> Tables:
    """``made`` with patients and prescribers; most of what the dispensaries issued is prescriptions to them."""
    dice = Dice(f"{seed}:dispensary")
    people = _people(dice, now)
    return made | people | _prescriptions(made, people, dice)


def _people(dice: Dice, now: datetime) -> Tables:
    patients = [_patient(store, number, dice) for store in DISPENSARIES for number in range(1, _PATIENTS + 1)]
    known = [(row["id"], row["home_store_id"]) for row in patients]
    insured = [pair for pair in known if dice.happens(0.3)]
    regular = [row["id"] for row in patients if dice.happens(0.2)]
    stores = {
        row["id"]: store
        for row, store in zip(patients, (s for s in DISPENSARIES for _ in range(_PATIENTS)), strict=True)
    }
    prescribers = [_prescriber(store, number, dice) for store in DISPENSARIES for number in range(1, _PRESCRIBERS + 1)]
    return {
        "patient": records("patient", patients),
        "prescriber": records("prescriber", prescribers),
        "patient_store_join": records("patient_store_join", (_seen("patient", *pair) for pair in known)),
        "prescriber_store_join": records(
            "prescriber_store_join", (_seen("prescriber", row["id"], row["home_store_id"]) for row in prescribers)
        ),
        "insurance_policy": records("insurance_policy", (_policy(patient, dice, now) for patient, _ in insured)),
        "patient_event": records("patient_event", (_event(patient, dice, now) for patient in regular)),
        "repeat": records("repeat", (_repeat(patient, stores[patient], dice, now) for patient in regular)),
    }


def _patient(store: DemoStore, number: int, dice: Dice) -> dict[str, object]:
    return {
        "id": patient_id(store.code, number),
        "code": f"{store.code}{number:04}",
        "first_name": dice.picks(1, FIRST_NAMES)[0],
        "last_name": dice.picks(1, LAST_NAMES)[0],
        "date_of_birth": date(1940, 1, 1) + timedelta(days=dice.number(0, 29_000)),
        "gender": dice.picks(1, ("female", "male"))[0],
        "home_store_id": store.id,
    }


def _prescriber(store: DemoStore, number: int, dice: Dice) -> dict[str, object]:
    return {
        "id": fixed_id("prescriber", f"{store.code}:{number}"),
        "code": f"{store.code}-MD{number}",
        "first_name": dice.picks(1, FIRST_NAMES)[0],
        "last_name": dice.picks(1, LAST_NAMES)[0],
        "home_store_id": store.id,
        "registration_number": str(dice.number(10_000, 99_999)),
    }


def _seen(kind: str, person: object, store_id: object) -> dict[str, object]:
    return {"id": fixed_id(f"{kind}_store_join", f"{person}:{store_id}"), f"{kind}_id": person, "store_id": store_id}


def _policy(patient: object, dice: Dice, now: datetime) -> dict[str, object]:
    return {
        "id": fixed_id("insurance_policy", str(patient)),
        "patient_id": patient,
        "policy_number": f"NHI-{dice.number(100_000, 999_999)}",
        "discount_rate": dice.number(2, 8) * 1_000,
        "expiry_date": (now + timedelta(days=dice.number(30, 700))).date(),
        "is_active": True,
    }


def _event(patient: object, dice: Dice, now: datetime) -> dict[str, object]:
    return {
        "id": fixed_id("patient_event", str(patient)),
        "patient_id": patient,
        "value": f"{dice.number(110, 160)}/{dice.number(70, 95)}",
        "happened_at": now - timedelta(days=dice.number(1, 200)),
    }


def _repeat(patient: object, store: DemoStore, dice: Dice, now: datetime) -> dict[str, object]:
    return {
        "id": fixed_id("repeat", str(patient)),
        "patient_id": patient,
        "store_id": store.id,
        "item_id": fixed_id("item", dice.sample(store_items(store), 1)[0].code),
        "packs": 100,
        "remaining": dice.number(1, 5),
        "directions": dice.picks(1, DIRECTIONS)[0],
        "valid_until": (now + timedelta(days=dice.number(20, 180))).date(),
    }


def _with_person(heads: pl.DataFrame, kind: str, people: pl.DataFrame, dice: Dice) -> pl.DataFrame:
    """Each head with somebody of its own store."""
    choice = people.select(store_id="home_store_id", place=pl.int_range(pl.len()).over("home_store_id"), person="id")
    many = choice.group_by("store_id").len().select("store_id", "len")
    placed = heads.join(many, on="store_id", how="left", maintain_order="left").with_columns(
        place=(dice.fractions(heads.height) * pl.col("len")).floor().cast(pl.Int64)
    )
    return (
        placed.join(choice, on=["store_id", "place"], how="left", maintain_order="left")
        .rename({"person": f"{kind}_id"})
        .drop("place", "len")
    )


def _prescriptions(made: Tables, people: Tables, dice: Dice) -> Tables:
    """Finalised issues of the dispensaries, the most of them, written as prescriptions; stock is what it was."""
    stores = [store.id for store in DISPENSARIES]
    is_issue = (pl.col("type") == "customer_invoice") & (pl.col("status") == "finalised")
    issues = made["invoice"].filter(pl.col("store_id").is_in(stores) & is_issue & pl.col("requisition_id").is_null())
    issues = issues.filter(dice.fractions(issues.height) < _TO_PATIENTS)
    heads = numbered(issues.drop("number"), "store_id", at="finalised_at")
    for kind in ("patient", "prescriber"):
        heads = _with_person(heads, kind, people[kind], dice)
    lines = made["invoice_line"].join(heads.select(invoice_id="id"), on="invoice_id", how="semi", maintain_order="left")
    directed = lines.rename({"invoice_id": "prescription_id"}).with_columns(
        directions=pl.Series(dice.picks(lines.height, DIRECTIONS), dtype=pl.String)
    )
    left = made["invoice"].join(heads.select("id"), on="id", how="anti")
    return {
        "prescription": rows("prescription", heads.with_columns(dispensed_at="finalised_at")),
        "prescription_line": rows("prescription_line", directed),
        "invoice": rows("invoice", numbered(left.drop("number"), "store_id", "type", at="created_at")),
        "invoice_line": made["invoice_line"].join(lines.select("id"), on="id", how="anti", maintain_order="left"),
    }
