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
    """A store of the demo. ``items`` is how many different items it keeps.

    ``supplied_by`` is the store it gets most of its stock from; ``sees`` are the stores whose
    names are visible in it; ``customers`` is how many wards and health posts it serves.
    """

    code: str
    name: str
    site: str
    mode: Literal["store", "dispensary"]
    items: int
    customers: int
    supplied_by: str | None = None
    sees: tuple[str, ...] = ()

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

STORES = (
    DemoStore("A", "Central Medical Store", "central", "store", 440, 14, None, ("B", "D", "G", "I", "K", "L", "M")),
    DemoStore("B", "Bayview Regional Store", "remote_1", "store", 260, 10, "A", ("A", "C")),
    DemoStore("C", "Cedar Valley Clinic", "remote_2", "store", 120, 5, "B", ("B",)),
    DemoStore("D", "Dunmore Dispensary", "remote_2", "dispensary", 110, 4),
    DemoStore("E", "Emergency Reserve", "central", "store", 90, 3),
    DemoStore("F", "Ferndale Mission Store", "remote_1", "store", 100, 4, None, ("A",)),
    DemoStore("G", "Northern Warehouse", "northern", "store", 280, 9, "A", ("A", "H")),
    DemoStore("H", "Northern Hospital Dispensary", "northern", "dispensary", 150, 7, "G", ("G",)),
    DemoStore("I", "Southern Warehouse", "southern", "store", 260, 9, "A", ("A", "J")),
    DemoStore("J", "Southern Hospital Dispensary", "southern", "dispensary", 140, 6, "I", ("I",)),
    DemoStore("K", "Half Moon Island Clinic", "island", "store", 110, 4, "A", ("A",)),
    DemoStore("L", "Lakeside Clinic", "lakeside", "store", 110, 4, "A", ("A",)),
    DemoStore("M", "Eastern Hospital Store", "eastern", "store", 260, 9, "A", ("A", "N")),
    DemoStore("N", "Eastern Hospital Dispensary", "eastern", "dispensary", 150, 7, "M", ("M",)),
)

# What topology.toml says of a store besides where it is active.
CENTRAL_TRANSFER = frozenset({"F"})
COLLECTOR_ON = {"A": ("remote_1",)}
WITHOUT_TRANSACTIONS = frozenset({"J"})
