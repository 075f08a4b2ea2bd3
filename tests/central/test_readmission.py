"""B50, O5: a site whose database was put back from a backup of its own goes on, and nothing of either line is lost."""

from __future__ import annotations

import polars as pl
import pytest

from central.decisions import write_decision
from central.plan.readmission import ReadmissionPlan, plan_readmission
from central.project import chosen_sites, load
from central.readmission.fork import find_fork
from sites.capture import identity, triggers
from sites.engines.connection import open_site
from sites.schema import SCHEMA
from sync_rules.words import DecisionKind
from tests.central.clinics import Clinics, patient, prescription
from tests.central.dealing import invoice, invoice_line, responding_id
from tests.central.moving import lost
from tests.central.restoring import backup, make_empty, readmit
from tests.central.small_network import stock_line
from warehouse.connection import open_warehouse
from warehouse.ledger.readmissions import kept_bookmarks
from warehouse.ledger.sites import known_sites


def fork_of(clinics: Clinics, site: str) -> str:
    """What an operator would decide of a site that still has a common place: ``fork:CYCLE:UUID``."""
    project = load(clinics.folder)
    with open_warehouse(project.warehouse, project.schema) as con:
        [known] = [one for one in known_sites(con).values() if one.site_code == site]
        kept = kept_bookmarks(con, known.site_id)
    with open_site(clinics.urls[site], clinics.folder) as db, db.transaction(write=False):
        fork = find_fork(db, kept)
    assert fork is not None
    assert known.identity is not None
    return f"fork:{fork.cycle}:{known.identity.database_uuid}"


def planned(clinics: Clinics, site: str) -> ReadmissionPlan:
    """What an operator is shown first."""
    project = load(clinics.folder)
    [chosen] = chosen_sites(project, (site,))
    with open_warehouse(project.warehouse, project.schema) as con:
        return plan_readmission(con, project, chosen, taken=None, now=clinics.later())


def packs(clinics: Clinics, site: str) -> dict[str, float]:
    """The packs of each stock line, at a site or in the warehouse."""
    columns = "id, total_packs"
    if site == "warehouse":
        return dict(clinics.warehouse(f"select {columns} from replica.stock_line order by id"))
    return dict(clinics.rows(site, "stock_line", columns))


def refusal(clinics: Clinics, site: str) -> str:
    """Why the site was not pulled by the last cycle."""
    [(outcome, error)] = clinics.warehouse(
        f"select last_outcome, last_error from ledger.site where site_code = '{site}'"
    )
    assert outcome in ("ok", "failed")
    return str(error or "")


def test_b50_what_either_line_changed_alone_is_kept(either_clinics: Clinics) -> None:
    """Changed only on the lost line: it goes back to the site. Only on the new line: admitted as always."""
    clinics = either_clinics
    clinics.people_put("north", "stock_line", *(stock_line(n, "NTH") for n in range(4)))
    clinics.sync()
    clinics.people_put("north", "stock_line", stock_line(0, "NTH", 11))  # in the backup, and pulled after it was made
    with backup(clinics, "north") as kept:
        clinics.people_put("north", "stock_line", stock_line(1, "NTH", 12), stock_line(7, "NTH", 70))
        clinics.people_run("north", "delete from stock_line where id = 'stock-NTH-3'")
        clinics.people_run("central", "update item set name = 'later' where id = 'amoxicillin'")
        clinics.sync()
        clinics.sync()
        kept.put_back()
        clinics.people_put("north", "stock_line", stock_line(2, "NTH", 13), stock_line(8, "NTH", 80))
        clinics.sync()
        assert "supplysync readmit north" in refusal(clinics, "north")
        assert packs(clinics, "warehouse")["stock-NTH-2"] == 10
        readmit(clinics, "north", fork_of(clinics, "north"))
        clinics.sync()
        wanted = {"stock-NTH-0": 11, "stock-NTH-1": 12, "stock-NTH-2": 13, "stock-NTH-7": 70, "stock-NTH-8": 80}
        assert refusal(clinics, "north") == ""
        assert packs(clinics, "warehouse") == wanted
        assert packs(clinics, "north") == wanted
        assert clinics.rows("north", "item", "name", "id = 'amoxicillin'") == [("later",)]
        assert clinics.reasons("stock_line") == {}
        clinics.people_put("north", "stock_line", stock_line(2, "NTH", 14))
        clinics.sync()
        assert packs(clinics, "warehouse") == packs(clinics, "north") == wanted | {"stock-NTH-2": 14}


