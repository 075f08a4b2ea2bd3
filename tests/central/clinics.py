"""A network with patients: two clinics with dispensaries, each on its own site, and a hospital site that collects one.

central (1, SQLite): CMS, a store. north (2): NDS and NDB, dispensaries, and NTH, a store. south (3): SDS, a dispensary,
and a collector of NDS. Everybody sees everybody.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from central.cycle.run import run_cycle
from central.cycle.stages import UP_TO_SITES, admit_next, deliver_last, pull_due, route_last
from central.project import load
from tests.central.small_network import CENTRAL_ROWS, NOW, Network, make_sites, require_verdicts

STORES = {"CMS": "central", "NDS": "north", "NDB": "north", "NTH": "north", "SDS": "south"}
DISPENSARIES = ("NDS", "NDB", "SDS")
SITES = ("central", "north", "south")


class Clinics(Network):
    """The network; ``cycle`` runs one cycle, a minute after the last."""

    _minutes = count()

    def cycle(self, *only: str) -> None:
        """One cycle over all sites, or those named; every change gets a verdict (A1)."""
        run_cycle(self.project, now=self.later(), only=only or None)
        require_verdicts(self.project)

    def later(self) -> datetime:
        """A minute after the last cycle."""
        return NOW + timedelta(minutes=next(self._minutes))

    def sync(self, *only: str) -> None:
        """One cycle by what is in force, whatever topology.toml says (B44)."""
        run_cycle(load(self.folder), now=self.later(), only=only or None)
        require_verdicts(load(self.folder))

    def sync_with(self, between: Callable[[], None]) -> None:
        """The same, and people do something between the pull and the delivery."""
        stages = (pull_due, admit_next, route_last, lambda asked: between(), deliver_last)
        run_cycle(load(self.folder), now=self.later(), stages=stages)

    def sync_until(self, stage: int) -> None:
        """A cycle that is killed once ``stage`` stages are done."""
        run_cycle(load(self.folder), now=self.later(), stages=UP_TO_SITES[:stage])

    def cycle_with(self, between: Callable[[], None]) -> None:
        """One cycle in which people do something between the pull and the delivery."""
        stages = (pull_due, admit_next, route_last, lambda asked: between(), deliver_last)
        run_cycle(self.project, now=self.later(), stages=stages)

    def configure(self, options: Mapping[str, Any] | None = None, **tables: Mapping[str, Any]) -> None:
        """Writes topology.toml: ``options``; further keys of stores by code, of sites by name; ``primary``."""
        (self.folder / "topology.toml").write_text(topology(self.urls, options or {}, tables), encoding="utf-8")

    def where(self, table: str, record_id: str, condition: str = "true") -> set[str]:
        """The sites that hold a record, and `warehouse`."""
        wanted = f"id = '{record_id}' and {condition}"
        found = {site for site in SITES if self.rows(site, table, "id", wanted)}
        return found | ({"warehouse"} if self.warehouse(f"select id from replica.{table} where {wanted}") else set())

    def reasons(self, table: str) -> dict[str, str]:
        """What is held back of a table: record id to reason code."""
        rows = self.warehouse(
            f"select record_id, reason from ledger.quarantine where table_name = '{table}' and state = 'open'"
        )
        return dict(rows)


def topology(urls: Mapping[str, str], options: Mapping[str, Any], tables: Mapping[str, Mapping[str, Any]]) -> str:
    """The file as text."""
    primary = dict(tables.get("network", {})).get("primary", "central")
    lines = ["[network]", 'central = "central"', f'primary = "{primary}"', "", "[options]"]
    lines += [f"{key} = {_toml(value)}" for key, value in options.items()]
    for number, site in enumerate(SITES, start=1):
        lines += ["", "[[site]]", f"id = {number}", f'code = "{site}"', f'database = "{urls[site]}"']
        lines += [f"{key} = {_toml(value)}" for key, value in tables.get(site, {}).items()]
    for code, site in STORES.items():
        lines += ["", "[[store]]", f'code = "{code}"']
        given = {"active_on": site, **({"collector_on": ["south"]} if code == "NDS" else {})}
        lines += [f"{key} = {_toml(value)}" for key, value in {**given, **tables.get(code, {})}.items()]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, (bool, int)):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(f'"{one}"' for one in value) + "]"
    return f'"{value}"'


def make_clinics(folder: Path, north: str, south: str, *, primary: str = "central") -> Clinics:
    """The network, capture installed, its central data on primary, not yet synchronised."""
    folder.mkdir(parents=True, exist_ok=True)
    urls = {"central": "sqlite:///central.sqlite", "north": north, "south": south}
    clinics = Clinics(folder, urls)
    clinics.configure(network={"primary": primary})
    make_sites(folder, urls, central_rows(), primary)
    return clinics


def central_rows(
    stores: Iterable[str] = STORES, dispensaries: Collection[str] = DISPENSARIES
) -> dict[str, Sequence[Mapping[str, Any]]]:
    """Items, names, stores, and that everybody sees everybody."""
    codes = list(stores)
    return {
        "unit": CENTRAL_ROWS["unit"],
        "item": CENTRAL_ROWS["item"],
        "name": [{"id": f"name-{code}", "code": code, "name": f"Store {code}"} for code in codes],
        "store": [
            {
                "id": code,
                "code": code,
                "name_id": f"name-{code}",
                "mode": "dispensary" if code in dispensaries else "store",
            }
            for code in codes
        ],
        "name_store_join": [
            {"id": f"{viewer}-sees-{seen}", "name_id": f"name-{seen}", "store_id": viewer}
            for viewer in codes
            for seen in codes
            if viewer != seen
        ],
    }


def patient(record_id: str, home: str | None, **more: Any) -> dict[str, Any]:
    """A patient with a home store."""
    return {"id": record_id, "code": record_id, "last_name": record_id, "home_store_id": home, **more}


def seen(patient_id: str, store: str) -> dict[str, Any]:
    """A patient's visibility in a store."""
    return {"id": f"{patient_id}-in-{store}", "patient_id": patient_id, "store_id": store}


def prescription(record_id: str, store: str, patient_id: str, prescriber_id: str | None = None) -> dict[str, Any]:
    """A prescription of a store."""
    return {"id": record_id, "store_id": store, "patient_id": patient_id, "prescriber_id": prescriber_id, "number": 1}
