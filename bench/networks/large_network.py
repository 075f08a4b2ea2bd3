"""A network of any size, made in the warehouse by SQL alone: for pages, real views over rows that were never at a site.

Every figure is a function of the numbers of store and item, so two runs of a day are alike. Sites: the third is silent
for 45 days, the fourth late, the fifth failed, the last never answered; the second store has a hostile name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from demo.reference.medicines import medicines
from sites.schema import SCHEMA
from sync_rules.topology.topology import Options, Site, Topology
from warehouse.connection import Connection, open_warehouse, registered
from warehouse.ledger.sites import put_sites
from warehouse.snapshots.publish import publish

_ZONE = "Pacific/Guadalcanal"
HOSTILE = '<script>alert(1)</script> & "Sons" \'=1+1'
_PLACES = (
    "Central Medical Store", HOSTILE, "Naha Clinic", "Tetere Health Centre", "Gizo Hospital", "Buala Hospital",
    "Kirakira Hospital", "Auki District Store", "Taro Clinic", "Lata Hospital", "Munda Hospital", "Noro Clinic",
    "Ringgi Clinic", "Seghe Health Centre", "Tulagi Hospital", "Malu'u Clinic", "Atoifi Hospital", "Rohinari Clinic",
)  # fmt: skip


def fill_network(con: Connection, stores: int = 6, items: int = 14, places: Sequence[str] = _PLACES) -> None:
    """Fills an empty warehouse: one store a site, ``items`` items, 14 months of usage."""
    _sites(con, stores, places)
    _catalogue(con, items)
    con.execute(at_its_moment(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")))


@contextmanager
def published_network(
    folder: Path, stores: int = 6, items: int = 14, places: Sequence[str] = _PLACES
) -> Iterator[Connection]:
    """Such a network in ``folder``: open for the body to alter it, then published in ``folder/published``."""
    with open_warehouse(folder / "working.duckdb", SCHEMA) as con:
        fill_network(con, stores, items, places)
        yield con
        publish(con, folder / "published", SCHEMA, now=moment())


def moment() -> datetime:
    """When the network is looked at: now, but on the first day of a month, of which nothing is known, the last second
    of the month before, each time it is asked."""
    there = datetime.now(ZoneInfo(_ZONE))
    midnight = there.replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight - timedelta(seconds=1) if there.day == 1 else there).astimezone(UTC)


def at_its_moment(sql: str) -> str:
    """``sql`` with that moment in the place of ``now()``."""
    return sql.replace("now()", f"timestamptz '{moment().isoformat()}'")


def _sites(con: Connection, stores: int, places: Sequence[str]) -> None:
    sites = [Site(n, "central" if n == 1 else f"site_{n}") for n in range(1, stores + 2)]
    topology = Topology("central", "central", tuple(sites), (), Options(), _ZONE, "SBD")
    put_sites(con, topology)
    names = [
        places[n] if n < len(places) else f"{places[n % len(places)]} {n // len(places) + 1}" for n in range(stores)
    ]
    frame = pl.DataFrame({"n": range(1, stores + 1), "name": names})
    with registered(con, wanted=frame):
        con.execute(
            "insert into replica.region (id, code, name) select 'region' || n, 'R' || n, 'Region ' || n "
            "from range(1, 13) as regions(n)"
        )
        con.execute(
            "insert into replica.name (id, name, code, region_id) "
            "select 'name' || n, name, 'S' || n, 'region' || (1 + n % 12) from wanted"
        )
        con.execute(
            "insert into replica.store (id, code, name_id, mode) "
            "select n, if(n < 100, 'S' || lpad(cast(n as varchar), 2, '0'), 'S' || n), 'name' || n, 'store' from wanted"
        )
        con.execute("insert into ledger.instance select n, n, 'active' from wanted")
        con.execute("insert into replica.site (id, name) select n, 'Site of ' || name from wanted")
    _contacts(con, stores)


def _contacts(con: Connection, stores: int) -> None:
    """When each site was last heard: most of them today, some long ago, one with a failure."""
    con.execute(
        at_its_moment(
            f"""update ledger.site set bookmark = 'x', last_outcome = 'ok', queue_in = 0, queue_out = site_id * 3,
        queue_in_as_of_at = now(), last_contact_at = now() - to_minutes(site_id * 7),
        last_success_at = now() - to_minutes(site_id * 7), data_as_of_at = now() - to_minutes(site_id * 7)
        where site_id <= {stores:d}"""
        )
    )
    for site, silent in ((3, "45 days"), (4, "10 days"), (5, "3 hours")):
        con.execute(
            at_its_moment(
                "update ledger.site set last_contact_at = now() - cast(? as interval), "
                "last_success_at = now() - cast(? as interval), "
                "data_as_of_at = now() - cast(? as interval) where site_id = ?"
            ),
            [silent, silent, silent, site],
        )
    con.execute(
        "update ledger.site set queue_in = null, queue_in_as_of_at = null, consecutive_failures = 31 where site_id = 3"
    )
    con.execute(
        "update ledger.site set last_outcome = 'failed', consecutive_failures = 2, "
        "last_error = 'the file is not a database: <b>disk</b> image is malformed' where site_id = 5"
    )


def _catalogue(con: Connection, items: int) -> None:
    known = medicines()
    chosen = [(number, known[number * 7 % len(known)], number // len(known)) for number in range(items)]
    frame = pl.DataFrame(
        [
            {
                "n": number,
                "code": one.code + "x" * again,
                "name": one.name + " (other brand)" * again,
                "unit": one.unit,
                "category": one.category,
                "ven": one.ven,
            }
            for number, one, again in chosen
        ]
    )
    with registered(con, wanted=frame):
        con.execute("insert into replica.unit (id, name) select distinct unit, unit from wanted")
        con.execute("insert into replica.item_category (id, name) select distinct category, category from wanted")
        con.execute(
            "insert into replica.item (id, code, name, unit_id, category_id, ven_category, is_active) "
            "select n, code, name, unit, category, ven, true from wanted"
        )