@pytest.mark.long
def test_b50_what_never_left_the_site_is_as_the_backup_has_it(either_clinics: Clinics) -> None:
    """Central never had it, or gave it up: it can neither give it back nor say that it was deleted (T6, B59)."""
    clinics = either_clinics
    clinics.configure(NDB={"include_transactions": False})
    clinics.people_put("north", "stock_line", stock_line(1, "NDB"), stock_line(2, "NDS"))
    clinics.cycle()
    clinics.cycle()
    with backup(clinics, "north") as kept:
        clinics.people_put("north", "stock_line", stock_line(1, "NDB", 11), stock_line(2, "NDS", 12))
        clinics.cycle()
        clinics.configure(NDB={"include_transactions": False}, NDS={"include_transactions": False})
        clinics.cycle()  # what was of NDS is withdrawn
        kept.put_back()
        assert planned(clinics, "north").stores_that_stay == ["NDB", "NDS"]
        readmit(clinics, "north", fork_of(clinics, "north"))
        clinics.cycle()
        clinics.cycle()
    assert refusal(clinics, "north") == ""
    assert packs(clinics, "north") == {"stock-NDB-1": 10, "stock-NDS-2": 10}


def test_b50_what_both_lines_changed_is_the_sites_and_listed_with_both_versions(either_clinics: Clinics) -> None:
    """Updated on both, deleted here, deleted there; of a counter the higher number holds. What both made the same is no
    question, but of stock, of which either line may have issued its own."""
    clinics = either_clinics
    counter = {"id": "NTH-invoices", "store_id": "NTH", "kind": "customer_invoice"}
    clinics.people_put("north", "stock_line", *(stock_line(n, "NTH") for n in range(5)))
    clinics.people_put("north", "document_number", {**counter, "last_number": 4})
    clinics.sync()
    with backup(clinics, "north") as kept:
        clinics.people_put("north", "stock_line", stock_line(0, "NTH", 11), stock_line(1, "NTH", 12))
        clinics.people_put("north", "stock_line", stock_line(4, "NTH", 15))
        clinics.people_put("north", "location", {"id": "l", "store_id": "NTH", "code": "shelf", "name": "same"})
        clinics.people_run("north", "delete from stock_line where id in ('stock-NTH-2', 'stock-NTH-3')")
        clinics.people_put("north", "document_number", {**counter, "last_number": 9})
        clinics.sync()
        kept.put_back()
        clinics.people_put("north", "stock_line", stock_line(0, "NTH", 21), stock_line(2, "NTH", 22))
        clinics.people_put("north", "stock_line", stock_line(4, "NTH", 15))
        clinics.people_put("north", "location", {"id": "l", "store_id": "NTH", "code": "shelf", "name": "same"})
        clinics.people_run("north", "delete from stock_line where id = 'stock-NTH-1'")
        clinics.people_put("north", "document_number", {**counter, "last_number": 6})
        readmit(clinics, "north", fork_of(clinics, "north"))
        clinics.sync()
    wanted = {"stock-NTH-0": 21, "stock-NTH-2": 22, "stock-NTH-4": 15}
    assert packs(clinics, "warehouse") == packs(clinics, "north") == wanted
    assert clinics.reasons("stock_line") == dict.fromkeys(
        ["stock-NTH-0", "stock-NTH-1", "stock-NTH-2", "stock-NTH-4"], "changed_on_both_lines"
    )
    assert clinics.reasons("location") == {}
    listed = clinics.warehouse(
        "select record_id, op, (site_row->>'$.total_packs')::double, (central_row->>'$.total_packs')::double "
        "from ledger.quarantine where reason = 'changed_on_both_lines' order by 1"
    )
    assert listed == [
        ("stock-NTH-0", "upsert", 21, 11),
        ("stock-NTH-1", "delete", None, 12),
        ("stock-NTH-2", "upsert", 22, None),
        ("stock-NTH-4", "upsert", 15, 15),
    ]
    numbers = clinics.warehouse("select last_number from replica.document_number where id = 'NTH-invoices'")
    assert numbers == clinics.rows("north", "document_number", "last_number", "id = 'NTH-invoices'") == [(9,)]


