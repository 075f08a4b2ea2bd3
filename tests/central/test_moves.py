"""O2, B29, B47: a store moves from one site to another, and nothing is lost on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from central.cycle.pull import prepare
from central.decisions import write_decision
from central.explain.record import explain
from central.moves.explanation import ways
from central.moves.under_way import with_moves
from central.plan.apply import ApplyRefused
from central.plan.plan import NetworkPlan
from central.project import load
from sites.engines.connection import open_site
from sites.schema import SCHEMA
from sync_rules.words import DecisionKind
from tests.central.clinics import Clinics, patient, prescription, seen, topology
from tests.central.copies import lose_warehouse
from tests.central.moving import active, apply, finish, lost, moving, state, told
from tests.central.small_network import NOW, put
from warehouse.connection import open_warehouse

ENGINES = ["north", pytest.param("south", marks=pytest.mark.long)]
"""Which of the two sites is PostgreSQL; the other is SQLite."""


def stock(number: int, store: str, **more: Any) -> dict[str, Any]:
    return {"id": f"s-{store}-{number}", "store_id": store, "item_id": "amoxicillin", "total_packs": number, **more}


@pytest.fixture(params=ENGINES)
def clinics(request: pytest.FixtureRequest, copy_clinics: Callable[..., Clinics]) -> Clinics:
    """NDS, a dispensary of north, with stock, a patient and a prescription; NTH, a store there, with stock."""
    return copy_clinics(request.param, "stocked", with_stock)


def with_stock(found: Clinics) -> None:
    found.people_put("north", "patient", patient("ana", "NDS"))
    found.people_put("north", "patient_store_join", seen("ana", "NDS"))
    found.people_put("north", "prescription", prescription("rx", "NDS", "ana"))
    found.people_put("north", "stock_line", *(stock(n, store) for store in ("NDS", "NTH") for n in range(3)))
    found.sync()
    found.sync()


def test_o2_a_store_moves_with_all_that_is_its(clinics: Clinics) -> None:
    before = clinics.rows("north", "stock_line", "id, total_packs", "store_id = 'NTH'")
    clinics.configure({}, NTH={"active_on": "south"})
    made = apply(clinics)
    assert made is not None
    assert state(clinics) == ["wanted"]
    assert active(clinics, "NTH") == ["north"]
    seen_states = []
    for _ in range(4):
        clinics.sync()
        counted = "select count(*) from reports.stock_on_hand where store_code = 'NTH'"
        assert clinics.warehouse(counted) == [(1,)]  # W4: it is in no report less because it moves
        seen_states.append((state(clinics), active(clinics, "NTH")))
        assert len(active(clinics, "NTH")) <= 1  # T2
    assert seen_states == [
        (["cut"], []),
        (["filling"], []),
        (["activating"], ["south"]),
        (["done"], ["south"]),
    ]
    assert clinics.rows("south", "stock_line", "id, total_packs", "store_id = 'NTH'") == before
    assert clinics.rows("north", "stock_line", "id", "store_id = 'NTH'") == []
    assert told(clinics, "NTH") == {"central": "collector", "north": "transfer", "south": "active"}  # T4
    clinics.people_put("south", "stock_line", stock(9, "NTH"))
    clinics.sync()
    assert clinics.warehouse("select count(*) from replica.stock_line where store_id = 'NTH'") == [(4,)]
    assert clinics.warehouse("select count(*) from ledger.quarantine where state = 'open'") == [(0,)]


@pytest.mark.long
def test_b29_what_is_unsent_at_the_old_site_comes_first(clinics: Clinics) -> None:
    clinics.configure({}, NTH={"active_on": "south"})
    apply(clinics)
    clinics.sync_with(lambda: clinics.people_put("north", "stock_line", stock(7, "NTH")))
    assert (state(clinics), active(clinics, "NTH")) == (["cut"], ["north"])  # the row that hands it over was left alone
    clinics.sync()
    assert clinics.warehouse("select id from replica.stock_line where id = 's-NTH-7'") == [("s-NTH-7",)]
    assert (state(clinics), active(clinics, "NTH")) == (["cut"], [])
    finish(clinics)
    assert ("s-NTH-7",) in clinics.rows("south", "stock_line", "id", "store_id = 'NTH'")
    assert clinics.reasons("stock_line") == {}


UNSENT: dict[str, tuple[bool, Callable[[Clinics], None]]] = {
    "a line of its document": (True, lambda clinics: clinics.people_put(
        "north", "invoice_line", {"id": "l-1", "invoice_id": "doc-NTH", "item_id": "amoxicillin", "packs": 1})),
    "something that was deleted": (True, lambda clinics: clinics.people_run(
        "north", "delete from stock_line where id = 's-NTH-1'")),
    "something that was deleted, of another store": (True, lambda clinics: clinics.people_run(
        "north", "delete from stock_line where id = 's-NDS-1'")),  # whose it was nobody can tell
    "another store's line": (False, lambda clinics: clinics.people_put(
        "north", "invoice_line", {"id": "l-1", "invoice_id": "doc-NDS", "item_id": "amoxicillin", "packs": 1})),
    "another store's stock": (False, lambda clinics: clinics.people_put("north", "stock_line", stock(5, "NDS"))),
    "a patient": (True, lambda clinics: clinics.people_run(
        "north", "update patient set last_name = 'X' where id = 'ana'")),
    "an item, which nobody may edit there": (False, lambda clinics: clinics.people_run(
        "north", "update item set name = 'X' where id = 'amoxicillin'")),
}  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("what", UNSENT)
def test_b29_only_what_may_be_the_stores_own_keeps_it(clinics: Clinics, what: str) -> None:
    """Whatever its other stores do, a busy site hands a store over."""
    is_kept, edit = UNSENT[what]
    for store in ("NTH", "NDS"):
        clinics.people_put("north", "invoice", {"id": f"doc-{store}", "store_id": store, "number": 1,
                                                "type": "supplier_invoice", "status": "new"})  # fmt: skip
    clinics.sync()
    clinics.configure({}, NTH={"active_on": "south"})
    apply(clinics)
    clinics.sync_with(lambda: edit(clinics))
    assert active(clinics, "NTH") == (["north"] if is_kept else [])
    finish(clinics)
    assert active(clinics, "NTH") == ["south"]


@pytest.mark.long
def test_b47_what_is_edited_at_the_old_site_after_the_cut_is_refused_kept_and_put_right(clinics: Clinics) -> None:
    moving(clinics, "NTH", "cut")
    assert active(clinics, "NTH") == []
    clinics.people_put("north", "stock_line", stock(8, "NTH"))
    clinics.people_run("north", "update stock_line set total_packs = 99 where id = 's-NTH-1'")
    clinics.people_run("north", "update stock_line set total_packs = 50 where id = 's-NDS-1'")
    clinics.sync()
    assert clinics.reasons("stock_line") == {"s-NTH-8": "moved_away", "s-NTH-1": "moved_away"}
    packs = "select total_packs from replica.stock_line where id = 's-{}-1'"
    assert clinics.warehouse(packs.format("NTH")) == [(1,)]
    assert clinics.warehouse(packs.format("NDS")) == [(50,)]
    assert [float(row[0]) for row in clinics.rows("north", "stock_line", "total_packs", "id = 's-NTH-1'")] == [1]
    finish(clinics)
    assert sorted(clinics.rows("south", "stock_line", "id", "store_id = 'NTH'")) == [
        ("s-NTH-0",), ("s-NTH-1",), ("s-NTH-2",)
    ]  # fmt: skip


def test_b29_b47_on_its_way_a_store_is_nobodys_and_what_others_write_waits(clinics: Clinics) -> None:
    """Precision 10: also what primary writes of patients whose home is on its way."""
    moving(clinics, "NDS", "filling")
    assert active(clinics, "NDS") == []
    clinics.people_run("south", "update stock_line set total_packs = 77 where id = 's-NDS-1'")
    clinics.people_put("central", "patient", patient("ana", "NDS", first_name="from primary"))
    clinics.sync()
    finish(clinics)
    assert clinics.warehouse("select first_name from replica.patient where id = 'ana'") == [(None,)]
    assert clinics.reasons("patient") == {"ana": "not_home_site"}


@pytest.mark.long
@pytest.mark.parametrize("away", ["wanted", "cut", "filling", "activating"])
def test_b47_sites_may_be_away_for_as_long_as_they_like(clinics: Clinics, away: str) -> None:
    """The site that a move waits for, in each of its states, when it is to be delivered something."""
    moving(clinics, "NDS", {"cut": "wanted", "filling": "cut", "activating": "filling"}.get(away, "wanted"))
    if away != "wanted":
        clinics.people_run("central", "update item set name = 'Renamed' where id = 'amoxicillin'")
        clinics.sync_until(3)  # and gone before it is delivered to
    before = active(clinics, "NDS"), clinics.rows("north", "stock_line", "id")
    for _ in range(3):
        clinics.sync(*(("central", "south") if away in ("wanted", "cut") else ("central", "north")))
    assert state(clinics) == [away]
    assert (active(clinics, "NDS"), clinics.rows("north", "stock_line", "id")) == before
    finish(clinics)
    whole(clinics)


def whole(clinics: Clinics) -> None:
    """NDS is at south with all that was its, and nothing of it is left at north."""
    assert active(clinics, "NDS") == ["south"]
    assert clinics.rows("south", "stock_line", "id", "store_id = 'NDS'") == [("s-NDS-0",), ("s-NDS-1",), ("s-NDS-2",)]
    assert clinics.where("prescription", "rx") == {"south", "warehouse"}
    assert clinics.where("patient", "ana") >= {"south", "warehouse"}
    assert clinics.rows("north", "stock_line", "id", "store_id = 'NDS'") == []
    assert clinics.warehouse("select count(*) from ledger.quarantine where state = 'open'") == [(0,)]
    clinics.people_run("south", "update patient set last_name = 'Moved' where id = 'ana'")
    clinics.sync()
    assert clinics.warehouse("select last_name from replica.patient where id = 'ana'") == [("Moved",)]


@pytest.mark.long
def test_b47_a_dispensary_moves_with_its_patients(clinics: Clinics) -> None:
    moving(clinics, "NDS", "done")
    whole(clinics)


@pytest.mark.long
@pytest.mark.parametrize("states", ["wanted", "cut", "filling", "activating"])
@pytest.mark.parametrize("survives", [1, 2, 3, 4])
def test_b47_a_move_that_is_killed_goes_on(clinics: Clinics, states: str, survives: int) -> None:
    """In each state; once the cycle is pulled, admitted, routed, delivered but not recorded."""
    moving(clinics, "NDS", states)
    clinics.sync_until(survives)
    finish(clinics)
    whole(clinics)


@pytest.mark.long
def test_b47_before_the_old_site_hands_it_over_a_move_can_be_called_off(clinics: Clinics) -> None:
    moving(clinics, "NTH", "wanted")
    clinics.configure({})
    apply(clinics)
    assert state(clinics) == ["cancelled"]
    clinics.sync()
    assert active(clinics, "NTH") == ["north"]
    assert clinics.rows("south", "stock_line", "id", "store_id = 'NTH'") == []


@pytest.mark.long
def test_b47_a_move_that_is_called_off_after_the_cut_leaves_the_store_where_it_was(clinics: Clinics) -> None:
    """Precision 22: the site has handed it over, nobody knows yet, and what is edited in between is its own."""
    moving(clinics, "NTH", "cut")
    assert active(clinics, "NTH") == []
    clinics.people_run("north", "update stock_line set total_packs = 41 where id = 's-NTH-1'")
    clinics.configure({})
    apply(clinics)
    clinics.sync()
    assert (state(clinics), active(clinics, "NTH")) == (["cancelled"], ["north"])
    assert clinics.warehouse("select total_packs from replica.stock_line where id = 's-NTH-1'") == [(41,)]
    assert clinics.reasons("stock_line") == {}


@pytest.mark.long
def test_b47_a_store_is_taken_from_a_lost_site_as_central_has_it(clinics: Clinics) -> None:
    clinics.people_put("north", "stock_line", stock(6, "NDS"))  # and north is never heard of
    clinics.configure({}, NDS={"active_on": "south", "collector_on": []})
    with lost(clinics, "north"):
        apply(clinics, forced=["north"])
        assert state(clinics) == ["filling"]
        for _ in range(4):
            clinics.sync("central", "south")
    assert (state(clinics), active(clinics, "NDS")) == (["done"], ["north", "south"])  # north does not know
    clinics.people_run("north", "update stock_line set total_packs = 99 where id = 's-NDS-1'")
    clinics.sync()
    assert clinics.reasons("stock_line") == {"s-NDS-6": "moved_away", "s-NDS-1": "moved_away"}
    clinics.sync()
    assert active(clinics, "NDS") == ["south"]
    assert clinics.rows("north", "stock_line", "id", "store_id = 'NDS'") == [("s-NDS-6",)]  # what it alone has stays
    clinics.people_run("south", "update stock_line set total_packs = 12 where id = 's-NDS-1'")
    clinics.sync()
    assert clinics.warehouse("select total_packs from replica.stock_line where id = 's-NDS-1'") == [(12,)]


@pytest.mark.long
def test_b8_a_lost_warehouse_comes_to_the_same_moves(clinics: Clinics) -> None:
    moving(clinics, "NDS", "activating")
    before = clinics.warehouse("select * from ledger.move_step order by all"), clinics.contents()["warehouse"]
    lose_warehouse(clinics.project.warehouse)
    prepare(load(clinics.folder))
    after = clinics.warehouse("select * from ledger.move_step order by all"), clinics.contents()["warehouse"]
    assert after == before
    finish(clinics)
    whole(clinics)


@pytest.mark.long
def test_precision_11_what_the_new_site_does_not_take_keeps_the_move(clinics: Clinics) -> None:
    """A constraint of the site's own program: until it is mended, or an operator goes on without it."""
    refuse_at(clinics, "south", "s-NTH-1")
    moving(clinics, "NTH", "filling")
    for _ in range(3):
        clinics.sync()
    assert (state(clinics), active(clinics, "NTH")) == (["filling"], [])
    with open_warehouse(clinics.project.warehouse, SCHEMA) as con:
        [way] = ways(con, with_moves(con, load(clinics.folder)))
    assert [(row["record_id"], row["why"]) for row in way.kept_by] == [("s-NTH-1", "refused_by_site")]
    assert way.waits_for == "1 record that `south` did not take: mend it, or `supplysync moves go-on 1 --reason WHY`"
    decide(clinics, DecisionKind.GO_ON, 1)
    finish(clinics)
    assert active(clinics, "NTH") == ["south"]


