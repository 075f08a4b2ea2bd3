"""A random network to begin with: sites, stores, and the databases as they are before the first contact."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from tests.network.people import Edit
from tests.oracle.oracle import Oracle
from tests.oracle.tables import MERGES, OPTIONAL, TABLES, parents_first
from tests.oracle.topology import OPTIONS, Row, Wanted, WantedSite, WantedStore

# none of the documents begins a transfer: the oracle knows none, test_chains.py has networks of its own for them
CHOICES = {
    ("name", "type"): ["facility", "store", "supplier"],
    ("store", "mode"): ["store", "store", "dispensary"],
    ("requisition", "type"): ["response", "stock_history"],
    ("requisition", "status"): ["new", "confirmed", "finalised"],
    ("invoice", "type"): ["customer_credit", "supplier_invoice"],
    ("invoice", "status"): ["new", "confirmed", "finalised"],
    ("store_site", "sync_type"): ["active", "collector", "transfer"],
    ("site", "kind"): ["desktop", "mobile"],
    ("purchase_order", "status"): ["new", "confirmed", "finalised"],
    ("tender", "status"): ["new", "confirmed", "finalised"],
    ("goods_received", "status"): ["new", "confirmed", "finalised"],
    ("prescription", "status"): ["new", "confirmed", "finalised"],
}
WORDS = ["ache", "Größe", "it's", "日本", "", "x" * 40, "a\nb", "  "]
NUMBERS = [Decimal(0), Decimal("1.5"), Decimal(-3), Decimal("0.000001"), Decimal("123456789.123456"), Decimal(7)]
FIRST_DAY = date(2026, 1, 1)


def value(rng: Random, kind: str) -> Any:
    """Some value of a kind, now and then nothing."""
    if rng.random() < 0.08:
        return None
    match kind:
        case "text":
            return rng.choice(WORDS) + str(rng.randint(0, 99))
        case "whole":
            return rng.randint(-5, 10**9)
        case "number":
            return rng.choice(NUMBERS)
        case "day":
            return FIRST_DAY + timedelta(days=rng.randint(0, 700))
        case "moment":
            return datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=rng.randint(0, 10**7))
    return rng.random() < 0.5


def row(rng: Random, table: str, parents: dict[str, list[str]], **given: Any) -> Row:
    """A row of a table; foreign keys name one of ``parents``, by table, or nothing where there is none."""
    made: Row = {}
    facts = TABLES[table]
    named = {**facts.refers, **{column: name for column, name in facts.loose.items() if rng.random() < 0.7}}
    for column, kind in facts.columns.items():
        if column in given:
            made[column] = given[column]
        elif column in named:
            made[column] = rng.choice(parents[named[column]]) if parents.get(named[column]) else None
        elif column in facts.loose or column == "purchase_order_id":
            made[column] = None
        elif (table, column) in CHOICES:
            made[column] = rng.choice(CHOICES[table, column])
        else:
            made[column] = value(rng, kind)
    if table == "purchase_order":
        made["other_name_id"] = None
    if table == "custom_data" and "record_id" not in given:
        kind = rng.choice([one for one in ("item", "name", "unit") if parents.get(one)] or ["item"])
        made |= {"table_name": kind, "record_id": rng.choice(parents.get(kind) or [None])}
    return made


def random_wanted(rng: Random) -> Wanted:
    """Three to seven sites and as many stores and more; now and then mirrored, or store records on primary."""
    count = rng.randint(3, 7)
    sites = [WantedSite(number, f"site_{number}") for number in range(1, count + 1)]
    sites[-1].kind = "mobile"
    for site in sites:
        site.local_procurement = rng.random() < 0.25
    primary = rng.choice(["site_1", "site_1", "site_2"])
    stores: dict[str, WantedStore] = {}
    for number in range(count + 2):
        active = sites[number].code if number < count else rng.choice(sites[:-1]).code
        store = WantedStore(f"S{number}", active, include_transactions=rng.random() < 0.7)
        if active != "site_1" and rng.random() < 0.15:
            store.central_instance = "transfer"
        else:
            store.collector_on = [site.code for site in sites[1:] if site.code != active and rng.random() < 0.6]
        stores[store.code] = store
    keeper = rng.choice(["central", "central", "primary"])
    return Wanted("site_1", primary, sites, stores, keeper, **{name: rng.random() < 0.5 for name in OPTIONS})


def engines(wanted: Wanted) -> dict[int, str]:
    """The engine of each site: every third is PostgreSQL."""
    return {site.id: "postgresql" if site.id % 3 == 2 else "sqlite" for site in wanted.sites}


def other_versions(rng: Random, oracle: Oracle) -> None:
    """Every third site's program is of another version, without some columns (precision 33)."""
    for site in oracle.sites.values():
        if rng.random() < 0.35:
            lacking = {table: [one for one in columns if rng.random() < 0.3] for table, columns in OPTIONAL.items()}
            site.lacking = {table: frozenset(columns) for table, columns in lacking.items() if columns}