@pytest.mark.long
def test_b50_a_number_that_both_lines_gave_is_listed_with_its_documents(clinics: Clinics) -> None:
    clinics.people_put("north", "invoice", invoice("before", "NTH", "CMS", number=1))
    clinics.sync()
    with backup(clinics, "north") as kept:
        clinics.people_put("north", "invoice", invoice("lost", "NTH", "CMS", number=2))
        clinics.sync()
        kept.put_back()
        clinics.people_put("north", "invoice", invoice("here", "NTH", "CMS", number=2))
        assert planned(clinics, "north").doubled == 2
        readmit(clinics, "north", fork_of(clinics, "north"))
        clinics.sync()
    assert clinics.rows("north", "invoice", "id, number", "store_id = 'NTH'") == [
        ("before", 1),
        ("here", 2),
        ("lost", 2),
    ]
    listed = "select table_name, record_id from reports.data_quality where issue = 'number_given_twice' order by all"
    assert clinics.warehouse(listed) == [("invoice", "here"), ("invoice", "lost")]
    for number in (1, 2):  # whatever numbers its documents: people may do so by themselves
        for table in ("inventory_adjustment", "purchase_order", "stocktake"):
            clinics.people_put("north", table, {"id": f"{table}-{number}", "store_id": "NTH", "number": 7})
    clinics.sync()
    assert len(clinics.warehouse(listed)) == 8


def of_pairs(clinics: Clinics, site: str) -> list[tuple[object, ...]]:
    """The supplier invoices of NDS, at a site or in the warehouse: what each was made of, its status and comment."""
    columns, where = "linked_invoice_id, status, comment", "store_id = 'NDS' and type = 'supplier_invoice'"
    if site == "warehouse":
        return clinics.warehouse(f"select {columns} from replica.invoice where {where} order by 1")
    return sorted(clinics.rows(site, "invoice", columns, where))


def finish_the_half(clinics: Clinics) -> None:
    """The other half of ``first`` is made, and its store finishes it; central has both."""
    clinics.sync()
    half = responding_id(clinics, "first")
    clinics.people_run("north", f"update invoice set status = 'finalised', comment = 'ours' where id = '{half}'")
    clinics.sync()


@pytest.mark.long
def test_x1_b50_halves_that_were_finished_on_the_lost_line_come_back_before_any_is_made(
    either_clinics: Clinics,
) -> None:
    """What begins a transfer between two stores of the site is in the backup, its other half is not: the site makes its
    halves once it has those of the lost line again, and makes those of the new line then."""
    clinics = either_clinics
    clinics.sync()
    clinics.people_put("north", "invoice", invoice("first", "NDB", "NDS", number=1))
    clinics.people_put("north", "invoice_line", invoice_line("first-1", "first"))
    with backup(clinics, "north") as kept:
        finish_the_half(clinics)
        kept.put_back()
        clinics.people_put("north", "invoice", invoice("second", "NDB", "NDS", number=2))
        counts = planned(clinics, "north").counts.filter(pl.col("table_name") == "invoice")
        assert counts.select("only_here", "on_both", "refused").row(0) == (1, 0, 0)
        readmit(clinics, "north", fork_of(clinics, "north"))
        clinics.sync()
        assert of_pairs(clinics, "north") == of_pairs(clinics, "warehouse") == [("first", "finalised", "ours")]
        clinics.sync()
        clinics.sync()
    [first, second] = of_pairs(clinics, "north")
    assert (first, second[0]) == (("first", "finalised", "ours"), "second")
    assert of_pairs(clinics, "warehouse") == [first, second]
    assert clinics.reasons("invoice") == clinics.reasons("invoice_line") == {}


def numbers(clinics: Clinics, site: str, store: str) -> tuple[int, int]:
    """The highest number of a supplier invoice that a store gave, and its counter."""
    where = f"store_id = '{store}'"
    given = clinics.rows(site, "invoice", "number", f"{where} and type = 'supplier_invoice'")
    counted = clinics.rows(site, "document_number", "last_number", f"{where} and kind = 'supplier_invoice'")
    return max(int(one) for (one,) in given), counted[0][0] if counted else 0