@pytest.mark.long
def test_b29_what_waits_of_the_store_keeps_the_move_until_an_operator_goes_on_without_it(clinics: Clinics) -> None:
    clinics.people_put("north", "item", {"id": "theirs", "code": "theirs", "name": "theirs"})  # refused
    clinics.people_put("north", "stock_line", stock(9, "NTH", item_id="theirs"), stock(9, "NDS", item_id="theirs"))
    clinics.sync()
    clinics.configure({}, NTH={"active_on": "south"})
    made = apply(clinics)
    assert made is not None
    assert any("1 change of it waits and keeps it there (stock_line s-NTH-9)" in note for note in made.notes)
    for _ in range(3):
        clinics.sync()
    assert state(clinics) == ["wanted"]
    decide(clinics, DecisionKind.GO_ON, 1)
    finish(clinics)
    assert active(clinics, "NTH") == ["south"]
    assert clinics.reasons("stock_line") == {"s-NTH-9": "moved_away", "s-NDS-9": "reference_missing"}


@pytest.mark.long
def test_b47_an_operator_takes_the_store_of_a_site_that_turns_out_to_be_lost(clinics: Clinics) -> None:
    clinics.configure({}, NTH={"active_on": "south"})
    apply(clinics)
    clinics.sync("central", "south")
    assert state(clinics) == ["wanted"]
    decide(clinics, DecisionKind.HAND_OVER, 1)
    for _ in range(4):
        clinics.sync("central", "south")
    assert state(clinics) == ["done"]
    assert clinics.rows("south", "stock_line", "id", "store_id = 'NTH'") == [("s-NTH-0",), ("s-NTH-1",), ("s-NTH-2",)]


