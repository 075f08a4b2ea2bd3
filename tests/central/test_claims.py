"""T1, P6: nothing is written into a database before it is known to be a site's of ours, on either engine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sites import schema
from sites.capture import triggers
from sites.capture.identity import claim, read_identity
from sites.engines.connection import open_site
from sites.schema import SCHEMA
from tests.central.clinics import Clinics
from tests.conftest import NewSite
from tests.sites.test_generations import as_older

ERRORS = "select site_code, last_error from ledger.site where last_error is not null order by all"


@pytest.fixture(params=["postgresql", pytest.param("sqlite", marks=pytest.mark.long)])
def strange(request: pytest.FixtureRequest, unheard_clinics: Clinics, new_site: NewSite) -> Clinics:
    """`north` names a database that is not of ours: another program's, with one table."""
    url = new_site(request.param)
    with open_site(url, unheard_clinics.folder, create=True) as db:
        db.execute("create table ledger_of_somebody_else (id integer)")
    clinics = replace(unheard_clinics, urls={**unheard_clinics.urls, "north": url})
    clinics.configure()
    return clinics


def test_t1_a_database_of_another_program_is_left_as_it_is(strange: Clinics) -> None:
    strange.cycle()
    [(site, error)] = strange.warehouse(ERRORS)
    assert (site, "nothing was written into this database" in error) == ("north", True), error
    with open_site(strange.urls["north"], strange.folder) as db:
        assert db.tables() == {"ledger_of_somebody_else"}


@pytest.mark.long
def test_t1_a_database_without_capture_is_not_claimed_yet(strange: Clinics) -> None:
    with open_site(strange.urls["north"], strange.folder) as db:
        schema.create(db)
    strange.cycle()
    [(_, error)] = strange.warehouse(ERRORS)
    assert "run `supplysync capture install`" in error
    with open_site(strange.urls["north"], strange.folder) as db:
        assert read_identity(db) is None
        triggers.install(db, SCHEMA)
    strange.cycle()
    assert strange.warehouse(ERRORS) == []
    with open_site(strange.urls["north"], strange.folder) as db:
        found = read_identity(db)
    assert found is not None
    assert found.site_code == "north"


@pytest.mark.long
def test_t1_a_database_of_another_site_is_not_brought_along(strange: Clinics) -> None:
    """Its capture is of an older version, and north's file names it by mistake."""
    with open_site(strange.urls["north"], strange.folder) as db:
        schema.create(db)
        triggers.install(db, SCHEMA)
        as_older(db)
        claim(db, 3, "south", database_uuid="south's")
    strange.cycle()
    [(_, error)] = strange.warehouse(ERRORS)
    assert "belongs to site `south`" in error
    with open_site(strange.urls["north"], strange.folder) as db:
        assert not db.has_table("supplysync_captured")
