"""O6, B56: `verify` finds each way in which a site's rows can be other than central's, and nothing that is under way.

`north` is on the engine asked for.
"""

from __future__ import annotations

import pytest

from central import decisions
from central.admission.repairs.steps import texts_of
from central.verification.repair import plan_repair
from sites.capture import triggers
from sites.engines.connection import SiteDatabase, open_site
from sites.schema import SCHEMA
from sync_rules.words import DecisionKind
from tests.central.clinics import Clinics, patient, prescription, seen
from tests.central.small_network import NOW, stock_line
from tests.network.verifying import found, verified

EVERYWHERE = {"north", "south", "warehouse"}


@pytest.fixture
def clinics(either_clinics: Clinics) -> Clinics:
    """Both dispensaries of `north` have stock; `south` collects that of NDS. All is delivered."""
    either_clinics.people_put("north", "stock_line", *(stock_line(number, "NDS") for number in (1, 2, 3)))
    either_clinics.people_put("north", "patient", patient("ann", "NDS"))
    either_clinics.cycle()
    either_clinics.cycle()
    return either_clinics


def meddle(clinics: Clinics, site: str, *statements: str) -> None:
    """Somebody writes to a site's database by SQL, and nothing is logged."""
    with open_site(clinics.urls[site], clinics.folder) as db, db.transaction(write=True):
        db.mark_delivery(is_delivery=True)
        _run(db, statements)
        db.mark_delivery(is_delivery=False)


def _run(db: SiteDatabase, statements: tuple[str, ...]) -> None:
    for statement in statements:
        db.execute(statement)


NEW_LINE = (
    "insert into stock_line (id, store_id, item_id, pack_size, total_packs, available_packs) "
    "values ('{}', '{}', 'amoxicillin', 1, 5, 5)"
)


def test_o6_a_quiet_network_is_as_central_has_it(clinics: Clinics) -> None:
    assert found(clinics.project) == []