@pytest.mark.long
@pytest.mark.parametrize(("store", "to"), [("CMS", "south"), ("NDS", "central"), ("SDS", "north")])
def test_o2_from_central_to_central_and_to_where_others_are(clinics: Clinics, store: str, to: str) -> None:
    """Whichever site it leaves or goes to; the warehouse has it all along."""
    site = {"CMS": "central", "NDS": "north", "SDS": "south"}[store]
    clinics.people_put(site, "stock_line", *(stock(number, store) for number in range(3)))
    clinics.sync()
    moving(clinics, store, "done", to=to)
    finish(clinics)
    assert active(clinics, store) == [to]
    own = [(f"s-{store}-{number}",) for number in range(3)]
    assert clinics.rows(to, "stock_line", "id", f"store_id = '{store}'") == own
    assert clinics.rows(site, "stock_line", "id", f"store_id = '{store}'") == []
    clinics.people_run(to, f"update stock_line set total_packs = 6 where id = 's-{store}-1'")
    clinics.sync()
    assert clinics.warehouse(f"select total_packs from replica.stock_line where id = 's-{store}-1'") == [(6,)]
    assert clinics.warehouse("select count(*) from ledger.quarantine where state = 'open'") == [(0,)]


@pytest.mark.long
def test_precision_22_two_mobile_sites_can_swap_their_stores(clinics: Clinics) -> None:
    """T2: each has one active store at most, all the way; neither becomes active before the other one left."""
    mobile: dict[str, dict[str, Any]] = {"north": {"kind": "mobile"}, "south": {"kind": "mobile"}}
    home: dict[str, dict[str, Any]] = {
        "NDS": {"active_on": "central", "collector_on": []},
        "NDB": {"active_on": "central"},
    }
    clinics.configure({}, **home)
    apply(clinics)
    finish(clinics)
    clinics.configure({}, **home, **mobile)
    apply(clinics)
    clinics.configure({}, **home, **mobile, NTH={"active_on": "south"}, SDS={"active_on": "north"})
    apply(clinics)
    for _ in range(8):
        clinics.sync()
        for site in ("north", "south"):
            assert sum(store in ("NTH", "SDS") for store in stores_active_at(clinics, site)) <= 1
    assert (active(clinics, "NTH"), active(clinics, "SDS")) == (["south"], ["north"])