@pytest.mark.long
def test_b50_counters_are_past_the_numbers_that_were_given(either_clinics: Clinics) -> None:
    """A half is numbered by the very delivery that brings central's older counter back."""
    clinics = either_clinics
    clinics.sync()
    clinics.people_put("central", "invoice", invoice("one", "CMS", "NTH", number=1))
    clinics.sync()
    with backup(clinics, "north") as kept:
        clinics.people_put("central", "invoice", invoice("two", "CMS", "NTH", number=2))
        clinics.sync()
        clinics.sync()  # numbered there, and pulled
        clinics.people_put("central", "invoice", invoice("three", "CMS", "NTH", number=3))
        clinics.sync()  # numbered there, and not pulled
        kept.put_back()
        readmit(clinics, "north", fork_of(clinics, "north"))
        for _ in range(3):
            clinics.sync()
    assert numbers(clinics, "north", "NTH") == (3, 3)
    counted = "select last_number from replica.document_number where store_id = 'NTH' and kind = 'supplier_invoice'"
    assert clinics.warehouse(counted) == [(3,)]


@pytest.mark.long
def test_o5_counters_that_never_left_a_lost_site_go_on_from_its_documents(clinics: Clinics) -> None:
    """Of a store whose data stays there central has the halves, and no counter (T6)."""
    clinics.configure(NDB={"include_transactions": False})
    clinics.cycle()
    clinics.people_put("central", "invoice", invoice("one", "CMS", "NDB", number=1))
    for _ in range(3):
        clinics.cycle()
    assert numbers(clinics, "north", "NDB") == (1, 1)
    with backup(clinics, "north"):
        make_empty(clinics, "north")
        readmit(clinics, "north", "whole:5d2f1e9c-0000-4000-8000-000000000001")
        for _ in range(3):
            clinics.cycle()
        assert numbers(clinics, "north", "NDB") == (1, 1)


@pytest.mark.long
@pytest.mark.parametrize("take", ["site", pytest.param("central", marks=pytest.mark.long)])
def test_x1_b50_without_a_fork_halves_come_back_too_before_any_is_made(clinics: Clinics, take: str) -> None:
    """Whoever's rows hold: nobody at the site made an empty half."""
    clinics.sync()
    clinics.people_put("north", "invoice", invoice("first", "NDB", "NDS", number=1))
    with backup(clinics, "north") as kept:
        finish_the_half(clinics)
        kept.put_back()
        no_place_in_common(clinics)
        clinics.people_put("north", "invoice", invoice("second", "NDB", "NDS", number=2))
        readmit(clinics, "north", whole(clinics), ["*"] if take == "site" else [])
        for _ in range(3):
            clinics.sync()
    [first, second] = of_pairs(clinics, "north")
    assert (first, second[0]) == (("first", "finalised", "ours"), "second")
    assert of_pairs(clinics, "warehouse") == [first, second]


@pytest.mark.long
def test_b33_b50_new_patients_of_the_new_line_get_their_homes_once_the_lost_line_is_back(clinics: Clinics) -> None:
    clinics.sync()
    clinics.people_put("north", "patient", patient("early", None))
    clinics.people_put("north", "prescription", prescription("rx-early", "NDS", "early"))
    with backup(clinics, "north") as kept:
        clinics.sync()
        clinics.people_run("north", "update patient set home_store_id = 'NDB' where id = 'early'")
        clinics.sync()
        kept.put_back()
        clinics.people_put("north", "patient", patient("late", None))
        clinics.people_put("north", "prescription", prescription("rx-late", "NDB", "late"))
        readmit(clinics, "north", fork_of(clinics, "north"))
        for _ in range(3):
            clinics.sync()
    wanted = [("early", "NDB"), ("late", "NDB")]
    assert sorted(clinics.rows("north", "patient", "id, home_store_id")) == wanted
    assert clinics.warehouse("select id, home_store_id from replica.patient order by 1") == wanted
    assert clinics.reasons("patient") == {}


