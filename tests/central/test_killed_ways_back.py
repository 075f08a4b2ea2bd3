"""O5, O6, A6: the ways back of a site are killed at each point, and the next cycle goes on, as if nothing had been."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from tests.central.clinics import Clinics
from tests.central.copies import Copies
from tests.central.killed_cycle import OF_ONE_WAY, POINTS, killed_cycle
from tests.central.restoring import backup, make_empty, readmit
from tests.central.small_network import stock_line
from tests.central.test_readmission import fork_of
from tests.central.test_verification import meddle, repair
from tests.forks import end_of

SITES = {"north": "NDS", "south": "SDS"}
"""One of each engine."""


def put_back(clinics: Clinics, until_the_end: ExitStack) -> None:
    """Both sites were put back from a backup, people went on, and an operator lets them in again (B50)."""
    kept = {site: until_the_end.enter_context(backup(clinics, site)) for site in SITES}
    for site, store in SITES.items():
        clinics.people_put(site, "stock_line", stock_line(0, store, 11), stock_line(1, store, 12))
    clinics.sync()
    for site, store in SITES.items():
        kept[site].put_back()
        clinics.people_put(site, "stock_line", stock_line(1, store, 22), stock_line(2, store, 33), stock_line(9, store))
        readmit(clinics, site, fork_of(clinics, site))


def lost(clinics: Clinics, until_the_end: ExitStack) -> None:
    """Both databases are lost, and new ones are to be filled (O5)."""
    for number, site in enumerate(SITES):
        until_the_end.enter_context(backup(clinics, site))
        make_empty(clinics, site)
        readmit(clinics, site, f"whole:5d2f1e9c-0000-4000-8000-00000000000{number}")


def meddled_with(clinics: Clinics, until_the_end: ExitStack) -> None:
    """At both sites rows were changed behind the triggers; some are taken as its edits, some are put right (O6)."""
    for site, store in SITES.items():
        meddle(
            clinics,
            site,
            f"update stock_line set total_packs = 77 where id = 'stock-{store}-1'",
            f"delete from stock_line where id = 'stock-{store}-2'",
            "update item set name = 'Mine' where id = 'paracetamol'",
        )
    repair(clinics, "site")


WAYS: Mapping[str, Callable[[Clinics, ExitStack], None]] = {
    "put back": put_back,
    "lost": lost,
    "meddled with": meddled_with,
}
TRIED = [
    "after a pull was landed, before the cycle's file",
    "after the cycle's file, before admission",
    "in admission, before its commit",
    "after admission, before routing",
    "after change sets were renamed into place, before they are registered",
    "in a delivery, before the site's commit",
    "after the site's commit, before its answer is a file",
    "after its answer is a file, before it is recorded",
]
AT_ITS_SITE = [*zip(("put back", "lost"), OF_ONE_WAY, strict=True)]


@pytest.fixture
def clinics(
    copies: Copies, tmp_path: Path, make_synced_clinics: Callable[[str, Path, str], Clinics]
) -> Iterator[Clinics]:
    """Clinics whose warehouse another process may open."""
    with copies.of("ways_back", partial(make_synced_clinics, "south"), tmp_path / "clinics") as made:
        yield made


@pytest.mark.long
@pytest.mark.parametrize(("way", "point"), [*((way, point) for way in WAYS for point in TRIED), *AT_ITS_SITE])
def test_a6_a_way_back_that_is_killed_is_gone_to_the_end(clinics: Clinics, way: str, point: str) -> None:
    assert point in POINTS | OF_ONE_WAY
    for site, store in SITES.items():
        clinics.people_put(site, "stock_line", *(stock_line(number, store) for number in range(4)))
    clinics.sync()
    clinics.sync()
    with ExitStack() as until_the_end:
        WAYS[way](clinics, until_the_end)
        assert end_of(killed_cycle, str(clinics.folder), point) == -signal.SIGKILL
        for _ in range(3):
            clinics.sync()
        assert clinics.warehouse("select distinct last_outcome from ledger.site") == [("ok",)]
        found = {site: dict(clinics.rows(site, "stock_line", "id, total_packs")) for site in SITES}
        held = clinics.warehouse(
            "select id, total_packs from replica.stock_line where id like 'stock-_D_-%' order by id"
        )
        item = {clinics.rows(site, "item", "name", "id = 'paracetamol'")[0] for site in (*SITES, "central")}
    for site, store in SITES.items():
        wanted = expected(way, store)
        assert {key: packs for key, packs in found[site].items() if store in key} == wanted
        assert {key: packs for key, packs in held if store in key} == wanted
    assert len(item) == 1


def expected(way: str, store: str) -> dict[str, float]:
    """The stock lines of a store in the end, with their packs."""
    packs = dict.fromkeys(range(4), 10.0)
    if way == "put back":
        packs |= {0: 11, 1: 22, 2: 33, 9: 10}
    elif way == "meddled with":
        packs |= {1: 77}
        del packs[2]
    return {f"stock-{store}-{number}": amount for number, amount in sorted(packs.items())}
