"""Issue of what was refused, told where it happened: `supplysync_notice` and `supplysync_status` (precision 35)."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from central.cycle.run import run_cycle
from sites.engines.connection import open_site
from tests.central.clinics import Clinics
from tests.central.small_network import NOW, put

NOTICE = "table_name, record_id, verdict, reason, state"
SETS = "select count(*) from ledger.change_set"


@pytest.fixture
def clinics(either_clinics: Clinics) -> Clinics:
    return either_clinics


def notices(clinics: Clinics, columns: str = NOTICE) -> list[tuple]:
    return clinics.rows("north", "supplysync_notice", columns)


def status(clinics: Clinics) -> tuple:
    columns = "result, rejected, waiting, not_taken, to_come, last_exchange_at"
    with_row = clinics.rows("north", f"(select {columns}, 1 as id from supplysync_status) as s", columns)
    return with_row[0]


def test_a2_a_rejected_change_is_told_at_its_site_with_both_rows(clinics: Clinics) -> None:
    """Once, in the delivery of the same cycle; nothing travels for it afterwards, and central has nobody to tell."""
    clinics.people_run("north", "update item set name = 'Mine' where id = 'paracetamol'")
    clinics.cycle()
    assert notices(clinics) == [("item", "paracetamol", "rejected", "not_primary", "open")]
    [(words, mine, centrals)] = notices(clinics, "words, site_value, central_value")
    assert "primary" in words
    assert (json.loads(mine)["name"], json.loads(centrals)["name"]) == ("Mine", "Paracetamol 500mg")
    assert status(clinics)[:5] == ("ok", 1, 0, 0, 0)
    sent = clinics.warehouse(SETS)
    clinics.cycle()
    assert clinics.warehouse(SETS) == sent
    assert clinics.rows("central", "supplysync_notice") == []


@pytest.mark.long
def test_a2_what_becomes_of_a_waiting_change_is_told_too(clinics: Clinics) -> None:
    """Also where nothing else is sent: the change set has the notice and no row."""
    row = {
        "id": "late",
        "item_id": "not-yet",
        "store_id": "NDS",
        "pack_size": 1,
        "total_packs": 1,
        "available_packs": 1,
    }
    with open_site(clinics.urls["north"], clinics.folder) as db:
        looser = "alter table stock_line drop constraint fk_stock_line_item_id"
        db.execute("pragma foreign_keys = off" if db.engine == "sqlite" else looser)
        put(db, "stock_line", row)
    clinics.cycle()
    assert notices(clinics) == [("stock_line", "late", "waiting", "reference_missing", "open")]
    assert status(clinics)[:5] == ("ok", 0, 1, 0, 0)
    clinics.people_put("central", "item", {"id": "not-yet", "code": "N", "name": "Now"})
    clinics.cycle()
    assert [row[-1] for row in notices(clinics)] == ["admitted"]


def test_p35_central_shows_its_row_only_where_the_site_may_see_it(clinics: Clinics) -> None:
    """North forges the id of a patient of south, whom it has never seen."""
    clinics.people_put("south", "patient", {"id": "p", "code": "P", "first_name": "Ana", "home_store_id": "SDS"})
    clinics.cycle()
    assert clinics.where("patient", "p") == {"central", "south", "warehouse"}
    clinics.people_put("north", "patient", {"id": "p", "code": "P", "first_name": "Forged", "home_store_id": "NDS"})
    clinics.cycle()
    told = {table: row for table, *row in notices(clinics, "table_name, reason, central_value")}
    assert told["patient"] == ["takes_over", None]


@pytest.mark.long
def test_p35_old_notices_go_and_the_status_is_written_once_an_hour(clinics: Clinics) -> None:
    clinics.people_run("north", "update item set name = 'Mine' where id = 'paracetamol'")
    clinics.cycle()
    [at] = {row[-1] for row in [status(clinics)]}
    clinics.cycle()
    clinics.cycle()
    assert status(clinics)[-1] == at
    later = NOW + timedelta(days=100)
    run_cycle(clinics.project, now=later)
    assert status(clinics)[-1] == later.isoformat()
    clinics.people_put("central", "item", {"id": "other", "code": "O", "name": "Other"})
    run_cycle(clinics.project, now=later + timedelta(minutes=1))
    assert notices(clinics) == []