def stores_active_at(clinics: Clinics, site: str) -> list[str]:
    """By the site's own table."""
    number = {"central": 1, "north": 2, "south": 3}[site]
    return [
        row[0] for row in clinics.rows(site, "store_site", "store_id", f"site_id = '{number}' and sync_type = 'active'")
    ]


def decide(clinics: Clinics, kind: DecisionKind, move: int) -> None:
    """An operator decides about a move."""
    write_decision(clinics.project.pulls, kind, "north", reason="r", now=NOW, decided_by="ana", record_id=str(move))


def refuse_at(clinics: Clinics, site: str, record_id: str) -> None:
    """The site's own program refuses a row of stock."""
    if clinics.urls[site].startswith("postgresql"):
        clinics.people_run(site, f"alter table stock_line add constraint no_such check (id <> '{record_id}')")
        return
    clinics.people_run(
        site,
        f"create trigger no_such before insert on stock_line when new.id = '{record_id}' "
        "begin select raise(abort, 'no such'); end",
    )


@pytest.mark.long
def test_b46_what_the_plan_of_a_move_counts_is_what_sites_gain_and_lose(clinics: Clinics) -> None:
    clinics.configure({}, NTH={"active_on": "south"})
    before = {site: stored(clinics, site) for site in ("north", "south")}
    made = apply(clinics)
    assert made is not None
    counted = {
        (row["site"], row["table_name"]): (row["gains"], row["loses"])
        for row in made.consequences.to_dicts()
        if row["table_name"] != "store_site"  # which is written on the way, more than once
    }
    finish(clinics)
    after = {site: stored(clinics, site) for site in ("north", "south")}
    found = {}
    for site in before:
        for table in before[site]:
            gained, lost = after[site][table] - before[site][table], before[site][table] - after[site][table]
            if (gained or lost) and table != "store_site":
                found[site, table] = (len(gained), len(lost))
    assert found == counted
    assert [(one.store, one.table, one.records) for one in made.handovers] == [("NTH", "stock_line", 3)]