@pytest.mark.long
def test_x1_b50_steps_wait_for_as_long_as_the_set_that_gives_the_lost_line_back_is_not_taken(clinics: Clinics) -> None:
    """It is pulled again and again meanwhile, and its log is kept."""
    clinics.sync()
    clinics.people_put("north", "invoice", invoice("first", "NDB", "NDS", number=1))
    with backup(clinics, "north") as kept:
        finish_the_half(clinics)
        kept.put_back()
        readmit(clinics, "north", fork_of(clinics, "north"))
        clinics.sync_until(3)
        clinics.people_put("north", "invoice", invoice("second", "NDB", "NDS", number=2))
        clinics.sync_until(3)
        assert of_pairs(clinics, "north") == []
        clinics.sync()
        clinics.sync()
    assert [one[:2] for one in of_pairs(clinics, "north")] == [("first", "finalised"), ("second", "new")]


@pytest.mark.long
def test_b50_new_halves_get_numbers_past_those_of_the_documents_that_come_back(clinics: Clinics) -> None:
    """They come in one change set: what the site has by then does not tell what is in use."""
    clinics.people_put("central", "invoice", invoice("first", "CMS", "NTH", number=1))
    clinics.sync()
    with backup(clinics, "north") as kept:
        clinics.sync()  # its number is pulled
        clinics.people_put("central", "invoice", invoice("second", "CMS", "NTH", number=2))
        clinics.sync()
        clinics.sync()
        kept.put_back()
        clinics.people_put("central", "invoice", invoice("third", "CMS", "NTH", number=3))
        readmit(clinics, "north", fork_of(clinics, "north"))
        clinics.sync()
        clinics.sync()
    halves = clinics.rows("north", "invoice", "linked_invoice_id, number", "type = 'supplier_invoice'")
    assert sorted(halves) == [("first", 1), ("second", 2), ("third", 3)]


@pytest.mark.parametrize("survives", [0, *(pytest.param(stage, marks=pytest.mark.long) for stage in (1, 2, 3))])
def test_b51_a_readmission_that_is_killed_is_done_by_the_next_cycle(clinics: Clinics, survives: int) -> None:
    """Precision 13: the epoch goes up at the site first, and both count until central has it."""
    clinics.people_put("north", "stock_line", *(stock_line(n, "NTH") for n in range(2)))
    clinics.sync()
    with backup(clinics, "north") as kept:
        clinics.people_put("north", "stock_line", stock_line(0, "NTH", 11))
        clinics.sync()
        kept.put_back()
        clinics.people_put("north", "stock_line", stock_line(1, "NTH", 22))
        readmit(clinics, "north", fork_of(clinics, "north"))
        if survives:
            clinics.sync_until(survives)
        else:
            with lost(clinics, "north"):
                clinics.sync()
        clinics.sync()
        clinics.sync()
    assert packs(clinics, "warehouse") == packs(clinics, "north") == {"stock-NTH-0": 11, "stock-NTH-1": 22}
    with open_site(clinics.urls["north"], clinics.folder) as db:
        own = identity.read_identity(db)
    assert own is not None
    assert own.epoch == 2
    assert clinics.warehouse("select epoch from ledger.site where site_code = 'north'") == [(2,)]


def no_place_in_common(clinics: Clinics) -> None:
    """The clinic's log is gone, and what proves how far it was read (B50: no fork)."""
    with open_site(clinics.urls["north"], clinics.folder) as db:
        triggers.remove_all(db)
        triggers.install(db, SCHEMA)


def whole(clinics: Clinics) -> str:
    """What an operator would decide of it: ``whole:UUID``."""
    [(uuid,)] = clinics.warehouse("select database_uuid from ledger.site where site_code = 'north'")
    return f"whole:{uuid}"