@pytest.fixture(params=[pytest.param("by rows", marks=pytest.mark.long), "by ranges"])
def is_large(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether each table counts as a large one, in ranges of two rows."""
    if request.param == "by ranges":
        monkeypatch.setattr("warehouse.verification.sums.RANGE_ROWS", 2)
        monkeypatch.setattr("central.verification.tables._FEW_ROWS", 0)
    return bool(request.param == "by ranges")


def test_o6_what_is_the_same_has_the_same_checksums_on_either_engine(
    clinics: Clinics, is_large: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of no table of records that central knows are rows read: values of each kind are the same text everywhere."""
    clinics.people_put("north", "invoice", {
        "id": "v", "store_id": "NDS", "type": "customer_invoice", "status": "new", "number": 7, "comment": "",
        "created_at": "2026-11-23T07:08:09.120000Z", "on_hold": True,
    })  # fmt: skip
    clinics.people_put("north", "stock_line", {**stock_line(5, "NDS", 2.5), "expiry_date": "2027-01-31"})
    clinics.cycle()
    clinics.cycle()
    with monkeypatch.context() as watched:
        if is_large:
            watched.setattr("central.verification.tables._FEW_ROWS", -1)
            watched.setattr("sites.pull.egress.read_rows", _read_nothing)
        assert found(clinics.project) == []


def _read_nothing(*asked: object) -> None:
    raise AssertionError(f"rows of {asked[2]} are read")


@pytest.mark.usefixtures("is_large")
def test_o6_each_way_to_differ_is_found(clinics: Clinics) -> None:
    meddle(
        clinics,
        "north",
        "update stock_line set batch = 'mine', total_packs = 3 where id = 'stock-NDS-1'",
        "delete from stock_line where id = 'stock-NDS-2'",
        NEW_LINE.format("stock-NDS-9", "NDS"),
        "update item set name = 'Mine' where id = 'paracetamol'",
        "update patient set last_name = 'Other' where id = 'ann'",
    )
    meddle(clinics, "south", "delete from stock_line where id = 'stock-NDS-3'", NEW_LINE.format("of-nobody", "NDS"))
    assert found(clinics.project) == [
        "north: item paracetamol changed ['name']",
        "north: patient ann changed ['last_name']; own",
        "north: stock_line stock-NDS-1 changed ['batch', 'total_packs']; own",
        "north: stock_line stock-NDS-2 missing []; own",
        "north: stock_line stock-NDS-9 extra []; own",
        "south: stock_line of-nobody extra []",
        "south: stock_line stock-NDS-3 missing []",
    ]


@pytest.mark.long
def test_o6_what_happened_while_triggers_were_away_is_found(clinics: Clinics) -> None:
    with open_site(clinics.urls["north"], clinics.folder) as db:
        triggers.remove(db)
        db.execute("update stock_line set batch = 'meanwhile' where id = 'stock-NDS-1'")
        triggers.install(db, SCHEMA)
    assert found(clinics.project) == ["north: stock_line stock-NDS-1 changed ['batch']; own"]
    clinics.cycle()
    assert found(clinics.project) == []


@pytest.mark.long
@pytest.mark.parametrize("is_away", [False, pytest.param(True, marks=pytest.mark.long)])
def test_o6_central_holds_too_where_triggers_were_away_if_an_operator_says_so(
    clinics: Clinics, *, is_away: bool
) -> None:
    """The next pull reads the table whole: what was decided is no edit of the site's, what it did besides is (B57)."""
    with open_site(clinics.urls["north"], clinics.folder) as db:
        triggers.remove(db)
        db.execute("update stock_line set batch = 'meanwhile' where id = 'stock-NDS-1'")
        db.execute("delete from stock_line where id = 'stock-NDS-2'")
        db.execute(NEW_LINE.format("stock-NDS-9", "NDS"))
        triggers.install(db, SCHEMA)
    assert [plan_repair(one, None).coming.height for one in verified(clinics.project)] == [0, 3, 0]
    repair(clinics, "central")
    with open_site(clinics.urls["north"], clinics.folder) as db:
        triggers.remove(db)
        db.execute(NEW_LINE.format("stock-NDS-8", "NDS"))
        triggers.install(db, SCHEMA)
    clinics.people_run("north", "update stock_line set batch = 'since' where id = 'stock-NDS-3'")
    if is_away:
        clinics.cycle("central", "south")
    clinics.cycle()
    clinics.cycle()
    assert found(clinics.project) == []
    for left in ("stock-NDS-1", "stock-NDS-2"):
        assert clinics.where("stock_line", left, "batch is null") == EVERYWHERE
    assert clinics.where("stock_line", "stock-NDS-9") == set()
    assert clinics.where("stock_line", "stock-NDS-8") == EVERYWHERE
    assert clinics.where("stock_line", "stock-NDS-3", "batch = 'since'") == EVERYWHERE


def test_b56_what_is_under_way_is_not_compared(clinics: Clinics) -> None:
    """People's edits that were not pulled; changes that were not delivered; what waits, and what was refused."""
    clinics.people_run("north", "update stock_line set batch = 'theirs' where id = 'stock-NDS-1'")
    clinics.people_put("north", "stock_line", stock_line(4, "NDS"))
    assert found(clinics.project) == []
    clinics.people_run("central", "update item set name = 'Renamed' where id = 'paracetamol'")
    clinics.people_run("central", "delete from name_store_join where id = 'NDS-sees-NDB'")
    clinics.cycle("central")
    assert found(clinics.project) == []
    clinics.people_put("north", "item", {"id": "own", "code": "OWN", "name": "Own", "unit_id": "tablet"})
    clinics.people_put("south", "patient", patient("bob", "NDS"))
    clinics.people_put("south", "prescription", prescription("rx", "SDS", "bob"))
    clinics.cycle()
    assert found(clinics.project) == []
    assert clinics.reasons("item") == {"own": "not_primary"}
    clinics.cycle()
    assert found(clinics.project) == []


@pytest.mark.long
def test_b56_what_a_changed_option_lets_leave_is_under_way_until_the_site_is_pulled(clinics: Clinics) -> None:
    clinics.configure(NDS={"include_transactions": False})
    clinics.cycle()
    clinics.people_put("north", "stock_line", stock_line(4, "NDS"))
    clinics.cycle()
    clinics.configure(NDS={"include_transactions": True})
    assert found(clinics.project) == []
    clinics.cycle()
    assert found(clinics.project) == []
    clinics.configure(NDS={"include_transactions": False})
    assert found(clinics.project) == []


@pytest.mark.long
def test_b56_a_person_who_becomes_visible_is_under_way(clinics: Clinics) -> None:
    clinics.people_put("central", "patient_store_join", seen("ann", "SDS"))
    clinics.cycle("central")
    assert found(clinics.project) == []
    clinics.cycle()
    assert clinics.where("patient", "ann") >= {"north", "south"}
    assert found(clinics.project) == []


@pytest.mark.long
def test_precision_33_columns_that_a_site_has_not_got_are_left_out(clinics: Clinics) -> None:
    clinics.people_run("north", "alter table stock_line drop column batch")
    meddle(clinics, "north", "update stock_line set total_packs = 7 where id = 'stock-NDS-1'")
    assert found(clinics.project) == ["north: stock_line stock-NDS-1 changed ['total_packs']; own"]


def repair(clinics: Clinics, take: str | None) -> None:
    """What `verify --repair` decides, for all sites."""
    for one in verified(clinics.project):
        plan = plan_repair(one, take)
        assert plan.undecided.is_empty()
        decisions.write_decision(clinics.project.pulls, DecisionKind.REPAIR, one.site.code, reason=None, now=NOW,
                                 decided_by="ana", records=texts_of(plan.steps))  # fmt: skip


@pytest.mark.long
def test_o6_repair_puts_right_what_the_site_may_not_edit(clinics: Clinics) -> None:
    meddle(
        clinics,
        "south",
        "update stock_line set batch = 'mine' where id = 'stock-NDS-1'",
        "delete from stock_line where id = 'stock-NDS-3'",
        NEW_LINE.format("of-nobody", "NDS"),
        "update item set name = 'Mine' where id = 'paracetamol'",
    )
    repair(clinics, None)
    clinics.cycle()
    assert found(clinics.project) == []
    assert clinics.where("stock_line", "stock-NDS-3") == EVERYWHERE
    assert clinics.where("stock_line", "of-nobody") == set()
    last = clinics.warehouse("select last_seq from ledger.counter")
    clinics.cycle()
    assert clinics.warehouse("select last_seq from ledger.counter") == last


def test_o6_unlogged_edits_of_a_site_are_put_right_or_taken_as_its_edits(clinics: Clinics) -> None:
    edits = (
        "update stock_line set batch = 'mine' where id = 'stock-NDS-1'",
        "delete from stock_line where id = 'stock-NDS-2'",
        NEW_LINE.format("stock-NDS-9", "NDS"),
    )
    meddle(clinics, "north", *edits)
    assert [plan_repair(one, None).undecided.height for one in verified(clinics.project)] == [0, 3, 0]
    repair(clinics, "central")
    clinics.cycle()
    assert found(clinics.project) == []
    assert clinics.where("stock_line", "stock-NDS-2") == EVERYWHERE
    assert clinics.where("stock_line", "stock-NDS-9") == set()
    meddle(clinics, "north", *edits)
    repair(clinics, "site")
    clinics.cycle("central", "south")  # north is away when it is decided
    clinics.cycle()
    clinics.cycle()
    assert found(clinics.project) == []
    assert clinics.where("stock_line", "stock-NDS-1", "batch = 'mine'") == EVERYWHERE
    assert clinics.where("stock_line", "stock-NDS-2") == set()
    assert clinics.where("stock_line", "stock-NDS-9") == EVERYWHERE
    assert clinics.warehouse("select count(*) from ledger.quarantine") == [(0,)]