def first_edits(rng: Random, oracle: Oracle) -> list[Edit]:
    """What is in the databases before the first contact: central data on primary, older and newer copies of it
    elsewhere, store records where they are kept, and some data of each store on its site."""
    wanted = oracle.wanted
    store_names = {code: f"name_{code}" for code in wanted.stores}
    central = _central_rows(rng, store_names)
    edits: list[Edit] = []
    for site in wanted.sites:
        for table, record_id, content in central:
            if site.id in (wanted.primary_id, wanted.store_keeper_id) or rng.random() < 0.6:
                edits.append(Edit(site.id, "insert", table, record_id, content))
    edits = _with_parents_only(edits)
    copies = [edit for edit in edits if edit.site_id != wanted.primary_id and "name" in edit.row]
    edits += [
        Edit(edit.site_id, "update", edit.table, edit.record_id, {"name": f"older {rng.randint(0, 9)}"})
        for edit in copies
        if rng.random() < 0.1
    ]
    joins = [
        (f"see_{viewer}_{seen}", {"name_id": store_names[seen], "store_id": viewer.lower(), "is_customer": True})
        for viewer in wanted.stores
        for seen in wanted.stores
        if viewer != seen and rng.random() < 0.45
    ]
    edits += [Edit(wanted.primary_id, "insert", "name_store_join", record_id, content) for record_id, content in joins]
    for code in wanted.stores:
        content = row(rng, "store", {}, code=code, name_id=store_names[code]) if code != "S1" else {}
        if content:  # one code of the file has no record yet (T10)
            edits.append(Edit(wanted.store_keeper_id, "insert", "store", code.lower(), content))
    return edits + _people(rng, wanted)


def _people(rng: Random, wanted: Wanted) -> list[Edit]:
    """Patients and prescribers where their home stores are active, and copies of some elsewhere."""
    edits: list[Edit] = []
    for store in wanted.stores.values():
        homes = [wanted.id_of(store.active_on), *(site.id for site in wanted.sites if rng.random() < 0.1)]
        for table in ("patient", "patient", "prescriber"):
            record_id = f"{table}_{len(edits)}"
            content = row(rng, table, {}, home_store_id=store.code.lower())
            edits += [Edit(one, "insert", table, record_id, content) for one in dict.fromkeys(homes)]
            if rng.random() < 0.5:
                seen = {f"{table}_id": record_id, "store_id": store.code.lower()}
                edits.append(Edit(homes[0], "insert", f"{table}_store_join", f"see_{record_id}", seen))
    return edits


def _central_rows(rng: Random, store_names: dict[str, str]) -> list[tuple[str, str, Row]]:
    made: dict[str, list[str]] = {name: [] for name in TABLES}
    rows = []
    for table in (one for one in parents_first() if _is_central(one)):
        for number in range(4):
            made[table].append(f"{table}_{number}")
            rows.append((table, made[table][-1], row(rng, table, made)))
    for code, name_id in store_names.items():
        rows.append(("name", name_id, row(rng, "name", made, code=code, type="store")))
    return rows


def _is_central(table: str) -> bool:
    return TABLES[table].policy in ("central", "central_dispensary") and table not in MERGES


def _with_parents_only(edits: list[Edit]) -> list[Edit]:
    """Without the rows that refer to one their site did not get."""
    there: set[tuple[int, str, str]] = set()
    kept = []
    for edit in edits:
        refers = TABLES[edit.table].refers
        if all((edit.site_id, parent, edit.row[column]) in there for column, parent in refers.items()):
            there.add((edit.site_id, edit.table, edit.record_id))
            kept.append(edit)
    return kept
