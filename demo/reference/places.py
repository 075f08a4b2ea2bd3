"""The sites and stores of the demo network, who supplies whom, and who sees whom.

Stores A to F are the worked example of the specification (section 2, B7); the rest is a country.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Literal

_NAMESPACE = uuid.UUID("5b0a3a2e-7d0c-5f0e-9a53-6a1d5d0f6c11")


def fixed_id(table: str, key: str) -> str:
    """The id of a record of reference data: the same in every demo network."""
    return str(uuid.uuid5(_NAMESPACE, f"{table}:{key}"))


@dataclass(frozen=True)
class ReferenceSite:
    """A site of the demo; ``database`` is its URL in topology.toml."""

    id: int
    code: str
    name: str
    kind: Literal["desktop", "mobile"]
    schedule: str

    @property
    def database(self) -> str:
        """Its SQLite file, relative to the folder of topology.toml (B17)."""
        return f"sqlite:///sites/{self.code}.sqlite"


@dataclass(frozen=True)
class DemoStore:
    """A store of the demo. ``region`` and ``level`` are its facility's, ``lists`` the item lists that it uses.

    ``supplied_by`` is the store it gets most of its stock from, seen or not; ``sees`` are the stores whose
    names are visible in it; ``customers`` is how many wards and health posts it serves; ``tags`` mark its facility.
    """

    code: str
    name: str
    site: str
    mode: Literal["store", "dispensary"]
    region: str
    level: str
    lists: tuple[str, ...]
    customers: int
    supplied_by: str | None = None
    sees: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Its id, the same in every demo network."""
        return fixed_id("store", self.code)

    @property
    def name_id(self) -> str:
        """The id of the name other stores know it by."""
        return fixed_id("name", self.code)


SITES = (
    ReferenceSite(1, "central", "Central Medical Stores", "desktop", "*/15 * * * *"),
    ReferenceSite(2, "remote_1", "Bayview Regional Stores", "desktop", "*/30 * * * *"),
    ReferenceSite(3, "remote_2", "Cedar Valley", "desktop", "*/30 * * * *"),
    ReferenceSite(4, "northern", "Northern Provincial Warehouse", "desktop", "0 * * * *"),
    ReferenceSite(5, "southern", "Southern Provincial Warehouse", "desktop", "0 * * * *"),
    ReferenceSite(6, "island", "Half Moon Island Clinic", "mobile", "0 6 * * *"),
    ReferenceSite(7, "lakeside", "Lakeside Clinic", "mobile", "0 6 * * *"),
    ReferenceSite(8, "eastern", "Eastern Provincial Hospital", "desktop", "*/30 * * * *"),
)

REGIONS = ("Central", "Western", "Northern", "Southern", "Eastern", "Islands")
LEVELS = ("Warehouse", "Hospital", "Clinic")
ESSENTIAL, HOSPITAL, DISPENSARY, CLINIC = "Essential medicines", "Hospital list", "Dispensary list", "Clinic list"
RESERVE, VACCINES, HIV, MALARIA = "Reserve list", "Immunisation", "HIV and tuberculosis", "Malaria"
RURAL, BY_BOAT, COLD_CHAIN, TREATMENT = "Rural", "Supplied by boat", "Cold chain point", "HIV treatment site"

_EVERYTHING = (ESSENTIAL, VACCINES, HIV, MALARIA)
_REGIONAL = (HOSPITAL, VACCINES, HIV, MALARIA)
_BESIDE_WARDS = (DISPENSARY, HIV, MALARIA)
_PRIMARY = (CLINIC, VACCINES, MALARIA)
_FAR = (RURAL, COLD_CHAIN)

STORES = (
    DemoStore(
        "A", "Central Medical Store", "central", "store", "Central", "Warehouse", _EVERYTHING, 14, None,
        ("B", "D", "G", "I", "K", "L", "M"), (COLD_CHAIN,),
    ),
    DemoStore(
        "B", "Bayview Regional Store", "remote_1", "store", "Western", "Warehouse", _REGIONAL, 10, "A", ("A", "C"),
        (COLD_CHAIN,),
    ),
    DemoStore("C", "Cedar Valley Clinic", "remote_2", "store", "Western", "Clinic", _PRIMARY, 5, "B", ("B",), _FAR),
    DemoStore("D", "Dunmore Dispensary", "remote_2", "dispensary", "Western", "Clinic", (CLINIC, MALARIA), 4, "A"),
    DemoStore("E", "Emergency Reserve", "central", "store", "Central", "Warehouse", (RESERVE, MALARIA), 3),
    DemoStore(
        "F", "Ferndale Mission Store", "remote_1", "store", "Western", "Clinic", (CLINIC, MALARIA), 4, "A", ("A",),
        (RURAL,),
    ),
    DemoStore(
        "G", "Northern Warehouse", "northern", "store", "Northern", "Warehouse", _REGIONAL, 9, "A", ("A", "H"),
        (COLD_CHAIN,),
    ),
    DemoStore(
        "H", "Northern Hospital Dispensary", "northern", "dispensary", "Northern", "Hospital", _BESIDE_WARDS, 7, "G",
        ("G",), (TREATMENT,),
    ),
    DemoStore(
        "I", "Southern Warehouse", "southern", "store", "Southern", "Warehouse", _REGIONAL, 9, "A", ("A", "J"),
        (COLD_CHAIN,),
    ),
    DemoStore(
        "J", "Southern Hospital Dispensary", "southern", "dispensary", "Southern", "Hospital", _BESIDE_WARDS, 6, "I",
        ("I",), (TREATMENT,),
    ),
    DemoStore(
        "K", "Half Moon Island Clinic", "island", "store", "Islands", "Clinic", _PRIMARY, 4, "A", ("A",),
        (*_FAR, BY_BOAT),
    ),
    DemoStore("L", "Lakeside Clinic", "lakeside", "store", "Southern", "Clinic", _PRIMARY, 4, "A", ("A",), _FAR),
    DemoStore(
        "M", "Eastern Hospital Store", "eastern", "store", "Eastern", "Hospital", _REGIONAL, 9, "A", ("A", "N"),
        (COLD_CHAIN,),
    ),
    DemoStore(
        "N", "Eastern Hospital Dispensary", "eastern", "dispensary", "Eastern", "Hospital", _BESIDE_WARDS, 7, "M",
        ("M",), (TREATMENT,),
    ),
)  # fmt: skip

# What topology.toml says of a store besides where it is active.
CENTRAL_TRANSFER = frozenset({"F"})
COLLECTOR_ON = {"A": ("remote_1",)}
WITHOUT_TRANSACTIONS = frozenset({"J"})
