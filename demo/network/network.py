"""A demo network: eight sites, fourteen stores and a year of work in their databases."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from demo.documents.dispensary import dispensary_tables
from demo.documents.documents import documents
from demo.documents.orders import order_tables
from demo.network.project_files import POSTGRES_SITE, write_files
from demo.reference.catalogue import central_tables
from demo.reference.frames import Tables, rows
from demo.reference.office import counters, office_tables, site_tables
from demo.reference.places import SITES, STORES, ReferenceSite
from demo.stock.counts import counts
from demo.stock.movements import movements
from sites.engines.connection import open_site
from sites.schema import SCHEMA
from sites.schema import create as create_tables

# Small lists that a person needs to start a document, whether one refers to them yet or not.
_ALWAYS = ("reason_option", "transaction_category", "currency", "location_type", "unit")


def create(folder: Path, *, seed: int, now: datetime, postgres_url: str | None) -> None:
    """Make the project folder's files and its eight site databases; the same seed and ``now`` give the same.

    ``postgres_url`` is an empty PostgreSQL database for site 8; without one that site is SQLite.
    Capture is not installed, and no site is claimed: the first sync of the project does both.
    """
    write_network(folder, network(seed=seed, now=now), postgres_url=postgres_url)


def write_network(folder: Path, tables: Mapping[ReferenceSite, Tables], *, postgres_url: str | None) -> None:
    """Make the files and databases of a network that holds ``tables`` at each site."""
    (folder / "sites").mkdir(parents=True, exist_ok=True)
    write_files(folder, postgres_url=postgres_url)
    for site, own in tables.items():
        own_url = postgres_url if site.code == POSTGRES_SITE else None
        _write_site(own_url or site.database, folder, own)


def _write_site(url: str, folder: Path, tables: Tables) -> None:
    """Make the reference tables in an empty database (a new SQLite file) and write ``tables`` there."""
    with open_site(url, folder, create=True) as db:
        create_tables(db)
        with db.transaction(write=True):
            for table in SCHEMA.parents_first():
                if table in tables and not tables[table].is_empty():
                    db.insert_rows(table, tables[table])


def network(*, seed: int, now: datetime) -> dict[ReferenceSite, Tables]:
    """What each site's database holds at the start, by site; frames typed and sorted by id."""
    now = now.astimezone(UTC).replace(microsecond=0)
    central = central_tables(seed, now)
    stores = _store_tables(seed, now)
    local = site_tables(seed, now)
    return {site: local[site.code] | _site_tables(site, central, stores) for site in SITES}


def _store_tables(seed: int, now: datetime) -> Tables:
    """Every row that a store owns, of all stores."""
    moves = movements(seed, now)
    made = dispensary_tables(order_tables(documents(moves, counts(moves, seed, now), seed, now), seed, now), seed, now)
    return made | counters(made) | office_tables(seed, now)


def _site_tables(site: ReferenceSite, central: Tables, stores: Tables) -> Tables:
    """The rows of the stores active on ``site``, and of the reference data what they refer to.

    Central has all of the reference data; elsewhere the copies are equal to central's rows, so that
    the first contact adopts them, and the rest comes with the first delivery.
    """
    active = [store.id for store in STORES if store.site == site.code]
    own = {table: _owned(table, stores, active) for table in stores}
    if site.code == "central":
        return own | central
    own |= {
        "store": central["store"].filter(pl.col("id").is_in(active)),
        "store_preference": central["store_preference"].filter(pl.col("id").is_in(active)),
        "name_store_join": central["name_store_join"].filter(pl.col("store_id").is_in(active)),
    }
    own |= {table: central[table] for table in _ALWAYS}
    return own | _referred_to(own, central)


def _owned(table: str, stores: Tables, active: list[str]) -> pl.DataFrame:
    frame = stores[table]
    for column in ("from_store_id", "home_store_id"):
        if column in frame.columns:
            return frame.filter(pl.col(column).is_in(active))
    if "store_id" in frame.columns:
        return frame.filter(pl.col("store_id").is_in(active))
    parent = "patient" if "patient_id" in frame.columns else table.removesuffix("_line")
    return frame.join(_owned(parent, stores, active), left_on=f"{parent}_id", right_on="id", how="semi")


def _referred_to(own: Tables, central: Tables) -> Tables:
    """The central rows that rows of ``own``, or of these rows themselves, refer to (B6)."""
    found = dict(own)
    for table in reversed(SCHEMA.parents_first()):  # children first: what they need is known by then
        for reference in SCHEMA.references:
            if reference.table != table or table not in found or reference.parent not in central:
                continue
            needed = found[table].select(pl.col(reference.column).alias("id")).drop_nulls().unique()
            rows_needed = central[reference.parent].join(needed, on="id", how="semi")
            known = found.get(reference.parent, rows_needed.clear())
            found[reference.parent] = pl.concat([known, rows_needed]).unique("id").sort("id")
    return {table: rows(table, frame) for table, frame in found.items()}