@pytest.mark.parametrize(
    "take", ["site", *(pytest.param(one, marks=pytest.mark.long) for one in ("central", "one table"))]
)
def test_b50_without_a_fork_nothing_is_deleted_and_an_operator_says_whose_rows_hold(
    either_clinics: Clinics, take: str
) -> None:
    """Precision 1: what the site lacks goes back to it; what both have otherwise is listed with both versions."""
    clinics = either_clinics
    place = {"store_id": "NTH", "code": "shelf"}
    clinics.people_put("north", "stock_line", *(stock_line(n, "NTH") for n in range(4)))
    clinics.people_put("north", "location", {**place, "id": "l", "name": "old"})
    clinics.sync()
    with backup(clinics, "north") as kept:
        clinics.people_put("north", "stock_line", stock_line(0, "NTH", 11), stock_line(7, "NTH", 70))
        clinics.people_run("north", "delete from stock_line where id = 'stock-NTH-3'")
        clinics.people_run("north", "update location set name = 'new' where id = 'l'")
        clinics.people_run("central", "update item set name = 'later' where id = 'amoxicillin'")
        clinics.sync()
        clinics.sync()
        kept.put_back()
        no_place_in_common(clinics)
        clinics.people_put("north", "stock_line", stock_line(8, "NTH", 80))
        clinics.sync()
        assert refusal(clinics, "north") != ""
        taken = {"site": ["*"], "central": [], "one table": ["location"]}[take]
        readmit(clinics, "north", whole(clinics), taken)
        clinics.sync()
        clinics.sync()
    assert refusal(clinics, "north") == ""
    first = 10 if take == "site" else 11
    wanted = {"stock-NTH-0": first, "stock-NTH-1": 10, "stock-NTH-2": 10, "stock-NTH-7": 70, "stock-NTH-8": 80}
    wanted |= {"stock-NTH-3": 10} if take == "site" else {}
    assert packs(clinics, "warehouse") == packs(clinics, "north") == wanted
    where = clinics.warehouse("select name from replica.location where id = 'l'")
    assert where == clinics.rows("north", "location", "name") == [("new" if take == "central" else "old",)]
    assert clinics.rows("north", "item", "name", "id = 'amoxicillin'") == [("later",)]
    deleted = {} if take == "site" else {"stock-NTH-3": "changed_on_both_lines"}
    assert clinics.reasons("stock_line") == {"stock-NTH-0": "changed_on_both_lines"} | deleted
    assert clinics.reasons("location") == {"l": "changed_on_both_lines"}
    clinics.people_put("north", "stock_line", stock_line(1, "NTH", 14))
    clinics.sync()
    assert packs(clinics, "warehouse")["stock-NTH-1"] == 14


def test_o5_a_lost_database_gets_back_all_that_central_has_of_the_site(either_clinics: Clinics) -> None:
    """Into a new and empty database: its own records, numbers and counters, and what came from elsewhere."""
    clinics = either_clinics
    clinics.people_put("north", "stock_line", *(stock_line(n, "NTH") for n in range(3)))
    clinics.people_put("north", "document_number",
                       {"id": "c", "store_id": "NTH", "kind": "customer_invoice", "last_number": 4})  # fmt: skip
    clinics.sync()
    clinics.sync()
    before = clinics.contents()["north"]
    with backup(clinics, "north"):
        make_empty(clinics, "north")
        clinics.sync()
        assert refusal(clinics, "north") != ""
        readmit(clinics, "north", "whole:5d2f1e9c-0000-4000-8000-000000000001")
        clinics.sync()
        clinics.sync()
        assert refusal(clinics, "north") == ""
        assert clinics.contents()["north"] == before
        clinics.people_put("north", "stock_line", stock_line(1, "NTH", 14))
        clinics.sync()
    assert packs(clinics, "warehouse")["stock-NTH-1"] == 14
    assert clinics.warehouse("select count(*) from ledger.quarantine where state = 'open'") == [(0,)]


@pytest.mark.long
def test_a2_the_sites_version_of_what_both_have_is_taken_by_admitting_it(clinics: Clinics) -> None:
    clinics.people_put("north", "stock_line", stock_line(0, "NTH"))
    clinics.sync()
    with backup(clinics, "north") as kept:
        clinics.people_put("north", "stock_line", stock_line(0, "NTH", 11))
        clinics.sync()
        kept.put_back()
        no_place_in_common(clinics)
        readmit(clinics, "north", whole(clinics))
        clinics.sync()
    assert packs(clinics, "warehouse") == packs(clinics, "north") == {"stock-NTH-0": 11}
    [(entry,)] = clinics.warehouse("select id from ledger.quarantine where state = 'open'")
    write_decision(load(clinics.folder).pulls, DecisionKind.ADMIT, "north", reason="counted", now=clinics.later(),
                   decided_by="ana@server", entry=entry)  # fmt: skip
    clinics.sync()
    clinics.sync()
    assert packs(clinics, "warehouse") == packs(clinics, "north") == {"stock-NTH-0": 10}
    assert clinics.reasons("stock_line") == {}