def stored(clinics: Clinics, site: str) -> dict[str, set[str]]:
    """The ids that a site has, by table."""
    with open_site(clinics.urls[site], clinics.folder) as db:
        return {table: {row[0] for row in db.execute(f"select id from {table}")} for table in SCHEMA.tables}


@pytest.mark.long
def test_o7_explain_tells_of_a_store_on_its_way_what_routing_did(clinics: Clinics) -> None:
    moving(clinics, "NDS", "filling")
    project = load(clinics.folder)
    with open_warehouse(project.warehouse, SCHEMA) as con:
        for table, record_id in (("stock_line", "s-NDS-1"), ("patient", "ana"), ("prescription", "rx")):
            told = explain(con, project, table, record_id, project.topology.sites)
            there = {one.site for one in told.sites if one.belongs}
            assert there == clinics.where(table, record_id) - {"warehouse"}
            assert there >= {"north", "south"}


@pytest.mark.long
def test_o3_a_site_is_removed_once_its_stores_have_moved(clinics: Clinics) -> None:
    without_south(clinics, WITHOUT_SOUTH)
    with pytest.raises(ApplyRefused, match=r"site `south` has stores \(`SDS`\): keep its \[\[site\]\]"):
        apply(clinics)
    made = remove_south(clinics)
    assert [(str(one.what), one.subject) for one in made.differences] == [("removed", "site `south`")]
    clinics.people_run("north", "update stock_line set total_packs = 3 where id = 's-NDS-1'")
    clinics.sync()
    assert clinics.warehouse("select total_packs from replica.stock_line where id = 's-NDS-1'") == [(3,)]
    assert clinics.warehouse("select site_code from reports.sync_status order by 1") == [("central",), ("north",)]
    lose_warehouse(clinics.project.warehouse)
    clinics.sync()
    assert clinics.warehouse("select total_packs from replica.stock_line where id = 's-NDS-1'") == [(3,)]


