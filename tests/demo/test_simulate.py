"""People go on working: what they leave behind is right, and they make their mistakes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from demo.people.simulate import DemoSite, active_stores, simulate
from demo.stock.balances import unbalanced
from sites.engines.connection import SiteDatabase, open_site
from sites.schema import SCHEMA
from tests.demo.conftest import NOW


def _content(sites: list[DemoSite]) -> list[list[tuple[object, ...]]]:
    found = []
    for site in sites:
        with open_site(site.url, site.folder) as db:
            for table in sorted(SCHEMA.tables):
                columns = [column.name for column in SCHEMA.tables[table]]
                found.append(db.read(f"SELECT {', '.join(columns)} FROM {table} ORDER BY id", columns=columns).rows())
    return found


def _deliver_view(db: SiteDatabase, site_code: str, stores: Mapping[str, str]) -> None:
    with db.transaction(write=True):
        db.execute("INSERT INTO site (id, code) VALUES ('99', ?)", (site_code,))
        for store, sync_type in stores.items():
            db.execute(
                "INSERT INTO store_site (id, site_id, store_id, sync_type) VALUES (?, '99', ?, ?)",
                (f"99:{store}", store, sync_type),
            )


@pytest.mark.long
def test_work_keeps_balances_and_references(own_demo):
    sites = [own_demo[0], own_demo[2], own_demo[7]]
    for turn in range(2):
        report = simulate(sites, days=2, seed=1, scale=2.0, now=NOW + timedelta(days=2 * turn + 2))
        assert [site.problem for site in report.sites] == [None] * 3
    assert {"receipts", "issues", "finished", "cancelled", "adjustments", "stocktakes", "edits", "requests"} <= {
        name for site in report.sites for name, times in site.done.items() if times
    }
    for site in sites:
        with open_site(site.url, site.folder) as db:
            assert unbalanced(db) == [], site.site_code
            below = "SELECT COUNT(*) FROM stock_line WHERE available_packs < 0 OR total_packs < available_packs"
            assert db.execute(below)[0][0] == 0, site.site_code
            if db.engine == "sqlite":
                assert db.execute("PRAGMA foreign_key_check") == []


def test_work_twice_at_the_same_moment_makes_new_rows(own_demo):
    island = own_demo[5:6]
    for _ in range(2):
        report = simulate(island, days=1, seed=1, scale=1.0, now=NOW)
        assert report.sites[0].problem is None
        assert report.sites[0].done["issues"] == 3


def test_the_same_seed_gives_the_same_work_on_both_engines(new_demo):
    ends = []
    for sites in (new_demo()[5:], new_demo()[5:]):
        report = simulate(sites, days=2, seed=3, scale=1.0, now=NOW)
        ends.append((report, _content(sites)))
    assert ends[0] == ends[1]


@pytest.mark.long
def test_mistakes_are_made_at_clinics_and_keeping_at_the_primary(own_demo):
    report = {site.site_code: site.done for site in simulate(own_demo[:3], days=12, seed=5, scale=1.5, now=NOW).sites}
    assert {"new items", "item names", "visibility"} <= set(report["central"])
    assert any(name.startswith("wrong") for name in (*report["remote_1"], *report["remote_2"]))
    assert not any(name.startswith("wrong") for name in report["central"])


@pytest.mark.long
def test_someone_edits_the_copy_of_another_stores_stock(own_demo):
    """Store F's rows at remote_1 are made a collector's copy; B stays active."""
    remote = own_demo[1]
    with open_site(remote.url, remote.folder) as db:
        here, copied = active_stores(db, remote)
        _deliver_view(db, remote.site_code, {here: "active", copied: "collector"})
    report = simulate([remote], days=40, seed=5, scale=1.0, now=NOW)
    assert report.sites[0].done["wrong store"] > 0
    with open_site(remote.url, remote.folder) as db:
        assert db.execute("SELECT DISTINCT store_id FROM stock_line WHERE batch = 'WRONG'") == [(copied,)]
        assert unbalanced(db) == []


def test_p7_a_site_that_is_away_is_reported_and_holds_up_nobody(own_demo):
    gone = DemoSite("gone", "sqlite:///sites/gone.sqlite", ("Z",), own_demo[0].folder)
    report = simulate([gone, own_demo[6]], days=1, seed=1, scale=1.0, now=NOW)
    assert "gone.sqlite" in str(report.sites[0].problem)
    assert report.sites[1].done["issues"] == 3


def test_t7_the_delivered_view_says_what_is_active(own_demo):
    remote = own_demo[2]
    with open_site(remote.url, remote.folder) as db:
        first, second = active_stores(db, remote)
        _deliver_view(db, remote.site_code, {first: "active", second: "collector"})
        assert active_stores(db, remote) == [first]