WITHOUT_SOUTH: dict[str, dict[str, Any]] = {"SDS": {"active_on": "north"}, "NDS": {"collector_on": []}}
"""Where stores are when nothing is at south."""


def remove_south(clinics: Clinics) -> NetworkPlan:
    """The site goes, once its stores have moved."""
    clinics.configure({}, **WITHOUT_SOUTH)
    apply(clinics)
    finish(clinics)
    without_south(clinics, WITHOUT_SOUTH)
    made = apply(clinics)
    assert made is not None
    return made


def without_south(clinics: Clinics, tables: dict[str, dict[str, Any]]) -> None:
    """topology.toml without the site."""
    parts = topology(clinics.urls, {}, tables).split("\n\n")
    text = "\n\n".join(part for part in parts if 'code = "south"' not in part)
    (clinics.folder / "topology.toml").write_text(text, encoding="utf-8")


@pytest.mark.long
def test_b29_who_is_still_writing_keeps_the_store_until_they_have_committed(
    copy_clinics: Callable[[str], Clinics],
) -> None:
    """On PostgreSQL: what they do is in no snapshot yet, and the site does not hand over what it cannot see."""
    clinics = copy_clinics("north")
    clinics.sync()
    clinics.configure({}, NTH={"active_on": "south"})
    apply(clinics)
    with open_site(clinics.urls["north"], clinics.folder) as db, db.transaction(write=True):
        put(db, "stock_line", stock(5, "NTH"))
        clinics.sync()
        assert state(clinics) == ["cut"]
    assert active(clinics, "NTH") == ["north"]
    finish(clinics)
    assert active(clinics, "NTH") == ["south"]
    assert clinics.rows("south", "stock_line", "id", "store_id = 'NTH'") == [("s-NTH-5",)]
    assert clinics.reasons("stock_line") == {}
